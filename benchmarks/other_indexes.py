"""The index of a dense channel beside what others search vectors with: the same vectors, one run, one thread.

    pip install --target OTHERS --no-deps autofaiss embedding-reader fire termcolor hnswlib usearch numkong simsimd
    PYTHONPATH=OTHERS .venv/bin/python benchmarks/other_indexes.py [--posts 100000] [--recall 0.97] [--json]

Vectors are those of the channel of 512 dimensions of synthetic.py. Each index is tuned alike, to the wanted recall
at 50 of 200 of its own vectors at the least effort; autofaiss, which also makes the indexes of clip-retrieval, chooses
and tunes by itself, with the memory that our index takes. Then queries that are not in the archive are asked for 200
neighbours, one after another; recall at 50 is against comparison with every vector.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import faiss
import numpy as np
from synthetic import ENCODERS, SyntheticArchive
from vector_indexes import DEPTH, QUERIES, K, captions_of, encoded

from hashtag_recommender.core.vectors import Rows, Vectors
from hashtag_recommender.index.vectors.exact import centred, mean_of
from hashtag_recommender.index.vectors.registry import choose_index, read_index, write_index
from hashtag_recommender.index.vectors.spec import IndexLimits

Search = Callable[[Vectors, int], Any]  # takes (n, d) and k, returns rows (n, k)
EFFORTS = (200, 256, 384, 512, 768, 1024, 1536, 2048, 3072)


class Made(NamedTuple):
    """An index that is ready to be asked. set_effort: None if it cannot be tuned."""

    name: str
    size: int
    seconds: float
    search: Search
    set_effort: Callable[[int], object] | None = None


def ours(vectors: Vectors, recall: float, folder: Path) -> Made:
    """What a build would choose."""
    started = time.perf_counter()
    spec = choose_index(len(vectors), vectors.shape[1], False, IndexLimits(recall=recall))
    write_index(spec, vectors, folder, recall)
    seconds = time.perf_counter() - started
    index = read_index(spec, folder)
    size = sum(file.stat().st_size for file in folder.iterdir())
    return Made(f"this program ({spec.kind})", size, seconds, lambda q, k: index.search(q, k).rows)


def others(vectors: Vectors, memory: int, folder: Path) -> Iterator[Made]:
    """Those of other libraries. vectors: centred, rows of length 1. memory: bytes that autofaiss may take."""
    import hnswlib
    from autofaiss import build_index
    from sklearn.neighbors import NearestNeighbors
    from usearch.index import Index

    n, d = vectors.shape
    started = time.perf_counter()
    graph = hnswlib.Index("ip", d)
    graph.init_index(n, M=16, ef_construction=200)
    graph.add_items(vectors, num_threads=2)
    seconds = time.perf_counter() - started
    graph.save_index(str(folder / "hnswlib"))
    graph.set_num_threads(1)
    size = (folder / "hnswlib").stat().st_size
    yield Made("hnswlib", size, seconds, lambda q, k: graph.knn_query(q, k)[0].astype(np.int64), graph.set_ef)

    for dtype in ("f32", "i8"):
        started = time.perf_counter()
        using = Index(ndim=d, metric="ip", dtype=dtype, connectivity=16, expansion_add=128)
        using.add(np.arange(n), vectors, threads=2)
        seconds = time.perf_counter() - started

        def set_effort(effort: int, using: Any = using) -> None:
            using.expansion_search = effort

        def search(queries: Vectors, k: int, using: Any = using) -> Any:
            return np.asarray(using.search(queries, k, threads=1).keys).reshape(len(queries), -1).astype(np.int64)

        yield Made(f"usearch {dtype}", using.serialized_length, seconds, search, set_effort)

    started = time.perf_counter()
    brute = NearestNeighbors(algorithm="brute", metric="cosine").fit(vectors)
    seconds = time.perf_counter() - started
    yield Made("scikit-learn", vectors.nbytes, seconds, lambda q, k: brute.kneighbors(q, k, return_distance=False))

    # Release 2.18 of autofaiss names a parameter that FAISS 1.15 takes by place alone.
    rotation = faiss.OPQMatrix
    faiss.OPQMatrix = lambda d, M=1, d2=-1: rotation(d, M, d2)  # type: ignore[misc,assignment]
    started = time.perf_counter()
    made, _ = build_index(
        np.ascontiguousarray(vectors),
        save_on_disk=False,
        max_index_memory_usage=f"{memory // 2**20}MB",
        current_memory_available="12GB",
        metric_type="ip",
        verbose=40,
        nb_cores=2,
    )
    seconds = time.perf_counter() - started
    faiss.omp_set_num_threads(1)
    faiss.write_index(made, str(folder / "autofaiss"))
    yield Made("autofaiss", (folder / "autofaiss").stat().st_size, seconds, lambda q, k: made.search(q, k)[1])


def recall_of(found: Rows, due: Rows) -> float:
    """The part of the K nearest that were found. found, due: (n, at least K)."""
    return float(np.mean([len(np.intersect1d(a[:K], b[:K])) / K for a, b in zip(found, due, strict=True)]))


def tune(made: Made, own: Vectors, due: Rows, wanted: float) -> None:
    """Set the least effort that reaches the wanted recall, or the largest."""
    for effort in EFFORTS if made.set_effort else ():
        assert made.set_effort
        made.set_effort(effort)
        if recall_of(made.search(own, DEPTH), due) >= wanted:
            return


def measure(made: Made, queries: Vectors, due: Rows) -> dict[str, Any]:
    """What a query takes, and what it finds."""
    ones = [queries[i : i + 1] for i in range(len(queries))]
    for one in ones:
        made.search(one, DEPTH)
    took = []
    for one in ones:
        started = time.perf_counter()
        made.search(one, DEPTH)
        took.append(time.perf_counter() - started)
    return {
        "index": made.name,
        "p50_ms": 1000 * statistics.median(took),
        "recall_at_50": recall_of(made.search(queries, DEPTH), due),
        "bytes": made.size,
        "build_seconds": made.seconds,
    }


def main() -> None:
    """Print a line for each index."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--recall", type=float, default=0.97)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    encoder = ENCODERS["multilingual"]
    with tempfile.TemporaryDirectory() as temporary:
        vectors = encoded(captions_of(SyntheticArchive(arguments.posts)), encoder, Path(temporary))
        queries = encoder.encode([*captions_of(SyntheticArchive(QUERIES, start=10**8))])
        mean = mean_of(vectors)
        stored, asked = centred(np.asarray(vectors), mean), centred(queries, mean)
        exact = faiss.IndexFlatIP(stored.shape[1])
        exact.add(stored)
        own = stored[np.random.default_rng(0).choice(len(stored), QUERIES, replace=False)]
        due, due_of_own = exact.search(asked, K)[1], exact.search(own, K)[1]
        del exact
        (Path(temporary) / "ours").mkdir()
        first = ours(vectors, arguments.recall, Path(temporary) / "ours")
        faiss.omp_set_num_threads(1)
        figures = [measure(first, queries, due)]
        show(figures[-1])
        for made in others(stored, first.size, Path(temporary)):
            tune(made, own, due_of_own, arguments.recall)
            figures.append(measure(made, asked, due))
            show(figures[-1])
    if arguments.json:
        print(json.dumps(figures))


def show(figures: dict[str, Any]) -> None:
    """One line."""
    print(
        f"{figures['index']:<24}{figures['p50_ms']:9.2f} ms {figures['recall_at_50']:7.3f} recall "
        f"{figures['bytes'] / 2**20:8.1f} MiB {figures['build_seconds']:8.1f} s to build",
        flush=True,
    )


if __name__ == "__main__":
    main()
