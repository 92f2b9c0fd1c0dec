"""The reranker: finds candidates, computes their features and scores them; trained on the archive's own posts."""
