"""Encoders, channels, voting and the recommender."""
