"""How common a hashtag is among those of its archive."""

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

Tier = Literal["head", "middle", "tail"]

TIERS: tuple[Tier, ...] = get_args(Tier)


def tiers_of(uses: NDArray[np.integer[Any]]) -> NDArray[np.int8]:
    """The tiers of m hashtags, (m,) indices in TIERS. uses: (m,), how often each is used.

    Each tier has about a third of all uses: the head is few hashtags, the tail most. Hashtags with equal use are in one
    tier, by the middle of their common range.
    """
    hashtags = np.bincount(uses, minlength=1)  # by how often they are used
    up_to = np.concatenate([[0], np.cumsum(hashtags * np.arange(len(hashtags)))])
    from_top = 1 - (up_to[:-1] + up_to[1:]) / (2 * max(up_to[-1], 1))
    return np.asarray(np.minimum(3 * from_top, 2)[uses], dtype=np.int8)
