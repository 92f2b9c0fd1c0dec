"""The paths that programs ask: each file holds those of one resource."""
