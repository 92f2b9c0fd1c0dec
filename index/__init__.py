"""Vector indexes, and the snapshots in which they are published."""
