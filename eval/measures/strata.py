"""Kinds of posts, and kinds of hashtags, to be judged apart."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np

from ...core.post import Post, normalise_hashtag
from ...core.tiers import TIERS, Tier
from ...core.writing_systems import SCRIPTS, scripts_of
from .metrics import Counts, Judged, judge

_KANA = SCRIPTS["ja"] - SCRIPTS["zh"]

# From how many of the first suggestions to the counts of a stratum.
CountsAt = Callable[[int], Counts]


def caption_script(caption: str) -> str:
    """The script of most letters, as Unicode names it: `latin`, `hangul`, `cjk`; `none` where there is no letter.

    Kana and the Chinese characters beside them together are `japanese`.
    """
    letters = Counter(script for letter in unicodedata.normalize("NFKC", caption) for script in scripts_of(letter))
    if letters.keys() & _KANA:
        letters["JAPANESE"] = sum(letters.pop(script) for script in SCRIPTS["ja"] & letters.keys())
    return max(letters, key=lambda script: (letters[script], script)).lower() if letters else "none"


def modality(post: Post) -> str:
    """What a post has: `image`, `text`, `both`, or `none`."""
    if post.caption.strip():
        return "both" if post.photos else "text"
    return "image" if post.photos else "none"


def by_post(judged: Judged, kinds: Sequence[str]) -> dict[str, CountsAt]:
    """Strata of posts, by name. kinds: (n,) of which kind each post is. Precision's divisor is k."""
    named = np.asarray(kinds)

    def of(kind: str) -> CountsAt:
        return lambda k: judged.counts(k)[named == kind]

    return {kind: of(kind) for kind in sorted(set(kinds))}


def by_tier(
    suggested: Sequence[Sequence[str]], truth: Sequence[Collection[str]], tiers: Mapping[str, Tier]
) -> dict[str, CountsAt]:
    """Strata of hashtags: only those of a tier count, among the suggestions and among those due.

    tiers: of each training hashtag. `unseen` are all others. Among k suggestions some are of a tier, and their number
    is precision's divisor.
    """

    def of(tier: str) -> CountsAt:
        return judge(suggested, truth, lambda hashtag: tiers.get(hashtag, "unseen") == tier).counts_as_suggested

    return {tier: of(tier) for tier in (*TIERS, "unseen")}


def by_spam(
    suggested: Sequence[Sequence[str]], truth: Sequence[Collection[str]], spam: Collection[str]
) -> dict[str, CountsAt]:
    """All hashtags (`in`), and all but spam (`out`): then the suggestions after one that is spam move up.

    spam: normalised hashtags. Posts with no hashtags of their own but spam are left out there.
    """
    clean = [[hashtag for hashtag in own if normalise_hashtag(hashtag) not in spam] for own in truth]
    pairs = [
        ([hashtag for hashtag in answer if normalise_hashtag(hashtag) not in spam], own)
        for answer, own in zip(suggested, clean, strict=True)
        if own
    ]
    return {
        "in": judge(suggested, truth).counts,
        "out": judge([answer for answer, _ in pairs], [own for _, own in pairs]).counts,
    }
