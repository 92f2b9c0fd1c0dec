"""Which posts of a large archive are learned from."""

import numpy as np

from ...core.vectors import Rows

LEARNED_FROM = 50_000  # posts at the most; what is learned changes little with more


def draw_posts(n: int, most: int = LEARNED_FROM) -> Rows:
    """Rows of n posts, ascending: all, or `most` that are drawn with a fixed seed."""
    if n <= most:
        return np.arange(n, dtype=np.int64)
    return np.sort(np.random.default_rng(6).choice(n, most, replace=False)).astype(np.int64)
