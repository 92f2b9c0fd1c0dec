"""The kinds of vector index that a snapshot can hold, by the name under which its manifest records them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from ...core.errors import SnapshotError
from ...core.protocols import IndexWriter, VectorIndex
from .faiss_index import FaissIndex, FaissWriter
from .lexical import LexicalIndex, LexicalWriter

IndexKind = Literal["faiss", "lexical"]

EXACT: frozenset[str] = frozenset({"faiss", "lexical"})  # kinds that look at every vector

_READERS: dict[str, Callable[[Path], VectorIndex[Any]]] = {"faiss": FaissIndex.read, "lexical": LexicalIndex.read}
_WRITERS: dict[IndexKind, Callable[[int], IndexWriter[Any]]] = {"faiss": FaissWriter, "lexical": LexicalWriter}


def read_index(kind: str, folder: Path) -> VectorIndex[Any]:
    """Open an index. Raises SnapshotError where its files are not what they should be, or the kind is unknown."""
    if kind not in _READERS:
        raise SnapshotError(f"{folder} holds an index of kind {kind!r}, which this version does not know")
    return _READERS[kind](folder)


def new_writer(kind: IndexKind, dimension: int) -> IndexWriter[Any]:
    """A writer of that kind of index."""
    return _WRITERS[kind](dimension)
