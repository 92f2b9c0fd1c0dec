"""What a new snapshot must be before it serves. Each gate is worked out from values, and says what it has seen."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

LEAST_EXACT = 1.0  # recall of an index that looks at every vector


@dataclass(frozen=True, slots=True)
class Gate:
    """What a gate has found. figure: what was measured; threshold: what it is held against. words: both, in a line."""

    name: str
    figure: float
    threshold: float
    passed: bool
    words: str

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class HeldOut:
    """How suggestions did on posts that were held out: micro F1 at five hashtags, and at a number of its own."""

    posts: int
    f1_at_5: float
    f1_at_auto: float


def shrink(before: Mapping[str, int], gone: Mapping[str, int], most: float) -> Gate:
    """No more than a part of the posts that serve may be gone, and of no source all of them.

    before: posts in service, gone: how many of these are no longer there, both by source. most: the part, in [0, 1].
    """
    had, lost = sum(before.values()), sum(gone.values())
    part = lost / had if had else 0.0
    emptied = [source for source, n in before.items() if n and gone.get(source, 0) >= n]
    if emptied:
        words = f"all {before[emptied[0]]:,} posts of {emptied[0]} are gone"
        return Gate("shrink", 1.0, most, False, words)
    words = f"{lost:,} of {had:,} posts in service are gone: {part:.0%}, at most {most:.0%} may be"
    return Gate("shrink", part, most, part <= most, words)


def photos(had: int, lost: int, most: float) -> Gate:
    """No more than a part of the photos that serve may be missing from posts that stay, as if a disk were not mounted.

    had: photos in service of posts that stay. lost: how many of these are gone. most: the part, in [0, 1].
    """
    part = lost / had if had else 0.0
    words = f"{lost:,} of {had:,} photos of remaining posts are gone: {part:.0%}, at most {most:.0%} may be"
    return Gate("photos", part, most, part <= most, words)


def checksums(damaged: Sequence[str], n_files: int) -> Gate:
    """Every file, read back, is what was written. damaged: a sentence for each that is not."""
    words = damaged[0] if damaged else f"{n_files} files are as they were written"
    return Gate("checksums", len(damaged), 0, not damaged, words)


def recall(found: Mapping[str, float], least: Mapping[str, float]) -> Gate:
    """Every channel finds the nearest of its own vectors. found, least: recall at 50 by channel, in [0, 1]."""
    if not found:
        return Gate("recall", 1.0, LEAST_EXACT, True, "no channel has vectors")
    worst = min(found, key=lambda channel: found[channel] - least[channel])
    figure, threshold = found[worst], least[worst]
    words = f"the {worst} channel finds {figure:.2%} of the 50 nearest vectors; at least {100 * threshold:.4g}% needed"
    return Gate("recall", figure, threshold, figure >= threshold, words)


def database(differences: Sequence[str], n_posts: int) -> Gate:
    """The index is of the posts that the database holds. differences: a sentence for each that there is."""
    words = differences[0] if differences else f"the index has the same {n_posts:,} posts as the database"
    return Gate("database", len(differences), 0, not differences, words)


def quality(before: HeldOut | None, after: HeldOut | None, most: float) -> Gate:
    """What was learned anew is no worse than what serves, beyond noise. most: a drop of F1 that is never minded.

    A drop is minded where it is larger than `most` and than twice its standard error, for which the F1 of each of n
    posts is taken to vary as widely as numbers of that mean in [0, 1] can, by F1 (1 - F1) (Bhatia and Davis, A Better
    Bound on the Variance, 2000).
    """
    if before is None or after is None:
        return Gate("quality", 0.0, most, True, "not compared: too few posts to train on")
    drops = []
    for name, was, now in (
        ("5 hashtags", before.f1_at_5, after.f1_at_5),
        ("as many hashtags as are likely", before.f1_at_auto, after.f1_at_auto),
    ):
        noise = sqrt(_error(was, before.posts) + _error(now, after.posts))
        threshold = max(most, 2 * noise)
        words = f"F1 at {name} was {was:.3f} and is {now:.3f}; it may drop by {threshold:.3f} at most"
        drops.append(Gate("quality", was - now, threshold, was - now <= threshold, words))
    return max(drops, key=lambda gate: gate.figure - gate.threshold)


def _error(f1: float, posts: int) -> float:
    return f1 * (1 - f1) / max(1, posts)
