"""From candidates to the hashtags of an answer: what is blocked, what means the same, how many and which."""
