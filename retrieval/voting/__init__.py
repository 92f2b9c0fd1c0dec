"""The vote: neighbours vote for their hashtags, channels are fused, and each vote can be shown as evidence."""
