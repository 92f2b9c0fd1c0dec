"""The lexical channel at size: the rarest n-grams of a query name candidates, and these alone are compared in full.

Static index pruning (Carmel et al., Static Index Pruning for Information Retrieval Systems, SIGIR 2001) and rescoring
of candidates: every n-gram keeps the posts with the shortest captions among those that have it, which weigh most, up to
a number. A query reads the lists of its rarest n-grams first, until it has read as many posts as its effort allows. So
a query costs the same, however many posts there are.
"""

import json
import os
from collections import deque
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...core.errors import SnapshotError
from ...core.parallel import side_by_side
from ...core.sparse_vectors import mapped_matrix
from ...core.vectors import NO_ROW, Matches, Rows, Vectors, read_array
from .bm25 import K1, Bm25
from .lexical import LexicalIndex, read_scales, take_largest, write_scales
from .recall import K, Oracle, least_effort
from .spec import Measured

SEARCH = "search.json"  # how many candidates are compared in full

_LISTED = ("posts", "starts")  # of each n-gram its posts, those with the shortest captions first
_COUNTS = ("data", "indices", "indptr")
_LONGEST = 20_000  # posts that an n-gram keeps
_READ = 40  # posts that are read for each candidate
_EFFORTS = (250, 350, 500, 700, 1000, 1400, 2000, 2800, 4000, 5600, 8000, 11_000, 16_000)  # candidates that are tried
_MOST_COUNTED = 255  # times that an n-gram of a caption is counted
_AT_ONCE = 50_000  # captions that are listed at once


class PrunedLexicalIndex:
    """The similarity of captions (see `Bm25`) with those that share rare n-grams with a query."""

    cap = 1.0

    def __init__(
        self,
        posts: NDArray[np.int32],
        starts: Rows,
        counts: sparse.csr_matrix,
        saturation: Vectors,
        scales: Bm25,
        effort: int,
    ) -> None:
        """posts: of all n-grams, one after another. starts: (buckets + 1,), where those of each begin.

        counts: sparse uint8 (n, buckets). saturation: float32 (n,), see `Bm25.saturation`. effort: candidates.
        """
        self._posts = posts
        self._starts = starts
        self._counts = counts
        self._saturation = saturation
        self._scales = scales
        self._effort = effort
        self._tables: deque[_QueryNgrams] = deque()  # for the next searches, as new ones take long to make

    @classmethod
    def read(cls, folder: Path) -> "PrunedLexicalIndex":
        """Raises SnapshotError if the files do not fit together."""
        try:
            effort = int(json.loads((folder / SEARCH).read_bytes())["candidates"])
            return cls._open(folder, read_scales(folder), effort)
        except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
            raise SnapshotError(f"the lexical index in {folder} cannot be read: {error}") from error

    @classmethod
    def _open(cls, folder: Path, read: tuple[Bm25, int], effort: int) -> "PrunedLexicalIndex":
        scales, n = read
        posts, starts = (read_array(folder / f"{name}.npy") for name in _LISTED)
        data, columns, pointers = (read_array(folder / f"{name}.npy") for name in _COUNTS)
        counts = mapped_matrix(data, columns, pointers, len(scales.idf))
        saturation = read_array(folder / "saturation.npy")
        if (
            len(starts) != len(scales.idf) + 1
            or starts[-1] != len(posts)
            or not n == len(saturation) == counts.shape[0]
        ):
            raise ValueError("its files do not fit together")
        return cls(posts, starts, counts, saturation, scales, effort)

    def __len__(self) -> int:
        return int(self._counts.shape[0])

    def search(self, queries: sparse.csr_matrix, k: int) -> Matches:
        """See `VectorIndex.search`. queries: sparse (m, buckets) of counts."""
        found = self.uncapped(queries, k)
        return Matches(found.rows, np.minimum(found.similarities, self.cap))

    def uncapped(self, queries: sparse.csr_matrix, k: int) -> Matches:
        """See `Extendable.uncapped`."""
        asked = self._scales.weigh_queries(queries)
        rows = np.full((asked.shape[0], k), NO_ROW, dtype=np.int64)
        best = np.zeros(rows.shape, dtype=np.float32)
        cores = min(os.cpu_count() or 1, asked.shape[0])
        parts = np.array_split(np.arange(asked.shape[0]), cores) if cores else []
        side_by_side([partial(self._search, asked, part, rows, best) for part in parts])
        none = best <= 0
        return Matches(np.where(none, NO_ROW, rows), np.where(none, np.float32(0), best))

    def _search(self, asked: sparse.csr_matrix, queries: Rows, rows: Rows, best: Vectors) -> None:
        """Fill in the matches of some queries. asked: sparse (m, buckets) of weights. rows, best: (m, k)."""
        k, of_query = rows.shape[1], self._take_table()
        for i in queries.tolist():
            here = slice(asked.indptr[i], asked.indptr[i + 1])
            ngrams, weights = asked.indices[here], asked.data[here]
            candidates = self._candidates(ngrams, weights, max(self._effort, 2 * k))
            of_query.set(ngrams, weights * self._scales.idf[ngrams] * np.float32(K1 + 1))
            found, values = take_largest(candidates, self._compare(candidates, of_query), k)
            of_query.set(ngrams, np.float32(0))
            rows[i, : len(found)] = found
            best[i, : len(found)] = values
        self._tables.append(of_query)

    def _take_table(self) -> "_QueryNgrams":
        """One of no n-grams that no other thread has. After an error in between it does not come back."""
        try:
            return self._tables.pop()
        except IndexError:  # not asked before: another thread may take the last one meanwhile
            return _QueryNgrams.none(len(self._scales.idf))

    def beside(self, vectors: sparse.csr_matrix) -> LexicalIndex:
        """See `Extendable.beside`. vectors: sparse (m, buckets) of counts."""
        return LexicalIndex.of(vectors, self._scales)

    def _candidates(self, ngrams: NDArray[np.int32], weights: Vectors, most: int) -> NDArray[np.int64]:
        """The posts, ascending, that may be nearest by the n-grams whose lists are read."""
        starts, ends = self._starts[ngrams], self._starts[ngrams + 1]
        order = np.argsort(ends - starts, kind="stable")
        left = _READ * most
        lists: list[NDArray[np.int32]] = []
        of: list[int] = []
        for ngram in order.tolist():
            if left <= 0:
                break
            listed = self._posts[starts[ngram] : min(ends[ngram], starts[ngram] + left)]
            left -= len(listed)
            lists.append(listed)
            of.append(ngram)
        if not lists:
            return np.zeros(0, dtype=np.int64)
        # Sorted together with the number of its n-gram, a post is added up many times faster than by any table.
        which = np.repeat(np.asarray(of, dtype=np.int64), [len(listed) for listed in lists])
        keyed = np.sort(np.concatenate(lists).astype(np.int64) << 32 | which)
        posts = keyed >> 32
        first = np.flatnonzero(np.concatenate([[True], posts[1:] != posts[:-1]]))
        gains = weights * self._scales.idf[ngrams]
        posts, scores = posts[first], np.add.reduceat(gains[keyed & 0xFFFFFFFF], first)
        if len(posts) <= most:
            return posts
        # As if the caption had each n-gram once.
        scores = scores / (1 + self._saturation[posts])
        best: NDArray[np.int64] = np.sort(posts[np.argpartition(-scores, most)[:most]])
        return best

    def _compare(self, posts: NDArray[np.int64], of_query: "_QueryNgrams") -> Vectors:
        """The similarities of posts with a query, float32."""
        starts, ends = self._counts.indptr[posts], self._counts.indptr[posts + 1]
        of_post = [self._counts.indices[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
        ngrams = np.concatenate([np.zeros(0, dtype=np.int32), *of_post])
        shared = np.flatnonzero(of_query.present.take(ngrams))  # one in ten; the rest is computed for these alone
        offsets = np.concatenate([[0], np.cumsum(ends - starts)])
        post = np.repeat(np.arange(len(posts)), np.diff(np.searchsorted(shared, offsets)))
        count = self._counts.data.take(shared + (starts - offsets[:-1])[post]).astype(np.float32)
        parts = of_query.weights.take(ngrams[shared]) * count / (count + self._saturation[posts][post])
        return np.bincount(post, parts, len(posts)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class _QueryNgrams:
    """The n-grams of a query.

    present: (buckets,), which they are; small enough for a processor's cache. weights: float32 (buckets,), of each in
    the query times that in a caption that has nothing else.
    """

    present: NDArray[np.bool_]
    weights: Vectors

    @classmethod
    def none(cls, buckets: int) -> "_QueryNgrams":
        return cls(np.zeros(buckets, dtype=np.bool_), np.zeros(buckets, dtype=np.float32))

    def set(self, ngrams: NDArray[np.int32], weights: Vectors | np.float32) -> None:
        self.present[ngrams] = weights
        self.weights[ngrams] = weights


def write_pruned_lexical(counts: sparse.csr_matrix, folder: Path, wanted: float) -> Measured:
    """Write the index of n captions. counts: sparse (n, buckets), which may lie on disk. wanted: recall at 50."""
    scales, n = Bm25.of(counts), counts.shape[0]
    write_scales(folder, scales, n)
    np.save(folder / "saturation.npy", scales.saturation(counts))
    np.save(folder / "data.npy", np.minimum(counts.data, _MOST_COUNTED).astype(np.uint8))
    np.save(folder / "indices.npy", counts.indices.astype(np.int32))
    np.save(folder / "indptr.npy", counts.indptr)
    _write_lists(counts, folder)
    made = partial(PrunedLexicalIndex._open, folder, read_scales(folder))
    effort, found = least_effort(Oracle(counts), wanted, _EFFORTS, made)
    (folder / SEARCH).write_text(json.dumps({"candidates": effort, "recall": found, "k": K}))
    return Measured(found, effort, "uint8")


def _write_lists(counts: sparse.csr_matrix, folder: Path) -> None:
    """Write of each n-gram the posts that have it, in the order of the lengths of their captions."""
    n, buckets = counts.shape
    kept = np.minimum(np.bincount(counts.indices, minlength=buckets), _LONGEST)
    starts = np.concatenate([[0], np.cumsum(kept)])
    np.save(folder / "starts.npy", starts)
    posts = np.lib.format.open_memmap(folder / "posts.npy", "w+", np.int32, (int(starts[-1]),))
    filled = np.zeros(buckets, dtype=np.int64)
    by_length = np.argsort(np.asarray(counts.sum(axis=1)).ravel(), kind="stable")
    for first in range(0, n, _AT_ONCE):
        some = by_length[first : first + _AT_ONCE]
        here = sparse.csc_matrix(counts[some])
        ngram = np.repeat(np.arange(buckets), np.diff(here.indptr))
        rank = filled[ngram] + np.arange(len(ngram)) - here.indptr[ngram]
        fits = rank < kept[ngram]
        posts[starts[ngram[fits]] + rank[fits]] = some[here.indices[fits]]
        filled += np.diff(here.indptr)
    posts.flush()
