"""Finds hashtags that may mean the same, for a person to confirm: 카페 and cafe, 고양이 and cat.

Hashtags on the same posts need not mean the same: some accounts put the same block of hashtags under all posts. So a
pair needs one of three signs:

sound: in two scripts they sound alike, and they appear with the same hashtags or with each other.
company: in two scripts each is the one that the other appears with most, on posts whose other hashtags differ.
spelling: in one script they differ in one vowel and appear with the same hashtags or with each other; or they differ
only in `_`, as canonae1 and canon_ae1.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import combinations
from typing import Literal

import numpy as np
from scipy import sparse

from ...core.rules import Rules
from ...core.vectors import Rows
from ...core.writing_systems import scripts_of
from .cooccurrence import Cooccurrence
from .pronunciation import consonants_of, differ_in_a_vowel, letters_of, sound_likeness, sound_of
from .selector import HashtagTable, Meanings

Sign = Literal["sound", "company", "spelling"]

_FEWEST = 5  # posts; hashtags on fewer are left out
_DOUBT = 10  # posts of the rarer hashtag at which a score is halved
_TRUST: dict[Sign, float] = {"sound": 1.0, "company": 0.8, "spelling": 0.5}  # factors on scores
# The least likeness. Of random pairs of three archives, 9 in 10 have at most .09, .09 and .24.
_LEAST: dict[Sign, float] = {"sound": 0.2, "company": 0.3, "spelling": 0.3}
_SOUND_ALIKE = 0.8
_VARIETY = 3.0  # least variety; below, the pair is taken for part of a block of hashtags
_INSIDE = 0.9  # fraction of the rarer one's posts; from here on it is a special case of one twice as common
_LONG = 4  # least consonants, as many shorter words differ in one vowel: 후식 (dessert), 휴식 (rest)
_CROWD = 300  # hashtags with the same consonants; larger groups are left out
_OVERLAP = 0.5  # fraction of the shorter one; above, the two are taken for special cases, not synonyms


@dataclass(frozen=True, slots=True)
class AliasCandidate:
    """Two hashtags, as shown, that may mean the same.

    alias: the less used one, unless the other is an alias already. target: the other one. alias_posts, target_posts:
    numbers of posts that carry each. posts: that carry both. authors: known authors of those; None if none is known.
    sign: why they may mean the same. likeness: of the hashtags that they appear with, in [0, 1].
    """

    alias: str
    target: str
    alias_posts: int
    target_posts: int
    posts: int
    authors: int | None
    sign: Sign
    likeness: float


@dataclass(frozen=True, slots=True)
class Written:
    """A hashtag's writing. text: without `_`. letters, sound: see `pronunciation`; empty if unknown."""

    text: str
    scripts: frozenset[str]
    letters: str
    sound: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two hashtags by number. alike: the similarity of sound or spelling, in [0, 1]. score: to sort by."""

    one: int
    other: int
    sign: Sign
    alike: float
    score: float


def suggest_aliases(table: HashtagTable, author_of: Rows, rules: Rules) -> list[AliasCandidate]:
    """Pairs that may mean the same, best first.

    author_of: (posts,) a number for each author, -1 if unknown. Blocked hashtags, hashtags on fewer than 5 posts, and
    pairs that mean the same already are left out. Deterministic.
    """
    free = np.array([rules.why_blocked(hashtag) is None for hashtag in table.hashtags], dtype=bool)
    columns = np.flatnonzero(free & (table.uses >= _FEWEST)).tolist()
    company = Cooccurrence(sparse.csr_matrix(table.by_hashtag[:, columns]), author_of)
    hashtags, shown = ([names[column] for column in columns] for names in (table.hashtags, table.shown))
    written = [describe(hashtag) for hashtag in hashtags]
    alike = _link(find_alike(written, company), written)
    taken = {number for pair in alike if pair.sign == "sound" for number in (pair.one, pair.other)}
    pairs = [*alike, *_pair_by_company(written, company, taken)]
    meanings = Meanings(table, rules).of(hashtags)
    found: list[AliasCandidate] = []
    for pair in sorted(pairs, key=lambda pair: -pair.score):
        # A hashtag has one rule, so an alias must not become an alias of another hashtag.
        ruled = {number: hashtags[number] in rules.aliases for number in (pair.one, pair.other)}
        alias, target = sorted(ruled, key=lambda number: (ruled[number], company.uses[number]))
        if not ruled[alias] and meanings[alias] != meanings[target]:
            found.append(_make_candidate(alias, target, pair.sign, shown, company))
    return found


def describe(hashtag: str) -> Written:
    """The writing of a hashtag (normalised)."""
    letters = letters_of(hashtag)
    return Written(hashtag.replace("_", ""), scripts_of(hashtag), letters, sound_of(letters))


def find_alike(written: Sequence[Written], company: Cooccurrence) -> Iterator[Pair]:
    """Yield pairs that sound or are spelt alike, and that appear with the same hashtags or with each other."""
    ones, others = _pair_by_consonants(written)
    rarer = np.minimum(company.uses[ones], company.uses[others])
    shared, weights = (
        np.maximum(company.likeness(ones, others), company.closeness(ones, others)),
        rarer / (rarer + _DOUBT),
    )
    for one, other, likeness, weight in zip(*(kept.tolist() for kept in (ones, others, shared, weights)), strict=True):
        if written[one].text == written[other].text:  # needs no further sign
            yield Pair(one, other, "spelling", 1.0, weight)
        elif likeness >= min(_LEAST.values()):
            sign, alike = _find_sign(written[one], written[other])
            if sign and likeness >= _LEAST[sign]:
                yield Pair(one, other, sign, alike, _TRUST[sign] * alike * likeness * weight)


def _pair_by_consonants(written: Sequence[Written]) -> tuple[Rows, Rows]:
    """(p,) each: pairs whose consonants agree but for one left out or changed, and pairs with the same text."""
    sharing: dict[str, list[int]] = defaultdict(list)
    for number, hashtag in enumerate(written):
        consonants = consonants_of(hashtag.sound)
        keys = {consonants, *(consonants[:i] + consonants[i + 1 :] for i in range(len(consonants)))}
        for key in {key for key in keys if len(key) > 1} | {f"={hashtag.text}"}:
            sharing[key].append(number)
    pairs = {pair for numbers in sharing.values() if len(numbers) <= _CROWD for pair in combinations(numbers, 2)}
    ordered = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
    return ordered[:, 0], ordered[:, 1]


def _find_sign(one: Written, other: Written) -> tuple[Sign | None, float]:
    """The sign by which the writing of two is alike, if any, and the similarity, in [0, 1]."""
    if one.scripts and other.scripts and one.scripts != other.scripts:
        alike = sound_likeness(one.sound, other.sound)
        return ("sound" if alike >= _SOUND_ALIKE else None), alike
    long = len(consonants_of(one.letters)) >= _LONG
    return ("spelling" if long and differ_in_a_vowel(one.letters, other.letters) else None), 1.0


def _link(pairs: Iterator[Pair], written: Sequence[Written]) -> list[Pair]:
    """Keep all pairs that are spelt alike, and of those that sound alike the best one for each hashtag and script.

    Competitive linking (Melamed, Models of Translational Equivalence among Words, 2000). Without it,
    카페스타그램 and 커피스타그램 would both be linked to cafestagram.
    """
    kept: list[Pair] = []
    linked: set[tuple[int, frozenset[str]]] = set()
    for pair in sorted(pairs, key=lambda pair: (-round(pair.alike, 2), -pair.score)):
        links = {(pair.one, written[pair.other].scripts), (pair.other, written[pair.one].scripts)}
        if pair.sign == "sound":
            if links & linked:
                continue
            linked |= links
        kept.append(pair)
    return kept


def _pair_by_company(written: Sequence[Written], company: Cooccurrence, taken: Collection[int]) -> Iterator[Pair]:
    """Yield pairs in two scripts of which each appears with the other most, on posts whose other hashtags differ.

    taken: hashtags that have a partner already. Pairs used by a single author are left out, if authors are known.
    """
    for one, other in _find_nearest(written, company):
        scripts, theirs = written[one].scripts, written[other].scripts
        if one in taken or other in taken or not (scripts and theirs) or scripts & theirs:
            continue
        posts, likeness = company.posts_with(one, other), _compare_company(one, other, company)
        rarer, commoner = sorted((company.uses[one], company.uses[other]))
        special = len(posts) >= _INSIDE * rarer and commoner >= 2 * rarer
        if special or likeness < _LEAST["company"] or company.authors_of(posts) == 1:
            continue
        if company.variety(one, other) >= _VARIETY:
            yield Pair(one, other, "company", 1.0, _TRUST["company"] * likeness * len(posts) / (len(posts) + _DOUBT))


def _find_nearest(written: Sequence[Written], company: Cooccurrence) -> list[tuple[int, int]]:
    """Pairs of which each appears with the other most, closest first.

    Hashtags that contain much of each other are skipped: 일본여행 appears with 일본, but is a special case of it.
    """
    ones, others = company.pairs(_FEWEST)
    closest = np.argsort(-company.closeness(ones, others), kind="stable")
    met: set[int] = set()
    found: list[tuple[int, int]] = []
    for one, other in zip(ones[closest].tolist(), others[closest].tolist(), strict=True):
        if {one, other} <= met or _overlap(written[one], written[other]):
            continue
        if not {one, other} & met:
            found.append((one, other))
        met |= {one, other}
    return found


def _overlap(one: Written, other: Written) -> bool:
    """Whether two share a substring longer than half of the shorter one, in text or in sound."""
    for mine, theirs in ((one.text, other.text), (one.sound, other.sound)):
        common = SequenceMatcher(None, mine, theirs, autojunk=False).find_longest_match().size
        if common > _OVERLAP * min(len(mine), len(theirs)):
            return True
    return False


def _make_candidate(alias: int, target: int, sign: Sign, shown: Sequence[str], company: Cooccurrence) -> AliasCandidate:
    posts = company.posts_with(alias, target)
    return AliasCandidate(
        shown[alias],
        shown[target],
        int(company.uses[alias]),
        int(company.uses[target]),
        len(posts),
        company.authors_of(posts),
        sign,
        round(_compare_company(alias, target, company), 3),
    )


def _compare_company(one: int, other: int, company: Cooccurrence) -> float:
    return float(company.likeness(np.array([one]), np.array([other]))[0])
