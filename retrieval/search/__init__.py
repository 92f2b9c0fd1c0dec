"""Search: the posts nearest to a query, channel by channel, of near-duplicates only the nearest."""
