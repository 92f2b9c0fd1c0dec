"""Dense vectors, and what a search over vectors returns."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

FloatMatrix: TypeAlias = NDArray[np.floating[Any]]
Vectors: TypeAlias = NDArray[np.float32]
Floats: TypeAlias = NDArray[np.float64]
Rows: TypeAlias = NDArray[np.int64]
Numbers: TypeAlias = NDArray[np.integer[Any]]

T = TypeVar("T", bound=np.generic)

NO_ROW = -1


@dataclass(frozen=True, slots=True)
class Matches:
    """The nearest rows of an index for n queries, nearest first.

    rows: (n, k) int64, NO_ROW where a query has fewer than k matches.
    similarities: (n, k) float32, high is near; 0 where there is no row.
    """

    rows: Rows
    similarities: Vectors


class PhotoFeatures(NamedTuple):
    """What a frozen image network makes of a photo: pooled (d,), and grid (cells, d of a cell) before pooling.

    Of a batch of n photos, (n, d) and (n, cells, d of a cell).
    """

    pooled: Vectors
    grid: FloatMatrix


def unit_rows(raw: FloatMatrix) -> Vectors:
    """Scale rows to length 1; zero rows stay zero.

    raw: (n, d). Returns a new float32 array of that shape.
    Raises ValueError on NaN or infinity.
    """
    if not np.isfinite(raw).all():
        raise ValueError("vectors hold NaN or infinity")
    rows = raw.astype(np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def find_repeats(numbers: Rows) -> NDArray[np.bool_]:
    """Which entries of (n, m) equal an entry further left in the same row: (n, m)."""
    order = np.argsort(numbers, axis=1, kind="stable")
    ordered = np.take_along_axis(numbers, order, axis=1)
    repeats = np.zeros(numbers.shape, dtype=np.bool_)
    np.put_along_axis(repeats, order[:, 1:], ordered[:, 1:] == ordered[:, :-1], axis=1)
    return repeats


def compact(entries: NDArray[T], left_out: NDArray[np.bool_], k: int, empty: int) -> NDArray[T]:
    """The first k entries of each row that are not left out, in their order, then `empty`.

    entries, left_out: (n, m). Returns a new array (n, min(k, m)) of the same dtype.
    """
    order = np.argsort(left_out, axis=1, kind="stable")[:, :k]
    kept = np.where(left_out, np.asarray(empty, dtype=entries.dtype), entries)
    return np.asarray(np.take_along_axis(kept, order, axis=1), dtype=entries.dtype)


def nearest(similarities: Vectors, k: int) -> Matches:
    """The k highest columns of each row, highest first; equal ones by column, so that answers do not waver.

    similarities: (n, m), m may be 0 or below k.
    """
    n, m = similarities.shape
    rows = np.full((n, k), NO_ROW, dtype=np.int64)
    best = np.zeros((n, k), dtype=np.float32)
    taken = min(k, m)
    if taken:
        order = np.argsort(-similarities, axis=1, kind="stable")[:, :taken]
        rows[:, :taken] = order
        best[:, :taken] = np.take_along_axis(similarities, order, axis=1)
    return Matches(rows, best)


def highest(scores: NDArray[Any], k: int) -> Rows:
    """The k highest of n scores, highest first, of equal ones the first: int64 (min(k, n),). scores: (n,)."""
    if k < len(scores):
        high = np.flatnonzero(scores >= np.partition(scores, -k)[-k])  # more than k where the last of them are equal
    else:
        high = np.arange(len(scores))
    return high[np.argsort(-scores[high], kind="stable")[:k]].astype(np.int64)


def read_array(path: Path) -> NDArray[Any]:
    """An array that `numpy.save` wrote, mapped into memory: read-only, and read from disk where it is used.

    Raises OSError, EOFError or ValueError if it is none; never unpickles.
    """
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
