"""Photos and captions to vectors."""
