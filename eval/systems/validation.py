"""What systems choose by the validation posts, and how: all of them alike."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import SettingsError
from ...core.post import Post
from ..measures.vocabulary import own_hashtags

_MOST_COMPARED = 10


def with_hashtags(name: str, posts: Sequence[Post], validation: Sequence[Post]) -> tuple[list[Post], list[Post]]:
    """The training and validation posts that carry hashtags: others teach nothing.

    name: of the system. Raises SettingsError where one of the two is empty.
    """
    training, held_out = ([post for post in part if own_hashtags(post)] for part in (posts, validation))
    if not training or not held_out:
        raise SettingsError(f"{name} needs both training and validation posts that carry hashtags")
    return training, held_out


def n_due(posts: Sequence[Post]) -> int:
    """How many hashtags posts carry in all, those that a system does not know included."""
    return sum(len(own_hashtags(post)) for post in posts)


def compared_at(training: Sequence[Post]) -> int:
    """The k at which candidates are compared: as many hashtags as the mean training post carries, 1 to 10."""
    return max(1, min(round(n_due(training) / len(training)), _MOST_COMPARED))


def best_threshold(scores: NDArray[np.floating[Any]], right: NDArray[np.bool_], due: int) -> float:
    """The score from which suggestions are worth making: that of the best micro F1 on the validation posts.

    scores, right: of all suggestions for them, in one shape, and whether each was right. due: hashtags that the posts
    carry. Equal scores are suggested all or none. Raises ValueError where there is no suggestion.
    """
    order = np.argsort(-scores, axis=None, kind="stable")
    falling, hits = scores.ravel()[order], right.ravel()[order].cumsum()
    f1 = 2 * hits / (np.arange(1, len(hits) + 1) + due)
    f1[:-1][falling[:-1] == falling[1:]] = 0
    return float(falling[f1.argmax()])
