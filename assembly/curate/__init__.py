"""What a person changes by hand: posts, rules on hashtags, feedback, authors to forget."""
