"""Learns which hashtags of an archive mean the same in two languages or spellings, so that answers merge them.

What `synonyms.py` suggests waits for a person; nobody looks at these before they count, so they need two signs that do
not depend on each other. Either the writing or the name says what a hashtag means, and its company says that both are
used alike:

sound: in two scripts they sound alike: 데일리, daily.
meaning: in two scripts the multilingual encoder finds each one's name nearest to the other's: 일상, daily.
spelling: they differ only in `_`: canonae1, canon_ae1.

Company alone is no sign: in many archives #food keeps company with #맛집 (restaurant) as #cafe does with #카페. Two
names in one script are taken for siblings (#에스프레소, #라떼), but for a loanword and a native word for one English
hashtag.
"""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Literal

import numpy as np
from scipy import sparse

from ...core.advice import REBUILD
from ...core.errors import SnapshotError
from ...core.rules import Rules
from ...core.string_table import Table
from ...core.vectors import Rows, Vectors, highest, unit_rows
from ...core.writing_systems import scripts_of
from ..reranking.hashtag_names import NameVectors
from ..search.sampling import draw_posts
from ..voting.votes import count_uses
from .cooccurrence import Cooccurrence
from .pronunciation import consonants_of, letters_of, sound_likeness, sound_of
from .selector import HashtagTable, Meanings
from .synonyms import Pair, Written, describe, find_alike

LinkSign = Literal["sound", "meaning", "spelling"]

LINKS = "same_meaning.json"  # file

_FEWEST = 3  # posts; hashtags on fewer are left out, as their company is chance
_MOST = 10_000  # hashtags, the most used ones
_AT_ONCE = 512  # names in one step
_SURE = 1.1  # least sum of the likeness of names and of company
_LEAST_NAMES, _LEAST_COMPANY = 0.5, 0.15  # of each of the two
_AS_NEAR = 0.05  # less than the most similar name
_FEWEST_OF_A_PART = 5  # posts of a hashtag that is taken for a word
_FAR = 30  # times as many posts, from where one is no counterpart of the other
_INSIDE, _COMMONER = 0.9, 1.25  # see `_drop_special_cases`
_SHARED = 0.5  # likeness of sounds, from where two names in one script share a word: 초콜릿, 초코라떼
_ENGLISH = frozenset(["LATIN"])
_JAPANESE = frozenset(["CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"])
_LATIN = re.compile("[a-z]+")


@dataclass(frozen=True, slots=True)
class Link:
    """Two hashtags (normalised) that mean the same, and the sign of it."""

    one: str
    other: str
    sign: LinkSign


def learn_same_meaning(
    hashtags: Table, labels: sparse.csr_matrix, author_of: Rows, names: NameVectors | None
) -> tuple[Link, ...]:
    """The links between hashtags that mean the same. Deterministic.

    hashtags: (m,) normalised. labels: sparse (posts, m). author_of: (posts,) numbers, -1 if unknown. names: by the
    multilingual encoder; None if there is none, and then none are linked by meaning. Of a large archive, a sample of
    the posts and the 10,000 most used hashtags are looked at.
    """
    posts = draw_posts(labels.shape[0])
    uses = count_uses(labels[posts])
    columns = np.sort(highest(uses, _MOST))
    columns = columns[uses[columns] >= _FEWEST]
    if not len(columns):
        return ()
    company = Cooccurrence(sparse.csr_matrix(labels[posts][:, columns]), author_of[posts])
    written = [describe(hashtags[column]) for column in columns.tolist()]
    near = None if names is None else names.take(columns)
    alike = list(find_alike(written, company))
    spelt = [(pair.one, pair.other) for pair in alike if written[pair.one].text == written[pair.other].text]
    heard = list(_link_by_sound(alike, written, company, near))
    meant = [] if near is None else _link_by_name(near, written, company)
    meant = _drop_special_cases(meant, [*heard, *meant], written, company)
    by_sign: dict[LinkSign, list[tuple[int, int]]] = {"spelling": spelt, "sound": heard, "meaning": meant}
    found = [(one, other, sign) for sign, pairs in by_sign.items() for one, other in pairs]
    return tuple(Link(hashtags[int(columns[one])], hashtags[int(columns[other])], sign) for one, other, sign in found)


def _link_by_sound(
    alike: Iterable[Pair], written: Sequence[Written], company: Cooccurrence, names: Vectors | None
) -> Iterator[tuple[int, int]]:
    """Yield pairs that sound alike, each the other's best one in its script by sound, company and name together.

    By sound alone, 포토그래퍼 is nearer to photography than to photographer.
    """
    heard = [pair for pair in alike if pair.sign == "sound" and _fit_in_detail(written[pair.one], written[pair.other])]
    ones = np.array([pair.one for pair in heard], dtype=np.int64)
    others = np.array([pair.other for pair in heard], dtype=np.int64)
    scores = np.array([pair.alike for pair in heard]) + company.likeness(ones, others)
    if names is not None:
        scores += (names[ones] * names[others]).sum(axis=1)
    best: dict[tuple[int, frozenset[str]], int] = {}
    for i in np.argsort(-scores, kind="stable").tolist():
        for mine, theirs in ((heard[i].one, heard[i].other), (heard[i].other, heard[i].one)):
            best.setdefault((mine, written[theirs].scripts), i)
    for i, pair in enumerate(heard):
        if best[pair.one, written[pair.other].scripts] == i == best[pair.other, written[pair.one].scripts]:
            yield pair.one, pair.other


def _fit_in_detail(one: Written, other: Written) -> bool:
    """Whether two that sound alike begin alike, and Latin letters in one that has others as well are in the other.

    맛스타그램 is not eatstagram; 미놀타하이메틱sd is not minoltahimaticafd.
    """
    begin = [not consonants_of(hashtag.sound[:1]) for hashtag in (one, other)]
    if begin[0] != begin[1]:
        return False
    for mixed, against in ((one, other), (other, one)):
        if len(mixed.scripts) > 1 and "LATIN" in against.scripts:
            if not all(letters in against.text for letters in _LATIN.findall(mixed.text)):
                return False
    return True


def _compose(names: Vectors, written: Sequence[Written], uses: Rows) -> Vectors:
    """The vectors of compounds, by their parts: filmphotography is film and photography. Rows of zeros for others.

    Encoders know words, and many hashtags are several words in one. A compound is the sum of its parts (Mitchell and
    Lapata, Composition in Distributional Models of Semantics, 2010), which are hashtags themselves.
    """
    numbers = {hashtag.text: number for number, hashtag in enumerate(written) if uses[number] >= _FEWEST_OF_A_PART}
    composed = np.zeros_like(names)
    for number, hashtag in enumerate(written):
        if parts := _split(hashtag.text, numbers):
            composed[number] = names[[numbers[part] for part in parts]].sum(axis=0)
    return unit_rows(composed)


def _split(text: str, parts: Collection[str]) -> list[str]:
    """The fewest of some parts that make up a text, other than itself; none if they do not."""
    best: dict[int, list[str]] = {0: []}
    for end in range(2, len(text) + 1):
        for start in [start for start in best if start < end]:
            part = text[start:end]
            if part != text and len(part) >= (3 if part.isascii() else 2) and part in parts:
                best[end] = min(best.get(end, [*text]), [*best[start], part], key=len)
    return best.get(len(text), [])


def _link_by_name(names: Vectors, written: Sequence[Written], company: Cooccurrence) -> list[tuple[int, int]]:
    """Pairs in two scripts, each the other's nearest name in its script, that keep the same company."""
    families: dict[frozenset[str], list[int]] = defaultdict(list)
    for number, hashtag in enumerate(written):
        if hashtag.scripts:
            families[_family(hashtag.scripts)].append(number)
    members = {family: np.array(numbers, dtype=np.int64) for family, numbers in families.items()}
    composed = _compose(names, written, company.uses)
    mutual: list[tuple[int, int, float]] = []
    for mine, theirs in combinations(members, 2):
        if not mine & theirs:
            there = _nearest(names, composed, company.uses, members[mine], members[theirs])
            back = _nearest(names, composed, company.uses, members[theirs], members[mine])
            mutual += [(one, other, near) for one, (other, near) in there.items() if back[other][0] == one]
    ones, others = (np.array([pair[i] for pair in mutual], dtype=np.int64) for i in (0, 1))
    near, shared = np.array([pair[2] for pair in mutual]), company.likeness(ones, others)
    sure = (near + shared >= _SURE) & (near >= _LEAST_NAMES) & (shared >= _LEAST_COMPANY)
    return list(zip(ones[sure].tolist(), others[sure].tolist(), strict=True))


def _family(scripts: frozenset[str]) -> frozenset[str]:
    """The scripts of a language: kana and Han are mixed."""
    return scripts | _JAPANESE if scripts & _JAPANESE else scripts


def _nearest(names: Vectors, composed: Vectors, uses: Rows, ones: Rows, others: Rows) -> dict[int, tuple[int, float]]:
    """For each of some hashtags the one among others whose name is most similar, and the cosine.

    composed: see `_compose`; two compounds are compared by their parts. Of some that are about as similar, it is the
    most used one. One that is far more used than the hashtag, or less, is passed over: of 사진 (photo) on 600 posts,
    the counterpart is not foto on 4.
    """
    found: dict[int, tuple[int, float]] = {}
    for start in range(0, len(ones), _AT_ONCE):
        own = ones[start : start + _AT_ONCE]
        by_parts = composed[own] @ composed[others].T
        similarities = np.where(by_parts != 0, by_parts, names[own] @ names[others].T)
        ratio = uses[own][:, None] / uses[others][None, :]
        similarities[np.maximum(ratio, 1 / ratio) > _FAR] = -1.0
        near = similarities >= similarities.max(axis=1, keepdims=True) - _AS_NEAR
        best = np.where(near, uses[others], 0).argmax(axis=1)
        likeness = similarities[np.arange(len(own)), best]
        found |= dict(zip(own.tolist(), zip(others[best].tolist(), likeness.tolist(), strict=True), strict=True))
    return found


def _drop_special_cases(
    pairs: Sequence[tuple[int, int]],
    known: Sequence[tuple[int, int]],
    written: Sequence[Written],
    company: Cooccurrence,
) -> list[tuple[int, int]]:
    """The pairs without those of which one is a special case of the other: 태국여행 (a trip to Thailand), thailand.

    Nearly all its posts carry the other, which is more used; or it has a part that means something, and this is not in
    the other: 여행 is travel. known: pairs that mean the same.
    """
    partners: dict[int, list[str]] = defaultdict(list)
    for one, other in known:
        partners[one].append(written[other].text)
        partners[other].append(written[one].text)

    def lacks_a_part(whole: int, other: int) -> bool:
        return any(
            len(written[part].text) > 1
            and written[part].text in written[whole].text
            and part != whole
            and not any(partner in written[other].text for partner in its)
            for part, its in partners.items()
        )

    def is_special(one: int, other: int) -> bool:
        rarer, commoner = sorted((int(company.uses[one]), int(company.uses[other])))
        within = len(company.posts_with(one, other)) >= _INSIDE * rarer and commoner >= _COMMONER * rarer
        return within or lacks_a_part(one, other) or lacks_a_part(other, one)

    return [pair for pair in pairs if not is_special(*pair)]


def merge(links: Iterable[Link], rules: Rules, table: HashtagTable) -> Rules:
    """The rules with hashtags merged that links give one meaning; those that are `apart` are left out.

    Groups are joined only if all pairs of the two agree (complete linkage), so that no chain leads from one meaning to
    another: if they are linked, or a third is linked to one by sound and to the other by meaning. Two in one script
    agree only as loanword and native word for an English third (데일리, 일상, daily).
    """
    known = [link for link in links if not {link.one, link.other} & rules.apart]
    name_of = Meanings(table, rules).of  # links hold between what plurals and aliases stand for
    tags = [tag for link in known for tag in (link.one, link.other)]
    end_of = dict(zip(tags, name_of(tags), strict=True))
    for link in known:
        if link.sign == "spelling":
            kept, gone = end_of[link.one], end_of[link.other]
            end_of = {tag: kept if end == gone else end for tag, end in end_of.items()}
    signs: dict[str, dict[str, set[LinkSign]]] = defaultdict(lambda: defaultdict(set))
    for link in known:
        one, other = end_of[link.one], end_of[link.other]
        if one != other:
            signs[one][other].add(link.sign)
            signs[other][one].add(link.sign)
    group_of = {name: [name] for name in end_of.values()}
    for link in known:
        ours, theirs = group_of[end_of[link.one]], group_of[end_of[link.other]]
        if ours is not theirs and all(_agree(one, other, signs) for one in ours for other in theirs):
            group_of |= dict.fromkeys(both := [*ours, *theirs], both)
    ends = {name: group_of[end_of[tag]][0] for name, tag in zip(name_of(tags), tags, strict=True)}
    return replace(rules, merged={name: end for name, end in ends.items() if name != end})


def _agree(one: str, other: str, signs: Mapping[str, Mapping[str, Collection[LinkSign]]]) -> bool:
    """Whether two may stand in one group. signs: of the links, by the hashtags at both ends."""
    mine, theirs = signs[one], signs[other]
    if other in mine:
        return True
    siblings = bool(scripts_of(one) & scripts_of(other))
    if siblings and sound_likeness(*(sound_of(letters_of(hashtag)) for hashtag in (one, other))) >= _SHARED:
        return False
    return any(
        {*mine[third], *theirs[third]} == {"sound", "meaning"} and not (siblings and scripts_of(third) != _ENGLISH)
        for third in mine.keys() & theirs.keys()
    )


def write_links(links: Iterable[Link], folder: Path) -> None:
    """Write into the folder of a snapshot."""
    pairs = [[link.one, link.other, link.sign] for link in links]
    (folder / LINKS).write_text(json.dumps(pairs, indent=1, ensure_ascii=False), encoding="utf-8")


def read_links(folder: Path) -> tuple[Link, ...]:
    """What a snapshot keeps; none if it was built before there were any. Raises SnapshotError."""
    if not (folder / LINKS).exists():
        return ()
    try:
        entries = json.loads((folder / LINKS).read_bytes())
        return tuple(Link(str(one), str(other), sign) for one, other, sign in entries)
    except (OSError, ValueError, TypeError) as error:
        raise SnapshotError(f"{folder / LINKS} cannot be read: {error}", REBUILD) from error
