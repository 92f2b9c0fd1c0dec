"""Evaluation: retrieval and what it is compared with, on the same posts."""
