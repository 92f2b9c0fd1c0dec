"""Numbered migrations of the database. The number 0004 was never used: 0005 follows 0003."""
