"""Signatures: hashtags that one or two authors alone use, such as the name of a shop. Nobody else wants them."""

import numpy as np
from scipy import sparse

from ...core.string_table import StringTable, Table
from ...core.vectors import Rows
from ..reranking.mentions import HashtagFinder

MOST_AUTHORS = 2  # of a signature

_FEWEST_AUTHORS = 10  # of an archive; with fewer, most hashtags have few authors
_OWN = 0.5  # fraction of all posts, from where an author is taken for the archive's owner, who is no stranger
_NOBODY = frozenset[int]()


class Signatures:
    """Which hashtags of an archive are signatures, and whose. Several threads may ask at once."""

    def __init__(self, hashtags: Table, by_hashtag: sparse.csc_matrix, author_of: Rows) -> None:
        """hashtags: (m,) normalised. by_hashtag: sparse (posts, m). author_of: (posts,) numbers, -1 if unknown."""
        self._hashtags = hashtags
        self._by_hashtag = by_hashtag
        self._author_of = author_of
        posts = np.bincount(author_of[author_of >= 0])
        self._several = np.count_nonzero(posts) >= _FEWEST_AUTHORS
        self._owners = frozenset(np.flatnonzero(posts >= _OWN * len(author_of)).tolist())
        self._found: dict[int, frozenset[int]] = {}

    def of_strangers(self, columns: Rows, caption: str, author: int | None) -> frozenset[int]:
        """Those of some hashtags that are signatures of others and that the caption does not name.

        author: who posts; None if unknown. Nothing is a signature in an archive of fewer than 10 known authors.
        """
        if not self._several:
            return frozenset()
        known = columns[columns < len(self._hashtags)].tolist()
        strange = [column for column in known if (whose := self._holders(column)) and author not in whose]
        if not strange:
            return frozenset()
        named = HashtagFinder(StringTable.of([self._hashtags[column] for column in strange])).find(caption)
        return frozenset(column for i, column in enumerate(strange) if i not in named)

    def _holders(self, column: int) -> frozenset[int]:
        """The authors of a signature; nobody if it is none, or if an author of its posts is not known."""
        if column not in self._found:
            start, end = self._by_hashtag.indptr[column : column + 2]
            authors = np.unique(self._author_of[self._by_hashtag.indices[start:end]])
            whose = frozenset(authors.tolist())
            known = 0 < len(whose) <= MOST_AUTHORS and -1 not in whose
            self._found[column] = whose if known and not whose & self._owners else _NOBODY
        return self._found[column]
