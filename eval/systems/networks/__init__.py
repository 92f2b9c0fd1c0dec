"""Trained networks that the product is held against; see `network.Network`. Importing any of them loads torch."""
