"""The kinds of vector index that a snapshot can hold, by the name under which its manifest records them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.errors import SnapshotError
from ...core.protocols import IndexWriter
from .extended import Extendable
from .faiss_index import FaissIndex, FaissWriter
from .lexical import LexicalIndex, LexicalWriter
from .spec import IndexSpec


@dataclass(frozen=True, slots=True)
class IndexKind:
    """How indexes of one kind are made.

    exact: whether they look at every vector. make_writer: of the dimension, and the parameters by name. read: opens
    what was written to the folder of a channel, and raises SnapshotError on anything else; whether it holds all vectors
    is checked by its length. That folder is copied with a backup, and goes with its snapshot. Hooks that today's kinds
    do not need come with those that do: to train before the first vector is added, as IVF-PQ must, and to copy and to
    drop what lies elsewhere than in the folder, as with Milvus.
    """

    exact: bool
    make_writer: Callable[..., IndexWriter[Any]]
    read: Callable[[Path], Extendable[Any]]


_KINDS = {
    "faiss": IndexKind(True, FaissWriter, FaissIndex.read),
    "lexical": IndexKind(True, LexicalWriter, LexicalIndex.read),
}


def choose_index(sparse: bool) -> IndexSpec:
    """The index for a channel of sparse or dense vectors.

    Ask after ingest: a choice by how many posts there are is to be made here, for building and dry runs alike.
    """
    return IndexSpec("lexical" if sparse else "faiss")


def is_exact(spec: IndexSpec) -> bool:
    """Whether the index looks at every vector. Raises SnapshotError where the kind is unknown."""
    return _kind_of(spec).exact


def read_index(spec: IndexSpec, folder: Path) -> Extendable[Any]:
    """Open an index. folder: of its channel.

    Raises SnapshotError where its files are not what they should be, or the kind is unknown.
    """
    return _kind_of(spec).read(folder)


def new_writer(spec: IndexSpec, dimension: int) -> IndexWriter[Any]:
    """A writer of that index. Raises SnapshotError where the kind is unknown."""
    return _kind_of(spec).make_writer(dimension, **spec.parameters)


def _kind_of(spec: IndexSpec) -> IndexKind:
    if spec.kind not in _KINDS:
        raise SnapshotError(f"there is an index of kind {spec.kind!r}, which this version does not know")
    return _KINDS[spec.kind]
