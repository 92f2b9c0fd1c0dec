"""Splits, systems, metrics, significance, and the report."""
