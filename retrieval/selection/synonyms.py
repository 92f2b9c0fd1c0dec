"""Hashtags that may mean the same, for a person to confirm: 카페 and cafe, 고양이 and cat, canonae1 and canon_ae1.

To stand on the same posts is not yet to mean the same: a block of hashtags that an account puts under all its posts is
always together, too. So a pair needs one of three signs:

sound: in two scripts they sound alike, and they stand beside the same hashtags or each other.
company: in two scripts each is what the other stands with most of all, on posts that differ in the rest.
spelling: in one script they differ in a vowel, and they stand beside the same hashtags or each other; or in `_` alone.
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

_FEWEST = 5  # posts that carry a hashtag, below which its company tells nothing
_DOUBT = 10  # posts: a pair whose rarer hashtag so many carry counts half
_TRUST: dict[Sign, float] = {"sound": 1.0, "company": 0.8, "spelling": 0.5}  # the surer a sign, the earlier its pairs
# The least likeness of company. Of pairs drawn at random from three archives, 9 in 10 have .09, .09 and .24 or less.
_LEAST: dict[Sign, float] = {"sound": 0.2, "company": 0.3, "spelling": 0.3}
_SOUND_ALIKE = 0.8
_VARIETY = 3.0  # posts that differ, below which a block of hashtags is what keeps two together
_INSIDE = 0.9  # of the rarer one's posts, above which it is a special case of one that is twice as common
_LONG = 4  # consonants, below which many words differ in one vowel: 후식 (dessert), 휴식 (rest)
_CROWD = 300  # hashtags of the same consonants, above which these tell nothing
_OVERLAP = 0.5  # of the shorter one, above which one is taken to be a special case of the other, or both of a third


@dataclass(frozen=True, slots=True)
class AliasCandidate:
    """Two hashtags, as shown, that may mean the same.

    alias: the less used one, but for one that is an alias already. target: the other one. alias_posts, target_posts:
    that carry each. posts: that carry both. authors: how many wrote those, as far as is known; None if none is known.
    sign: why they may mean the same. likeness: of the hashtags that they stand beside, in [0, 1].
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
class _Written:
    """How a hashtag is written. text: without `_`. letters, sound: as in `sounds`, empty if unknown."""

    text: str
    scripts: frozenset[str]
    letters: str
    sound: str


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two hashtags by number. alike: how alike they sound or are spelt, in [0, 1]. score: of all evidence."""

    one: int
    other: int
    sign: Sign
    alike: float
    score: float


def suggest_aliases(table: HashtagTable, author_of: Rows, rules: Rules) -> list[AliasCandidate]:
    """Pairs that may mean the same, best first.

    author_of: (posts,) a number for each author, -1 if unknown. Left out are hashtags that are blocked or that fewer
    than 5 posts carry, and pairs of one meaning already. Deterministic.
    """
    free = np.array([rules.why_blocked(hashtag) is None for hashtag in table.hashtags], dtype=bool)
    columns = np.flatnonzero(free & (table.uses >= _FEWEST)).tolist()
    company = Cooccurrence(sparse.csr_matrix(table.by_hashtag[:, columns]), author_of)
    hashtags, shown = ([names[column] for column in columns] for names in (table.hashtags, table.shown))
    written = [_describe(hashtag) for hashtag in hashtags]
    alike = _link(_find_alike(written, company), written)
    taken = {number for pair in alike if pair.sign == "sound" for number in (pair.one, pair.other)}
    pairs = [*alike, *_pair_by_company(written, company, taken)]
    meanings = Meanings(table, rules.aliases)
    found: list[AliasCandidate] = []
    for pair in sorted(pairs, key=lambda pair: -pair.score):
        # A hashtag has one rule: what is an alias already must not become one of something else.
        ruled = {number: hashtags[number] in rules.aliases for number in (pair.one, pair.other)}
        alias, target = sorted(ruled, key=lambda number: (ruled[number], company.uses[number]))
        if not ruled[alias] and meanings.of(hashtags[alias]) != meanings.of(hashtags[target]):
            found.append(_make_candidate(alias, target, pair.sign, shown, company))
    return found


def _describe(hashtag: str) -> _Written:
    letters = letters_of(hashtag)
    return _Written(hashtag.replace("_", ""), scripts_of(hashtag), letters, sound_of(letters))


def _find_alike(written: Sequence[_Written], company: Cooccurrence) -> Iterator[_Pair]:
    """Pairs that sound or are spelt alike, and keep the same company: stand beside the same hashtags, or each other."""
    ones, others = _pair_by_consonants(written)
    rarer = np.minimum(company.uses[ones], company.uses[others])
    shared, weights = (
        np.maximum(company.likeness(ones, others), company.closeness(ones, others)),
        rarer / (rarer + _DOUBT),
    )
    for one, other, likeness, weight in zip(*(kept.tolist() for kept in (ones, others, shared, weights)), strict=True):
        if written[one].text == written[other].text:  # needs no further sign
            yield _Pair(one, other, "spelling", 1.0, weight)
        elif likeness >= min(_LEAST.values()):
            sign, alike = _find_sign(written[one], written[other])
            if sign and likeness >= _LEAST[sign]:
                yield _Pair(one, other, sign, alike, _TRUST[sign] * alike * likeness * weight)


def _pair_by_consonants(written: Sequence[_Written]) -> tuple[Rows, Rows]:
    """(p,) each: pairs of the same consonants but for one left out or changed, and pairs of the same letters."""
    sharing: dict[str, list[int]] = defaultdict(list)
    for number, hashtag in enumerate(written):
        consonants = consonants_of(hashtag.sound)
        keys = {consonants, *(consonants[:i] + consonants[i + 1 :] for i in range(len(consonants)))}
        for key in {key for key in keys if len(key) > 1} | {f"={hashtag.text}"}:
            sharing[key].append(number)
    pairs = {pair for numbers in sharing.values() if len(numbers) <= _CROWD for pair in combinations(numbers, 2)}
    ordered = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
    return ordered[:, 0], ordered[:, 1]


def _find_sign(one: _Written, other: _Written) -> tuple[Sign | None, float]:
    """Why two may mean the same by how they are written, and how alike they are by that, in [0, 1]."""
    if one.scripts and other.scripts and one.scripts != other.scripts:
        alike = sound_likeness(one.sound, other.sound)
        return ("sound" if alike >= _SOUND_ALIKE else None), alike
    long = len(consonants_of(one.letters)) >= _LONG
    return ("spelling" if long and differ_in_a_vowel(one.letters, other.letters) else None), 1.0


def _link(pairs: Iterator[_Pair], written: Sequence[_Written]) -> list[_Pair]:
    """Those spelt alike, and of those that sound alike the best one for each hashtag and script.

    Competitive linking (Melamed, Models of Translational Equivalence among Words, 2000). Without it both 카페스타그램
    and 커피스타그램 would be cafestagram.
    """
    kept: list[_Pair] = []
    linked: set[tuple[int, frozenset[str]]] = set()
    for pair in sorted(pairs, key=lambda pair: (-round(pair.alike, 2), -pair.score)):
        links = {(pair.one, written[pair.other].scripts), (pair.other, written[pair.one].scripts)}
        if pair.sign == "sound":
            if links & linked:
                continue
            linked |= links
        kept.append(pair)
    return kept


def _pair_by_company(written: Sequence[_Written], company: Cooccurrence, taken: Collection[int]) -> Iterator[_Pair]:
    """Pairs in two scripts of which each is what the other stands with most, on posts that differ in the rest.

    taken: hashtags that have a partner already. What only one author says is left out, if authors are known.
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
            yield _Pair(one, other, "company", 1.0, _TRUST["company"] * likeness * len(posts) / (len(posts) + _DOUBT))


def _find_nearest(written: Sequence[_Written], company: Cooccurrence) -> list[tuple[int, int]]:
    """Pairs of which each is what the other stands with most, closest first.

    What holds much of the other is passed over: 일본여행 stands with 일본, but is a special case of it.
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


def _overlap(one: _Written, other: _Written) -> bool:
    """Whether two have more than half of the shorter one in common at a stretch, in text or in sound."""
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
