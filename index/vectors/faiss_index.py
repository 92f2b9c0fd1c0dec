"""Dense channels in FAISS: inner product of centred unit vectors, exact or in inverted lists; on a GPU if there is."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

import faiss
import numpy as np

from ...core.errors import SnapshotError
from ...core.vectors import Matches, Vectors, read_array
from .exact import centred, mean_of, positive
from .recall import K, Oracle, least_effort
from .spec import Measured

FILE = "vectors.faiss"
CODES = "codes.faiss"  # finer codes, by which the nearest of coarse ones are compared again; read from disk as needed
MEAN = "mean.npy"
SEARCH = "search.json"  # how many lists are searched; not there for an index that is exact

_AT_ONCE = 32_768  # vectors centred and added at once
_TO_TRAIN = 40  # vectors for each list, from which its centre is learned
_ROUNDS = 8  # of k-means; its result changes recall little
_CODES = {"int8": faiss.ScalarQuantizer.QT_8bit, "float16": faiss.ScalarQuantizer.QT_fp16, "float32": -1}
_DEVIATIONS = 3.5  # standard deviations about the mean that a code of a byte stands for
_COMPARED_AGAIN = 3200  # candidates, at the least as many as matches, where codes are coarse
_BITS_OF_COARSE, _TOGETHER = 4, 2  # of the code of so many dimensions


class FaissIndex:
    """A FAISS index that `write_exact`, `write_ivf` or `write_ivf_pq` wrote."""

    cap = 1.0  # codes of a byte may be a little longer than what they stand for

    def __init__(
        self,
        index: Any,
        mean: Vectors,
        lists: int = 0,
        one_at_a_time: AbstractContextManager[Any] | None = None,
    ) -> None:
        """index: a faiss.Index with inner product, of centred vectors, on any device; it is only read.

        mean: (d,) that was taken off them. lists: how many are searched; 0 of an index without any. one_at_a_time: held
        while the index is searched; a GPU serves one thread at a time, unlike a CPU.
        """
        self._one_at_a_time = one_at_a_time or nullcontext()
        self._index = index
        self._mean = mean
        self._lists = lists

    @classmethod
    def of(cls, vectors: Vectors) -> "FaissIndex":
        """In memory; it looks at every vector. vectors: float32 (n, d), rows of length 1."""
        mean, index = mean_of(vectors), faiss.IndexFlatIP(vectors.shape[1])
        for batch in _centred_batches(vectors, mean):
            index.add(batch)
        return cls(index, mean)

    @classmethod
    def read(cls, folder: Path) -> "FaissIndex":
        """Raises SnapshotError on files that are no FAISS index of this kind."""
        path = folder / FILE
        try:
            index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
            mean: Vectors = read_array(folder / MEAN)
            effort = json.loads((folder / SEARCH).read_bytes())["lists"] if (folder / SEARCH).exists() else 0
            codes = folder / CODES
            refined = faiss.read_index(str(codes), faiss.IO_FLAG_MMAP_IFC) if codes.exists() else None
        except (RuntimeError, OSError, ValueError, KeyError, TypeError) as error:
            raise SnapshotError(f"{path} is no FAISS index: {str(error).splitlines()[0]}") from error
        if index.metric_type != faiss.METRIC_INNER_PRODUCT or mean.shape != (index.d,):
            raise SnapshotError(f"{path} and {MEAN} beside it do not fit together")
        if refined is None and faiss.get_num_gpus():
            return cls(faiss.index_cpu_to_all_gpus(index), mean, effort, Lock())
        return cls(index if refined is None else _Refined(index, refined), mean, effort)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(self, queries: Vectors, k: int) -> Matches:
        """See `VectorIndex.search`. queries: float32 (m, d)."""
        found = self.uncapped(queries, k)
        return Matches(found.rows, np.minimum(found.similarities, np.float32(self.cap)))

    def uncapped(self, queries: Vectors, k: int) -> Matches:
        """See `Extendable.uncapped`."""
        asked = centred(queries, self._mean)
        with self._one_at_a_time:
            similarities, rows = self._index.search(asked, k, params=self._parameters(k))
        order = np.lexsort((rows, -similarities))  # equal ones by row, which FAISS does not do by itself
        best = Matches(np.take_along_axis(rows, order, axis=1), np.take_along_axis(similarities, order, axis=1))
        return positive(best)

    def _parameters(self, k: int) -> Any:
        """Of a search for k matches; None for an index without lists."""
        if not self._lists:
            return None
        made: Any = faiss  # its stubs do not know that parameters are set by name
        in_lists = made.SearchParametersIVF(nprobe=self._lists)
        if not isinstance(self._index, _Refined):
            return in_lists
        factor = max(1.0, _COMPARED_AGAIN / k)
        return made.IndexRefineSearchParameters(k_factor=factor, base_index_params=in_lists)

    def beside(self, vectors: Vectors) -> "FaissIndex":
        """See `Extendable.beside`. vectors: float32 (m, d), rows of length 1."""
        newcomers = faiss.IndexFlatIP(len(self._mean))
        newcomers.add(centred(vectors, self._mean))
        return FaissIndex(newcomers, self._mean)


class _Refined:
    """A faiss.IndexRefine that keeps its parts alive."""

    def __init__(self, coarse: Any, fine: Any) -> None:
        self._parts = coarse, fine
        self._index = faiss.IndexRefine(coarse, fine)
        self.ntotal, self.search = self._index.ntotal, self._index.search


def write_exact(vectors: Vectors, folder: Path, wanted: float) -> Measured:
    """Write an index that looks at every vector. vectors: float32 (n, d), rows of length 1. wanted: see `write_ivf`."""
    made = FaissIndex.of(vectors)
    _write(made._index, folder / FILE)
    np.save(folder / MEAN, made._mean)
    return Measured()


def write_ivf(vectors: Vectors, folder: Path, wanted: float, lists: int) -> Measured:
    """Write an index of inverted lists (Sivic and Zisserman, Video Google, ICCV 2003), of codes of a byte a dimension.

    vectors: float32 (n, d), rows of length 1; some are read at a time. wanted: recall at 50, in [0, 1]. lists: how
    many, of which a search looks at as many as that takes. Where that many neighbours cannot be told by such codes,
    vectors are kept in half precision, and then as they are.
    """
    mean, oracle = mean_of(vectors), Oracle(vectors)
    quantizer = _train_lists(vectors, mean, lists)
    for codes in _CODES:
        index = _new_lists(quantizer, codes)
        _fill(index, vectors, mean)
        effort, found = least_effort(oracle, wanted, _efforts(lists), partial(FaissIndex, index, mean))
        if found >= wanted:
            break
    return _finish(folder, index, mean, Measured(found, effort, codes))


def _new_lists(quantizer: Any, codes: str) -> Any:
    """Empty lists. quantizer: of their centres. codes: of _CODES."""
    shape = quantizer, quantizer.d, quantizer.ntotal
    if codes == "float32":
        return faiss.IndexIVFFlat(*shape, faiss.METRIC_INNER_PRODUCT)
    index = faiss.IndexIVFScalarQuantizer(*shape, _CODES[codes], faiss.METRIC_INNER_PRODUCT)
    _narrow(index)
    return index


def _narrow(index: Any) -> None:
    """Let codes of a byte stand for the range of most values of a dimension, not of all; those beyond are cut off.

    At a million vectors of 384 dimensions, 94 lists found more than 711 did with the range of all.
    """
    index.sq.rangestat, index.sq.rangestat_arg = faiss.ScalarQuantizer.RS_meanstd, _DEVIATIONS


def write_ivf_pq(vectors: Vectors, folder: Path, wanted: float, lists: int) -> Measured:
    """As `write_ivf`, with codes of two bits a dimension in memory and those of a byte on disk.

    The nearest by the former are compared again by the latter. Product quantisation: Jegou, Douze and Schmid (2011);
    its fast scan: Andre, Kermarrec and Le Scouarnec, Cache locality is not enough (VLDB 2015).
    """
    mean, oracle = mean_of(vectors), Oracle(vectors)
    quantizer = _train_lists(vectors, mean, lists)
    dimension = quantizer.d
    coarse = faiss.IndexIVFPQFastScan(
        quantizer, dimension, lists, dimension // _TOGETHER, _BITS_OF_COARSE, faiss.METRIC_INNER_PRODUCT
    )
    fine = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
    _narrow(fine)
    _fill(coarse, vectors, mean)
    _fill(fine, vectors, mean)
    refined = _Refined(coarse, fine)
    effort, found = least_effort(oracle, wanted, _efforts(lists), partial(FaissIndex, refined, mean))
    _write(fine, folder / CODES)
    return _finish(folder, coarse, mean, Measured(found, effort, "int2, then int8"))


def _finish(folder: Path, index: Any, mean: Vectors, measured: Measured) -> Measured:
    _write(index, folder / FILE)
    np.save(folder / MEAN, mean)
    (folder / SEARCH).write_text(json.dumps({"lists": measured.effort, "recall": measured.recall, "k": K}))
    return measured


def _train_lists(vectors: Vectors, mean: Vectors, lists: int) -> Any:
    """The centres of lists, by k-means on the sphere, from a sample with a fixed seed."""
    rng, n = np.random.default_rng(0), len(vectors)
    rows = np.sort(rng.choice(n, min(n, _TO_TRAIN * lists), replace=False))
    kmeans: Any = faiss.Kmeans(
        vectors.shape[1],
        lists,
        niter=_ROUNDS,
        spherical=True,
        seed=1,
        min_points_per_centroid=1,
        gpu=faiss.get_num_gpus() > 0,
    )
    kmeans.train(centred(np.asarray(vectors[rows]), mean))
    quantizer = faiss.IndexFlatIP(vectors.shape[1])
    quantizer.add(kmeans.centroids)
    return quantizer


def _fill(index: Any, vectors: Vectors, mean: Vectors) -> None:
    """Learn what its codes need from a sample, and add all vectors, some at a time."""
    n = len(vectors)
    rows = np.sort(np.random.default_rng(1).choice(n, min(n, 2 * _AT_ONCE), replace=False))
    index.train(centred(np.asarray(vectors[rows]), mean))
    for batch in _centred_batches(vectors, mean):
        index.add(batch)


def _centred_batches(vectors: Vectors, mean: Vectors) -> Iterator[Vectors]:
    for start in range(0, len(vectors), _AT_ONCE):
        yield centred(np.asarray(vectors[start : start + _AT_ONCE]), mean)


def _efforts(lists: int) -> list[int]:
    """Numbers of lists to search that are tried: half as many again each time, at last all."""
    efforts = [1]
    while efforts[-1] < lists:
        efforts.append(min(lists, efforts[-1] + max(1, efforts[-1] // 2)))
    return efforts


def _write(index: Any, path: Path) -> None:
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:
        raise OSError(None, "FAISS could not write its index", str(path)) from error
