"""Why a hashtag got its probability: what the reranker weighed most, in words."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ...core.results import Reason
from ...core.vectors import Vectors

MOST = 3  # reasons for a hashtag

_LEAST = 0.1  # log odds below which something made no difference

# By how the names of features begin, what these features tell.
_WORDS = {
    "lexical_": "posts with similar words",
    "sentence_": "posts with a similar meaning",
    "image_": "posts with similar photos",
    "style_": "posts written in a similar way",
    "vote": "the votes of all similar posts together",
    "ridge": "the regression over the whole archive",
    "mention": "how similar its letters are to the caption",
    "spelling": "how similar its letters are to the caption",
    "company": "how often it occurs with the other candidates",
}


def reasons(
    names: Sequence[str],
    features: Vectors,
    places: NDArray[np.int64],
    log_odds: Callable[[Vectors], NDArray[np.float64]],
) -> list[tuple[Reason, ...]]:
    """What moved the log odds of some candidates most, each against a middling candidate of the same post.

    names: (f,). features: (c, f), of all candidates. places: (s,) of those to explain. log_odds: what a model says of
    (n, f). Occlusion: each group of features is replaced by its median over the candidates.
    """
    asked = features[places]
    now = log_odds(asked)
    middling = np.nanmedian(np.where(np.isnan(features).all(axis=0), 0, features), axis=0)
    moved = {what: now - log_odds(_with(asked, group, middling)) for what, group in _groups(names).items()}
    untold = np.asarray(np.isnan(asked).all(axis=1)).tolist()  # put forward by what the reranker knows nothing of
    return [
        () if nothing else _weightiest({what: float(by[i]) for what, by in moved.items()})
        for i, nothing in enumerate(untold)
    ]


def _groups(names: Sequence[str]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        for beginning, what in _WORDS.items():
            if name.startswith(beginning):
                groups.setdefault(what, []).append(place)
    return groups


def _with(features: Vectors, group: list[int], values: Vectors) -> Vectors:
    changed = features.copy()
    changed[:, group] = values[group]
    return changed


def _weightiest(moved: dict[str, float]) -> tuple[Reason, ...]:
    told = [Reason(what, by) for what, by in moved.items() if abs(by) >= _LEAST]
    return tuple(sorted(told, key=lambda reason: -abs(reason.log_odds))[:MOST])
