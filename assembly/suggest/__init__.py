"""Suggestions: open what was built, for one post, for many, or for a process that lives long."""
