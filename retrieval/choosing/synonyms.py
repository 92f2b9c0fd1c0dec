"""Hashtags that may mean the same, for a person to confirm: 고양이 and cat, 홈카페 and 홈카페그램."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ...core.rules import Rules
from ...core.scripts import scripts_of
from .selection import HashtagTable, Meanings

_FEWEST = 5  # posts that carry a hashtag, below which company tells nothing
_DOUBT = 10  # posts: a pair that shares so many counts half its cosine, else those of a single author would lead
_GRAM = 2  # characters
_SPELT_ALIKE = 0.6  # Dice's coefficient of n-grams, lest 카페 and 커피 be put to a person


@dataclass(frozen=True, slots=True)
class AliasCandidate:
    """Two hashtags, as shown, that may mean the same.

    alias: the less used one. target: the more used one. posts: that carry both. cosine: how far the same posts carry
    them, in (0, 1].
    """

    alias: str
    target: str
    posts: int
    cosine: float


def suggest_aliases(table: HashtagTable, rules: Rules, *, least: float = 0.3, most: int = 50) -> list[AliasCandidate]:
    """Pairs that the same posts carry and that differ in script or are spelt alike, best first.

    least: the lowest cosine, above 0. most: pairs returned. Left out are hashtags that are blocked or that fewer than 5
    posts carry, and pairs of one meaning already. Each hashtag gets its best partner of another script only. Keeping
    company is not yet meaning the same (a brand and its product do, too), which is why a person is to confirm.
    """
    meanings = Meanings(table, rules.aliases)
    translated: set[int] = set()
    found: list[AliasCandidate] = []
    for one, other, posts, cosine in zip(*_companions(table, rules, least), strict=True):
        if len(found) == most:
            break
        alias, target = (one, other) if table.uses[one] <= table.uses[other] else (other, one)
        names = table.hashtags[alias], table.hashtags[target]
        foreign = _in_other_scripts(*names)
        if meanings.of(names[0]) == meanings.of(names[1]) or not (foreign or _spelt_alike(*names)):
            continue
        if foreign:
            if {alias, target} & translated:
                continue
            translated |= {alias, target}
        found.append(AliasCandidate(table.shown[alias], table.shown[target], int(posts), float(cosine)))
    return found


def _companions(table: HashtagTable, rules: Rules, least: float) -> tuple[list[int], list[int], list[int], list[float]]:
    """Pairs of columns, the posts that carry both and the cosine of both, best first."""
    free = np.array([rules.why_blocked(hashtag) is None for hashtag in table.hashtags], dtype=bool)
    columns = np.flatnonzero(free & (table.uses >= _FEWEST))
    carriers = table.by_hashtag[:, columns]
    together = sparse.coo_matrix(sparse.triu(carriers.T @ carriers, k=1))
    one, other, posts = columns[together.row], columns[together.col], together.data
    cosines = posts / np.sqrt(table.uses[one].astype(np.float64) * table.uses[other])
    order = np.argsort(-cosines * posts / (posts + _DOUBT), kind="stable")
    order = order[cosines[order] >= least]
    return one[order].tolist(), other[order].tolist(), posts[order].tolist(), cosines[order].tolist()


def _in_other_scripts(one: str, other: str) -> bool:
    scripts, others = scripts_of(one), scripts_of(other)
    return bool(scripts and others) and not scripts & others


def _spelt_alike(one: str, other: str) -> bool:
    grams, theirs = _grams(one), _grams(other)
    return 2 * len(grams & theirs) >= _SPELT_ALIKE * (len(grams) + len(theirs))


def _grams(hashtag: str) -> set[str]:
    return {hashtag[i : i + _GRAM] for i in range(max(1, len(hashtag) - _GRAM + 1))}
