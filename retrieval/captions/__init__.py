"""Captions for a new post, out of the captions of its neighbours."""
