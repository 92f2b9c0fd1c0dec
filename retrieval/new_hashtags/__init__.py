"""New hashtags: phrases of a caption that no post of the archive carries yet."""
