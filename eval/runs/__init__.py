"""One evaluation as it runs: the split, each system fitted and queried, what has run kept on disk."""
