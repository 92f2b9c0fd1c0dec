"""The kinds of vector index that a snapshot can hold, by the name under which its manifest records them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

from ...core.advice import LARGER_MEMORY
from ...core.errors import SettingsError, SnapshotError
from ...core.units import size_in_words
from .extended import Extendable
from .faiss_index import FaissIndex, write_exact, write_ivf, write_ivf_pq
from .lexical import LexicalIndex, write_lexical
from .milvus_index import MilvusIndex, drop_collection, reach, switch_alias, write_milvus
from .pruned_lexical import PrunedLexicalIndex, write_pruned_lexical
from .spec import IndexLimits, IndexSpec, Measured

EXACT_UP_TO = 50_000  # vectors; comparing with all of them takes some 10 ms on one core

HNSW_UP_TO = 10_000_000  # vectors; more are searched on the disks of a server, not in its memory

_FLOAT = 4  # bytes
_OF_LIST = 16  # bytes a vector takes in a list beside its code
_FEWEST_LISTS, _MOST_LISTS = 256, 65_536
_LISTS = 4  # lists / square root of vectors


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What is done with vectors that lie outside of the folder of their channel, which names the place.

    publish: tells other programs that the snapshot of this folder serves. drop: deletes them, if they are there; of a
    folder of any kind. Both raise ClusterError if the place cannot be reached.
    """

    publish: Callable[[Path], None]
    drop: Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class IndexKind:
    """How indexes of one kind are made.

    exact: whether they look at every vector. write: of all vectors, (n, d) dense or sparse, into the folder of a
    channel, with a wanted recall and the parameters by name; what was measured. read: opens what was written to that
    folder, and raises SnapshotError on anything else; whether it holds all vectors is checked by its length. The folder
    is copied with a backup, and goes with its snapshot. elsewhere: None if the folder holds all.
    """

    exact: bool
    write: Callable[..., Measured]
    read: Callable[[Path], Extendable[Any]]
    elsewhere: Elsewhere | None = None


_MILVUS = Elsewhere(switch_alias, drop_collection)
_KINDS = {
    "faiss": IndexKind(True, write_exact, FaissIndex.read),
    "ivf": IndexKind(False, write_ivf, FaissIndex.read),
    "ivf_pq": IndexKind(False, write_ivf_pq, FaissIndex.read),
    "lexical": IndexKind(True, write_lexical, LexicalIndex.read),
    "pruned_lexical": IndexKind(False, write_pruned_lexical, PrunedLexicalIndex.read),
    "milvus_flat": IndexKind(True, partial(write_milvus, index_type="FLAT"), MilvusIndex.read, _MILVUS),
    "milvus_hnsw": IndexKind(False, partial(write_milvus, index_type="HNSW"), MilvusIndex.read, _MILVUS),
    "milvus_diskann": IndexKind(False, partial(write_milvus, index_type="DISKANN"), MilvusIndex.read, _MILVUS),
}


def choose_index(vectors: int, dimension: int, sparse: bool, limits: IndexLimits) -> IndexSpec:
    """The index for a channel of so many vectors.

    Raises SettingsError where nothing fits into the memory.
    """
    if sparse:
        return IndexSpec("lexical" if vectors <= EXACT_UP_TO or limits.recall == 1 else "pruned_lexical")
    if limits.index is not None:
        at = {"address": limits.index}
        if vectors <= EXACT_UP_TO or limits.recall == 1:
            return IndexSpec("milvus_flat", at)
        return IndexSpec("milvus_hnsw" if vectors <= HNSW_UP_TO else "milvus_diskann", at)
    memory = inf if limits.memory is None else limits.memory
    if (vectors <= EXACT_UP_TO or limits.recall == 1) and vectors * dimension * _FLOAT <= memory:
        return IndexSpec("faiss")
    lists = _FEWEST_LISTS
    while lists < min(_MOST_LISTS, _LISTS * vectors**0.5):
        lists *= 2
    bytes_by_kind = {"ivf": vectors * (dimension + _OF_LIST), "ivf_pq": vectors * (dimension // 4 + _OF_LIST)}
    for kind, needed in bytes_by_kind.items():
        if needed <= memory:
            return IndexSpec(kind, {"lists": lists})
    raise SettingsError(
        f"{vectors:,} vectors of {dimension} dimensions need {size_in_words(min(bytes_by_kind.values()))} of memory "
        f"at the least, and {size_in_words(int(memory))} are its part of what is allowed",
        LARGER_MEMORY,
    )


def is_exact(spec: IndexSpec) -> bool:
    """Whether the index looks at every vector. Raises SnapshotError where the kind is unknown."""
    return _kind_of(spec).exact


def read_index(spec: IndexSpec, folder: Path) -> Extendable[Any]:
    """Open an index. folder: of its channel.

    Raises SnapshotError where its files are not what they should be, or the kind is unknown.
    """
    return _kind_of(spec).read(folder)


def index_to_train(spec: IndexSpec, folder: Path, vectors: Any) -> Extendable[Any]:
    """As `read_index`, for training, which asks much. vectors: all of the index, (n, d).

    An exact index that lies elsewhere is made in memory instead: a server rounds otherwise, and so what is learned
    would depend on where the vectors lie.
    """
    kind = _kind_of(spec)
    return FaissIndex.of(vectors) if kind.exact and kind.elsewhere else kind.read(folder)


def write_index(spec: IndexSpec, vectors: Any, folder: Path, recall: float) -> Measured:
    """Write an index of vectors (n, d) into the folder of its channel. recall: that is wanted, in [0, 1].

    Raises SnapshotError where the kind is unknown.
    """
    return _kind_of(spec).write(vectors, folder, recall, **spec.parameters)


def reach_index(limits: IndexLimits) -> None:
    """Raises ClusterError if vectors are to lie at a place that cannot be reached; see `milvus_index.reach`."""
    if limits.index is not None:
        reach(limits.index)


def place_of(spec: IndexSpec) -> str | None:
    """Where the vectors lie that the folder of their channel does not hold; None if it holds all."""
    return str(spec.parameters["address"]) if _kind_of(spec).elsewhere else None


def publish_index(spec: IndexSpec, folder: Path) -> None:
    """Tell other programs that the snapshot of a channel's folder serves; see `Elsewhere`."""
    if elsewhere := _kind_of(spec).elsewhere:
        elsewhere.publish(folder)


def drop_index(folder: Path) -> None:
    """Delete what an index, whole or not, has outside of the folder of its channel. Raises ClusterError."""
    for elsewhere in {kind.elsewhere for kind in _KINDS.values() if kind.elsewhere}:
        elsewhere.drop(folder)


def _kind_of(spec: IndexSpec) -> IndexKind:
    if spec.kind not in _KINDS:
        raise SnapshotError(f"there is an index of kind {spec.kind!r}, which this version does not know")
    return _KINDS[spec.kind]
