"""Signatures: hashtags that one or two authors alone use, such as the name of a shop. Nobody else wants them.

Where authors are known, this is counted. Where none is, it is guessed from near-copies: an author puts the same
hashtags under every post, so that any two posts with a signature share some that are rare elsewhere.
"""

import json
from collections.abc import Collection, Iterable
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from ...core.advice import REBUILD
from ...core.errors import SnapshotError
from ...core.string_table import StringTable, Table
from ...core.vectors import Floats, Rows
from ..reranking.mentions import HashtagFinder
from ..voting.votes import count_uses

MOST_AUTHORS = 2  # of a signature
SIGNATURES = "signatures.json"  # file

_FEWEST_AUTHORS = 10  # of an archive; with fewer, most hashtags have few authors
_OWN = 0.5  # fraction of all posts, from where an author is taken for the archive's owner, who is no stranger
_NOBODY = frozenset[int]()

# Of guesses. All are in `benchmarks/README.md`.
_FEWEST = 5  # posts; on fewer, copies are chance
_COMMON = 0.05  # fraction of all posts, above which a hashtag is everybody's
_COMPARED = 10  # posts of a hashtag, each with each
_ALIKE = 0.1  # least likeness of the hashtags of two posts, from where they are near-copies
_MOST_PAIRS = 0.9  # least fraction of pairs that are near-copies
_AT_ONCE = 2_000  # hashtags in one step


class Signatures:
    """Which hashtags of an archive are signatures, and whose. Several threads may ask at once."""

    def __init__(
        self, hashtags: Table, by_hashtag: sparse.csc_matrix, author_of: Rows, guessed: Collection[str] = ()
    ) -> None:
        """hashtags: (m,) normalised. by_hashtag: sparse (posts, m). author_of: (posts,) numbers, -1 if unknown.

        guessed: see `guess_signatures`; they count only in an archive of fewer than 10 known authors.
        """
        self._hashtags = hashtags
        self._by_hashtag = by_hashtag
        self._author_of = author_of
        posts = np.bincount(author_of[author_of >= 0])
        self._several = np.count_nonzero(posts) >= _FEWEST_AUTHORS
        self._owners = frozenset(np.flatnonzero(posts >= _OWN * len(author_of)).tolist())
        self._found: dict[int, frozenset[int]] = {}
        self._guessed = frozenset(hashtags.find(list(guessed)).tolist())

    def of_strangers(self, columns: Rows, caption: str, author: int | None) -> frozenset[int]:
        """Those of some hashtags that are signatures of others and that the caption does not name.

        author: who posts; None if unknown. In an archive of fewer than 10 known authors, these are the guessed ones.
        """
        known = columns[columns < len(self._hashtags)].tolist()
        strange = [column for column in known if self._is_strange(column, author)]
        if not strange:
            return frozenset()
        named = HashtagFinder(StringTable.of([self._hashtags[column] for column in strange])).find(caption)
        return frozenset(column for i, column in enumerate(strange) if i not in named)

    def _is_strange(self, column: int, author: int | None) -> bool:
        if not self._several:
            return column in self._guessed
        whose = self._holders(column)
        return bool(whose) and author not in whose

    def _holders(self, column: int) -> frozenset[int]:
        """The authors of a signature; nobody if it is none, or if an author of its posts is not known."""
        if column not in self._found:
            start, end = self._by_hashtag.indptr[column : column + 2]
            authors = np.unique(self._author_of[self._by_hashtag.indices[start:end]])
            whose = frozenset(authors.tolist())
            known = 0 < len(whose) <= MOST_AUTHORS and -1 not in whose
            self._found[column] = whose if known and not whose & self._owners else _NOBODY
        return self._found[column]


def guess_signatures(hashtags: Table, labels: sparse.csr_matrix, author_of: Rows) -> tuple[str, ...]:
    """The signatures of an archive of which no author is known. Deterministic.

    hashtags: (m,) normalised. labels: sparse (posts, m). author_of: (posts,) numbers, -1 if unknown.

    There are none if the archive may be that of one owner: if a hashtag stands on half of the posts, or if its
    signatures are not of 10 groups or more that no post joins, so that there are as many authors.
    """
    uses, n = count_uses(labels), labels.shape[0]
    if not n or (author_of >= 0).any() or uses.max(initial=0) >= _OWN * n:
        return ()
    columns = np.flatnonzero((uses >= _FEWEST) & (uses <= _COMMON * n))
    carriers, rarity = sparse.csc_matrix(labels), np.log(n / np.maximum(uses, 1))
    found: list[int] = []
    for start in range(0, len(columns), _AT_ONCE):
        found += _find_under_copies(columns[start : start + _AT_ONCE], carriers, labels, rarity).tolist()
    if len(found) < _FEWEST_AUTHORS:
        return ()
    under = carriers[:, found]
    authors, _ = connected_components(under.T @ under, directed=False)
    return tuple(hashtags[column] for column in found) if authors >= _FEWEST_AUTHORS else ()


def _find_under_copies(columns: Rows, carriers: sparse.csc_matrix, labels: sparse.csr_matrix, rarity: Floats) -> Rows:
    """Those of some hashtags under whose posts nearly the same other hashtags stand. rarity: (m,).

    Two posts are as like as the part of their other hashtags that they share, each weighed by its rarity (Jaccard).
    """
    ones, others, of = [], [], []
    for column in columns.tolist():
        posts = carriers.indices[carriers.indptr[column] : carriers.indptr[column + 1]]
        posts = np.sort(posts)[np.linspace(0, len(posts) - 1, min(len(posts), _COMPARED)).astype(np.int64)]
        one, other = np.triu_indices(len(posts), 1)
        ones.append(posts[one])
        others.append(posts[other])
        of.append(np.full(len(one), column))
    one, other, asked = np.concatenate(ones), np.concatenate(others), np.concatenate(of)
    shared = labels[one].multiply(labels[other]) @ rarity - rarity[asked]
    weight = labels @ rarity
    either = weight[one] + weight[other] - 2 * rarity[asked] - shared
    copies = (shared >= _ALIKE * either) & (shared > 0)
    pairs, of_copies = np.bincount(asked), np.bincount(asked, copies)
    return np.flatnonzero((pairs > 0) & (of_copies >= _MOST_PAIRS * pairs))


def write_signatures(guessed: Iterable[str], folder: Path) -> None:
    """Write into the folder of a snapshot."""
    (folder / SIGNATURES).write_text(json.dumps(list(guessed), indent=1, ensure_ascii=False), encoding="utf-8")


def read_signatures(folder: Path) -> tuple[str, ...]:
    """What a snapshot keeps; none if it was built before there were any. Raises SnapshotError."""
    if not (folder / SIGNATURES).exists():
        return ()
    try:
        return tuple(map(str, json.loads((folder / SIGNATURES).read_bytes())))
    except (OSError, ValueError, TypeError) as error:
        raise SnapshotError(f"{folder / SIGNATURES} cannot be read: {error}", REBUILD) from error
