"""Search: the nearest posts of a query in each channel; of near-duplicates only the nearest one."""
