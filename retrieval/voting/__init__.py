"""The vote: neighbours vote for their hashtags, channels are fused, and votes are shown as evidence."""
