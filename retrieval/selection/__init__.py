"""Selects the hashtags of an answer among the candidates: blocks, merges equal meanings, limits the number."""
