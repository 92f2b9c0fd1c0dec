"""The consensus of captions: which of them says what the others say."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ...core.vectors import Floats, Rows
from ..encoders.hashing import hashed_counts
from ..encoders.ngrams import BUCKETS, NgramEncoder
from ..search.duplicates import LIKE_CAPTIONS

_ENCODER = NgramEncoder()
_WORDS = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Consensus:
    """Captions in the order of their consensus, without near-duplicates of a better one.

    order: int64 (c,) of n captions. scores: float64 (n,) in [0, 1]. leader: int64 (n,), the caption in `order` that
    each is a near-duplicate of, or itself.
    """

    order: Rows
    scores: Floats
    leader: Rows


def find_consensus(captions: Sequence[str], weights: Floats) -> Consensus:
    """Rank n captions by their mean similarity to all of them, each counting as much as its weight.

    After Devlin et al., Exploring Nearest Neighbor Approaches for Image Captioning (arXiv 1505.04467), whose similarity
    is CIDEr. Here it is the mean of two: the cosine of character n-grams with sublinear counts, which takes any
    language, and the Dice coefficient of words (Dice, 1945), by which a caption must not be longer than what it shares.
    Rare n-grams count no more than frequent ones: what is frequent among the neighbours is what is sought.
    weights: (n,), at least 0, not all 0.
    """
    alike, of_words = _similarities(captions)
    scores = np.clip((alike + of_words) @ weights / (2 * weights.sum()), 0, 1)
    leader = np.full(len(captions), -1, dtype=np.int64)
    order = []
    for i in np.lexsort((-weights, -scores)).tolist():
        if leader[i] < 0:
            order.append(i)
            leader[(alike[i] >= LIKE_CAPTIONS) & (leader < 0)] = i
            leader[i] = i
    return Consensus(np.asarray(order, dtype=np.int64), scores, leader)


def _similarities(captions: Sequence[str]) -> tuple[Floats, Floats]:
    """Cosines of character n-grams, and the Dice coefficients of words: (n, n) each."""
    folded = [_ENCODER.prepare(caption) for caption in captions]
    counts = _ENCODER.encode(folded)
    counts.data = 1 + np.log(counts.data)
    lengths = np.sqrt(np.maximum(np.asarray(counts.multiply(counts).sum(axis=1)).ravel(), 1e-12))
    unit = sparse.csr_matrix(sparse.diags(1 / lengths) @ counts)
    cosines = (unit @ unit.T).toarray()
    words = hashed_counts((_WORDS.findall(text) for text in folded), BUCKETS)
    words.data[:] = 1
    sizes = np.asarray(words.sum(axis=1)).ravel()
    dice = 2 * (words @ words.T).toarray() / np.maximum(sizes[:, None] + sizes, 1)
    return np.asarray(cosines, dtype=np.float64), np.asarray(dice, dtype=np.float64)
