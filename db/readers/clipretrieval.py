"""What clip-retrieval's `clip inference` leaves behind: posts in Parquet, and their vectors row by row beside them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import get_args

import numpy as np

from ...core.errors import SourceError
from ...core.hashtags import take_out_hashtags
from ...core.post import Modality
from ...core.vectors import FloatMatrix, Rows, Vectors, unit_rows
from .folders import PHOTO_SUFFIXES, leftovers, within
from .parquet import ParquetTable
from .rows import Row

METADATA = "metadata"
IMAGE_COLUMN = "image_path"
CAPTION_COLUMN = "caption"
_VECTORS: dict[Modality, str] = {"image": "img_emb", "text": "text_emb"}
_FILE = re.compile(r"(?P<kind>metadata|img_emb|text_emb)_(?P<number>\d{1,9})\.(parquet|npy)")
_BATCH = 4096  # rows
_AGAIN = "run clip inference again, or take that folder away to have it done here"
_LENGTH_WITHIN = 0.01  # float16 leaves a length of 1 within 0.0005


class ClipRetrievalFolder:
    """The rows of `metadata/metadata_*.parquet` in the order of their numbers; each file may have further columns.

    Raises SourceError where one of them cannot be read, and where vectors are missing or do not fit their rows.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tables = {number: ParquetTable(path) for number, path in self._files(METADATA).items()}
        for modality in get_args(Modality):
            self._vectors(modality)  # before anything is taken from a folder that is not whole

    @property
    def columns(self) -> Sequence[str]:
        """The names of the columns of any of the files."""
        return list(dict.fromkeys(name for table in self._tables.values() for name in table.columns))

    def rows(self) -> Iterator[Row]:
        """Every row."""
        for table in self._tables.values():
            yield from table.rows()

    def notes(self) -> Sequence[str]:
        """Which columns cannot be read, and what lies in the folder and is not read."""
        columns = [note for table in self._tables.values() for note in table.notes()]
        return [*columns, *leftovers(self._folder, self._used)]

    def _used(self, folder: Path, names: Sequence[str]) -> Sequence[str]:
        """Its own files; photos below it are not looked at."""
        own = folder.parent == self._folder and folder.name in (METADATA, *_VECTORS.values())
        return [name for name in names if Path(name).suffix.lower() in PHOTO_SUFFIXES or own and _FILE.fullmatch(name)]

    def precomputed_vectors(self, modality: Modality) -> Iterator[tuple[Rows, Vectors]]:
        """The vectors of photos or captions in batches: rows (n,) ascending, 0 for the first, and float32 (n, d).

        They have length 1; zeros stand for what is no vector of about that length. A caption with hashtags in it has
        none: its vector was made with them, and no encoder may see a post's own hashtags; nor has an empty one. Nothing
        comes where that modality was not encoded. Raises SourceError where the folder has changed since it was opened.
        """
        start = 0
        for table, vectors in zip(self._tables.values(), self._vectors(modality), strict=False):
            usable = _usable(table) if modality == "text" else np.ones(table.length, dtype=bool)
            for first in range(0, table.length, _BATCH):
                batch = np.flatnonzero(usable[first : first + _BATCH]) + first
                yield batch + start, _of_length_one(vectors[batch])
            start += table.length

    def _vectors(self, modality: Modality) -> list[FloatMatrix]:
        """Of each part, mapped and not read; none where that modality was not encoded."""
        if not (self._folder / _VECTORS[modality]).is_dir():
            return []
        files = self._files(_VECTORS[modality])
        if missing := sorted(self._tables.keys() - files.keys()):
            raise SourceError(f"{self._folder} has no {_VECTORS[modality]} number {missing[0]}; {_AGAIN}")
        parts = {number: _load(files[number], table.length) for number, table in self._tables.items()}
        widths = {number: part.shape[1] for number, part in parts.items() if len(part)}
        if other := [number for number, width in widths.items() if width != next(iter(widths.values()))]:
            raise SourceError(f"{files[other[0]]} has vectors of another width than the files before it; {_AGAIN}")
        return list(parts.values())

    def _files(self, kind: str) -> dict[int, Path]:
        """The files of one kind by their numbers, ascending."""
        found = {}
        for path in (self._folder / kind).iterdir():
            if (name := _FILE.fullmatch(path.name)) and name["kind"] == kind:
                found[int(name["number"])] = within(path, self._folder)
        return dict(sorted(found.items()))


def is_clip_retrieval(folder: Path, names: Sequence[str]) -> bool:
    """Whether a folder of these files holds the metadata of one."""
    return folder.name == METADATA and any(_FILE.fullmatch(name) and name.endswith(".parquet") for name in names)


def _usable(table: ParquetTable) -> np.ndarray[tuple[int], np.dtype[np.bool]]:
    """(rows,) whether the caption is one that a post of that row has whole."""
    captions = (row.get(CAPTION_COLUMN) if isinstance(row, Mapping) else None for row in table.rows())
    texts = (caption.strip() if isinstance(caption, str) else "" for caption in captions)
    whole = (bool(text) and take_out_hashtags(text) == (text, []) for text in texts)
    return np.fromiter(whole, dtype=bool, count=table.length)


def _load(path: Path, length: int) -> FloatMatrix:
    """The vectors of a file, mapped and not read: (length, d) of any floating type."""
    try:
        vectors = np.load(path, mmap_mode="r" if length else None, allow_pickle=False)  # of nothing there is no map
    except (OSError, ValueError, EOFError) as error:
        raise SourceError(f"{path} cannot be read as vectors: {error}; {_AGAIN}") from error
    if not isinstance(vectors, np.ndarray) or vectors.ndim != 2 or vectors.dtype.kind != "f":
        raise SourceError(f"{path} holds no vectors; {_AGAIN}")
    if len(vectors) != length:
        raise SourceError(f"{path} has {len(vectors):,} vectors, its posts are {length:,}; {_AGAIN}")
    return vectors


def _of_length_one(raw: FloatMatrix) -> Vectors:
    """The same vectors in float32, their lengths 1 to its precision; zeros for those that were far from it."""
    vectors = raw.astype(np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.linalg.norm(vectors, axis=1)
    vectors[~(np.abs(lengths - 1) <= _LENGTH_WITHIN)] = 0  # NaN is not within either
    return unit_rows(vectors)
