"""A reranker that is learned from an archive's own posts: candidates, their features, and what is made of them."""
