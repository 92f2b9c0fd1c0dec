"""The database of posts, and the readers that fill it."""
