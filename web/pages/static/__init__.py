"""What pages load: styles and JavaScript."""
