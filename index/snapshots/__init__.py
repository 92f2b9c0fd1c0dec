"""The life of a snapshot: built, checked, published, served, rolled back, kept or deleted."""
