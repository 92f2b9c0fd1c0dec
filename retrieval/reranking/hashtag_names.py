"""How well the names of hashtags fit a query, whatever posts carry them."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.vectors import FloatMatrix, Floats, Numbers, Rows, Vectors, highest, read_array
from ...core.writing_systems import scripts_of
from ..encoders.open_clip_text import CHANNEL as TEXT_TOWER
from ..search.similarity import Contents

BY_NAME = 10  # hashtags whose names fit best, by each encoder
MANY = 50_000  # names; of more, those that fit best are found by an approximate index

_AT_ONCE = 32  # queries, whose similarities with all names are in memory
_ROWS = 16_384  # names in one step, where all are read
_DEEPER = 20  # times as many names are taken from the index, and compared exactly
_TRAINED_ON, _CELLS_SEARCHED = 40, 64  # names of a cell; cells
_TOGETHER, _BITS = 4, 4  # dimensions that share a code, and its bits
_WORDS_MEET = re.compile(r"_+|(?<=[a-z])(?=[A-Z])")

# What the text tower was trained on are captions of photos, so a name stands in one, by its script.
_PROMPTS = {"HANGUL": "{} 사진", "HIRAGANA": "{}の写真", "KATAKANA": "{}の写真", "CJK": "{}的照片"}
_PROMPT = "a photo of {}"


@dataclass(frozen=True, slots=True)
class Moments:
    """The mean (d,) and the second moments (d, d) of `count` vectors, float64.

    From these follow mean and standard deviation of the similarities with all of them, without any of them.
    """

    count: int
    mean: Floats
    second: Floats

    @classmethod
    def of(cls, vectors: FloatMatrix) -> "Moments":
        """vectors: (m, d); rows of zeros do not count."""
        d = vectors.shape[1]
        count, total, squares = 0, np.zeros(d), np.zeros((d, d))
        for start in range(0, len(vectors), _ROWS):
            rows = vectors[start : start + _ROWS].astype(np.float64)
            count += int(np.count_nonzero(rows.any(axis=1)))
            total += rows.sum(axis=0)
            squares += rows.T @ rows
        return cls(count, total / max(1, count), squares / max(1, count))

    def __add__(self, other: "Moments") -> "Moments":
        count = self.count + other.count
        part = other.count / max(1, count)
        mean = (1 - part) * self.mean + part * other.mean
        return Moments(count, mean, (1 - part) * self.second + part * other.second)

    def of_similarities(self, queries: Vectors) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the inner products with each of n queries (n, d): (n,) each."""
        asked = queries.astype(np.float64)
        mean = asked @ self.mean
        squares = ((asked @ self.second) * asked).sum(axis=1)
        return mean, np.sqrt(np.maximum(squares - mean**2, 0.0))


@dataclass(frozen=True)
class NameVectors:
    """The names of hashtags as vectors of length 1 by one encoder; a row of zeros if there is none of a name.

    vectors: (m, d), float32, or float16 in the files of more than MANY. newer: float32 (n, d), of the hashtags that
    came since. moments: of both. index: of `vectors`; None if there are no more than MANY.
    """

    vectors: FloatMatrix
    newer: Vectors
    moments: Moments
    index: Any

    @classmethod
    def of(cls, vectors: FloatMatrix) -> "NameVectors":
        """vectors: (m, d)."""
        return cls(vectors, _nothing(vectors), Moments.of(vectors), _make_index(vectors))

    def __len__(self) -> int:
        return len(self.vectors) + len(self.newer)

    def extend(self, newer: Vectors) -> "NameVectors":
        """With more hashtags behind them: (n, d)."""
        return replace(self, newer=np.concatenate([self.newer, newer]), moments=self.moments + Moments.of(newer))

    def take(self, columns: Numbers) -> Vectors:
        """The vectors of c hashtags: float32 (c, d)."""
        old = columns < len(self.vectors)
        if old.all():
            return self.vectors[columns].astype(np.float32)
        taken = np.empty((len(columns), self.newer.shape[1]), dtype=np.float32)
        taken[old] = self.vectors[columns[old]]
        taken[~old] = self.newer[columns[~old] - len(self.vectors)]
        return taken

    def fit(self, queries: Vectors) -> "NameFits":
        """How well the names fit n queries (n, d), rows of zeros where there is no vector."""
        asked = np.flatnonzero(queries.any(axis=1)) if self.moments.count else np.zeros(0, dtype=np.int64)
        best = [np.zeros(0, dtype=np.int64)] * len(queries)
        for i, columns in zip(asked.tolist(), self.best(queries[asked], BY_NAME), strict=True):
            best[i] = columns
        return NameFits(self, queries, best, *self.moments.of_similarities(queries))

    def best(self, queries: Vectors, k: int) -> list[Rows]:
        """The k hashtags whose names are most similar to each of n queries (n, d): (k,), or fewer if not all are known.

        Of more than MANY names, some of the best may be missed.
        """
        newer = len(self.vectors) + np.flatnonzero(self.newer.any(axis=1))
        found = []
        for query, near in zip(queries, self._nearest(queries, k), strict=True):
            columns = np.concatenate([near, newer])
            found.append(columns[highest(self.take(columns) @ query, k)])
        return found

    def _nearest(self, queries: Vectors, k: int) -> Iterator[Rows]:
        """At least the k best of `vectors` for each query."""
        if self.index is not None:
            for columns in self.index.search(queries, _DEEPER * k)[1]:
                yield columns[columns >= 0]
            return
        for start in range(0, len(queries), _AT_ONCE):
            for similarities in queries[start : start + _AT_ONCE] @ self.vectors.T:
                similarities[~self._known] = -np.inf
                best = highest(similarities, k)
                yield best[similarities[best] > -np.inf]

    @cached_property
    def _known(self) -> NDArray[np.bool_]:
        return np.asarray(self.vectors.any(axis=1))

    def save(self, folder: Path, name: str) -> None:
        """Write into files of that name."""
        stored = self.vectors if self.index is None else self.vectors.astype(np.float16)
        for part, array in [("", stored), ("_mean", self.moments.mean), ("_second", self.moments.second)]:
            np.save(folder / f"{name}{part}.npy", array)
        np.save(folder / f"{name}_count.npy", np.asarray(self.moments.count))
        if self.index is not None:
            import faiss

            faiss.write_index(self.index, str(folder / f"{name}.faiss"))

    @classmethod
    def load(cls, folder: Path, name: str) -> "NameVectors":
        """Read what `save` wrote, and what releases up to 0.1 did, which wrote the vectors alone.

        Raises OSError, EOFError or ValueError.
        """
        vectors = read_array(folder / f"{name}.npy")
        if not (folder / f"{name}_count.npy").exists():
            return cls.of(vectors)
        count, mean, second = (read_array(folder / f"{name}_{part}.npy") for part in ("count", "mean", "second"))
        if mean.shape != vectors.shape[1:] or second.shape != 2 * mean.shape:
            raise ValueError("the vectors of names and their moments do not fit together")
        return cls(vectors, _nothing(vectors), Moments(int(count), mean, second), _read_index(folder, name, vectors))


@dataclass(frozen=True, slots=True)
class NameFits:
    """How well names fit n queries.

    queries: (n, d), rows of zeros where there is no vector. best: (n,), of each the BY_NAME hashtags whose names fit
    best; none without a vector. means, deviations: (n,), of the similarities of a query with all names.
    """

    names: NameVectors
    queries: Vectors
    best: Sequence[Rows]
    means: Floats
    deviations: Floats

    def take(self, queries: slice) -> "NameFits":
        """Those of some queries."""
        return NameFits(
            self.names, self.queries[queries], self.best[queries], self.means[queries], self.deviations[queries]
        )

    def best_keys(self, m: int) -> Rows:
        """query * m + column of all in `best`."""
        none = np.zeros(0, dtype=np.int64)
        return np.concatenate([none, *(i * m + columns for i, columns in enumerate(self.best))])

    def of(self, query: Rows, columns: Numbers) -> Vectors:
        """The fit of c names: the similarity, in standard deviations above the mean of all names: float32 (c,).

        query: (c,), to which each is compared. NaN if a name or a query has no vector.
        """
        names = self.names.take(columns)
        similarities = np.einsum("cd,cd->c", names, self.queries[query])
        standardised = (similarities - self.means[query]) / np.maximum(self.deviations[query], 1e-6)
        known = names.any(axis=1) & np.asarray(self.queries.any(axis=1))[query]
        return np.where(known, standardised, np.nan).astype(np.float32)


@dataclass(frozen=True, slots=True)
class HashtagNames:
    """The names of m hashtags as vectors. of: by the encoder of the query."""

    of: Mapping[str, NameVectors]

    @classmethod
    def from_vectors(cls, vectors: Mapping[str, Vectors]) -> "HashtagNames":
        """vectors: by the encoder of the query (m, d); see `NameVectors`."""
        return cls({encoder: NameVectors.of(names) for encoder, names in vectors.items()})

    def fit(self, contents: Contents) -> dict[str, NameFits]:
        """How well the names fit n queries, by encoder."""
        return {encoder: names.fit(contents.dense[encoder]) for encoder, names in self.of.items()}

    def take(self, encoders: Collection[str]) -> "HashtagNames":
        """Those of some encoders alone."""
        return HashtagNames({encoder: self.of[encoder] for encoder in encoders})

    def extend(self, n: int, others: "HashtagNames") -> "HashtagNames":
        """With n more hashtags behind them; those have no vectors by an encoder that `others` lacks."""
        if not n:
            return self
        newer = {
            encoder: others.of[encoder].vectors
            if encoder in others.of
            else np.zeros((n, names.vectors.shape[1]), dtype=np.float32)
            for encoder, names in self.of.items()
        }
        return HashtagNames({encoder: names.extend(newer[encoder]) for encoder, names in self.of.items()})


NO_NAMES = HashtagNames({})


def naming_encoders(encoders: Collection[str]) -> dict[str, str]:
    """The encoder that makes vectors of names, by the encoder of the query; both by `Encoder.channel`."""
    alike = {name: name for name in encoders if name in ("sentence", "multilingual")}
    return alike | ({"image": TEXT_TOWER} if {"image", TEXT_TOWER} <= set(encoders) else {})


def name_captions(encoder: str, hashtags: Sequence[str]) -> list[str]:
    """What an encoder is given for the names of hashtags. hashtags: as they are shown; `CoffeeTime` is two words."""
    names = [_WORDS_MEET.sub(" ", hashtag).strip() or hashtag for hashtag in hashtags]
    return [_prompt(name).format(name) for name in names] if encoder == TEXT_TOWER else names


def _prompt(name: str) -> str:
    scripts = scripts_of(name)
    return next((prompt for script, prompt in _PROMPTS.items() if script in scripts), _PROMPT)


def _nothing(vectors: FloatMatrix) -> Vectors:
    return np.zeros((0, vectors.shape[1]), dtype=np.float32)


def _make_index(vectors: FloatMatrix) -> Any:
    """Inverted lists of the known names, by product codes of a bit a dimension; None of no more than MANY."""
    if len(vectors) <= MANY:
        return None
    import faiss

    known = np.flatnonzero(vectors.any(axis=1))
    dimension, cells = vectors.shape[1], max(1, int(2 * np.sqrt(len(known))))
    codes = max(1, dimension // _TOGETHER)
    index = faiss.IndexIVFPQFastScan(
        faiss.IndexFlatIP(dimension), dimension, cells, codes, _BITS, faiss.METRIC_INNER_PRODUCT
    )
    most = min(len(known), _TRAINED_ON * cells)
    sample = np.sort(np.random.default_rng(8).choice(known, most, replace=False))
    index.train(vectors[sample].astype(np.float32))
    for start in range(0, len(known), _ROWS):
        rows = known[start : start + _ROWS]
        index.add_with_ids(vectors[rows].astype(np.float32), rows)
    index.nprobe = _CELLS_SEARCHED
    return index


def _read_index(folder: Path, name: str, vectors: FloatMatrix) -> Any:
    if len(vectors) <= MANY:
        return None
    import faiss

    try:
        return faiss.read_index(str(folder / f"{name}.faiss"), faiss.IO_FLAG_MMAP)
    except RuntimeError as error:
        raise ValueError(f"{name}.faiss: {error}") from error
