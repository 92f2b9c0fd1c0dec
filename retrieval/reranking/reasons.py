"""Explains the reranker: which groups of features changed the probability of a hashtag most, in words."""

from collections.abc import Callable, Sequence
from math import isnan

import numpy as np
from numpy.typing import NDArray

from ...core.results import Reason
from ...core.vectors import Vectors

MOST = 3  # reasons for a hashtag

_LEAST = 0.1  # log odds; a smaller change is not a reason

# Words for groups of features, by the beginning of the features' names.
_WORDS = {
    "lexical_": "posts with similar words",
    "sentence_": "posts with a similar meaning",
    "multilingual_": "posts with a similar meaning in any language",
    "image_": "posts with similar photos",
    "image_to_text_": "posts whose captions fit the photo",
    "text_to_image_": "posts whose photos fit the caption",
    "style_": "posts written in a similar way",
    "vote": "the votes of all similar posts together",
    "ridge": "the regression over the whole archive",
    "sentence_name": "how well its name fits the caption",
    "multilingual_name": "how well its name fits the caption",
    "image_name": "how well its name fits the photo",
    "mention": "how similar its letters are to the caption",
    "spelling": "how similar its letters are to the caption",
    "company": "how often it occurs with the other candidates",
}

MOST_USED = "no similar post carries it: it is one of the archive's most used hashtags"
_NAMED = "no similar post carries it: the caption names it"
_REGRESSED = "no similar post carries it: the regression over the whole archive speaks for it"
_FITTING = "no similar post carries it: its name fits"
_FORECAST = "no similar post carries it: the given hashtags or the author speak for it"


def origin(names: Sequence[str], features: Vectors) -> str:
    """Where a candidate comes from that no similar post carries. names: (f,). features: (f,), of the candidate."""
    values = dict(zip(names, features.tolist(), strict=True))
    if all(map(isnan, values.values())):
        return _FORECAST
    if values.get("mention", 0) > 0:
        return _NAMED
    return _FITTING if isnan(values.get("ridge", 0.0)) else _REGRESSED


def reasons(
    names: Sequence[str],
    features: Vectors,
    chosen: NDArray[np.int64],
    log_odds: Callable[[Vectors], NDArray[np.float64]],
) -> list[tuple[Reason, ...]]:
    """What changed the log odds of some candidates most, compared with a median candidate of the same query.

    names: (f,). features: (c, f), of all candidates. chosen: (s,) indices of those to explain. log_odds: a model from
    features (n, f) to log odds (n,). Occlusion: each group of features is replaced by its median over the candidates.
    """
    explained = features[chosen]
    now = log_odds(explained)
    middling = np.nanmedian(np.where(np.isnan(features).all(axis=0), 0, features), axis=0)
    shifts = {
        what: now - log_odds(_replace_values(explained, group, middling))
        for what, group in _group_features(names).items()
    }
    unknown = np.asarray(np.isnan(explained).all(axis=1)).tolist()  # candidates added by a context prior
    return [
        () if nothing else _take_weightiest({what: float(by[i]) for what, by in shifts.items()})
        for i, nothing in enumerate(unknown)
    ]


def _group_features(names: Sequence[str]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        beginning = max(filter(name.startswith, _WORDS), key=len, default=None)
        if beginning is not None:
            groups.setdefault(_WORDS[beginning], []).append(i)
    return groups


def _replace_values(features: Vectors, group: list[int], values: Vectors) -> Vectors:
    changed = features.copy()
    changed[:, group] = values[group]
    return changed


def _take_weightiest(shifts: dict[str, float]) -> tuple[Reason, ...]:
    listed = [Reason(what, by) for what, by in shifts.items() if abs(by) >= _LEAST]
    return tuple(sorted(listed, key=lambda reason: -abs(reason.log_odds))[:MOST])
