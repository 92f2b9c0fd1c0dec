"""Measures of suggested hashtags against the truth: pure functions."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ..core.post import normalise_hashtag


@dataclass(frozen=True, slots=True)
class Measure:
    """Precision, recall and their harmonic mean, each in [0, 1]."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """van Rijsbergen, Information Retrieval (1979), with beta 1; 0 where both are 0."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def micro(suggested: Sequence[Sequence[str]], truth: Sequence[Collection[str]], k: int | None) -> Measure:
    """From aggregate counts over all posts, of the first k suggestions each, or of all where k is None.

    suggested: by post, best first. truth: by post, its own hashtags. Both are normalised here; what occurs twice
    counts once. The divisor of precision is k for every post, however few were suggested; where k is None, it is what
    was suggested. Hashtags that nothing could have suggested stay in the divisor of recall. Raises ValueError where the
    two differ in length or k is below 1.
    """
    if len(suggested) != len(truth):
        raise ValueError(f"{len(suggested)} lists of suggestions for {len(truth)} posts")
    if k is not None and k < 1:
        raise ValueError(f"k is {k}; it must be at least 1")
    hits = n_suggested = n_true = 0
    for answer, own in zip(suggested, truth, strict=True):
        gold = {normalise_hashtag(tag) for tag in own} - {""}
        found = {normalise_hashtag(tag) for tag in answer[:k]}
        hits += len(gold & found)
        n_suggested += len(found) if k is None else k
        n_true += len(gold)
    return Measure(hits / n_suggested if n_suggested else 0.0, hits / n_true if n_true else 0.0)
