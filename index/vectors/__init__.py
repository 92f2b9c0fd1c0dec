"""Vector indexes: algorithms that find the nearest vectors, and the registry by which they are made and opened."""
