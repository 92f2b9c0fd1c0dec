"""What each kind of vector index costs and finds, on the channels of a synthetic archive, without anything around it.

    .venv/bin/python benchmarks/vector_indexes.py [--posts 100000] [--recall 0.97] [--folder FOLDER]

Of each dense channel of synthetic.py: comparison with every vector, inverted lists (`ivf`), and lists of product codes
(`ivf_pq`); of the captions: comparison with every caption that shares an n-gram, and pruned postings. Queries are
captions that are not in the archive, one after another on one thread; recall at 50 is against the first kind. Captions
and vectors are made once in FOLDER (default: a temporary one) and lie there for the next run.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from synthetic import ENCODERS, SyntheticArchive

from hashtag_recommender.core.pipeline import batches
from hashtag_recommender.core.post import Post
from hashtag_recommender.core.vectors import NO_ROW, Rows
from hashtag_recommender.index.snapshots.temporary_vectors import collect_vectors
from hashtag_recommender.index.vectors.registry import choose_index, read_index, write_index
from hashtag_recommender.index.vectors.spec import IndexLimits, IndexSpec
from hashtag_recommender.retrieval.encoders.ngrams import BUCKETS, NgramEncoder

QUERIES = 200
DEPTH = 200  # what a query with 100 neighbours asks of an index
K = 50


def captions_of(archive: SyntheticArchive) -> Iterator[str]:
    """The captions of all posts."""
    return (post.caption for post in archive.read() if isinstance(post, Post))


def encoded(captions: Iterator[str], encoder: Any, folder: Path) -> Any:
    """The vectors of all captions, which lie in the folder."""
    dimension = BUCKETS if encoder.sparse else encoder.fingerprint.dimension
    with collect_vectors(folder, dimension, encoder.sparse) as collected:
        for some in batches(captions, 10_000):
            collected.add(encoder.encode([encoder.prepare(caption) for caption in some]))
        return collected.all()


def compare(name: str, vectors: Any, queries: Any, specs: list[IndexSpec], recall: float, folder: Path) -> None:
    """Print a line for each index of some vectors; the first is exact."""
    due: Rows | None = None
    base = 0.0
    nbytes = vectors.nbytes if isinstance(vectors, np.ndarray) else 8 * vectors.nnz
    for spec in specs:
        with tempfile.TemporaryDirectory(dir=folder) as made:
            started = time.perf_counter()
            measured = write_index(spec, vectors, Path(made), recall)
            wrote = time.perf_counter() - started
            size = sum(file.stat().st_size for file in Path(made).iterdir())
            started = time.perf_counter()
            index = read_index(spec, Path(made))
            opened = time.perf_counter() - started
            ones = [queries[i : i + 1] for i in range(queries.shape[0])]
            for one in ones:  # reads what lies on a disk
                index.search(one, DEPTH)
            took = [_seconds(lambda one=one, index=index: index.search(one, DEPTH)) for one in ones]  # type: ignore[misc]
            batch = _seconds(lambda index=index: index.search(queries, DEPTH))  # type: ignore[misc]
            found = index.search(queries, K).rows
            due = found if due is None else due
            wanted = sum(np.count_nonzero(row != NO_ROW) for row in due)
            hits = sum(len(np.intersect1d(a[a != NO_ROW], b)) for a, b in zip(due, found, strict=True)) / wanted
            p50 = 1000 * statistics.median(took)
            base = base or p50
            print(
                f"{name:<13}{spec.kind:<15}{p50:8.2f} ms {p50 / base:6.3f} of exact {hits:7.3f} recall "
                f"{size / nbytes:6.3f} of raw  {1000 * batch / len(ones):7.2f} ms in a batch {wrote:7.1f} s to write "
                f"{opened:6.3f} s to open  {measured.effort:5} {measured.codes}",
                flush=True,
            )


def _seconds(function: Callable[[], object]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--recall", type=float, default=0.97)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    faiss.omp_set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        new = [*captions_of(SyntheticArchive(QUERIES, start=10**8))]
        text = folder / f"captions-{arguments.posts}.txt"
        if not text.exists():
            text.write_text("\n".join(captions_of(SyntheticArchive(arguments.posts))), encoding="utf-8")
        for name, encoder in (*ENCODERS.items(), ("lexical", NgramEncoder())):
            vectors = encoded(iter(text.read_text(encoding="utf-8").split("\n")), encoder, folder)
            queries = encoder.encode([encoder.prepare(caption) for caption in new])
            dimension = 0 if encoder.sparse else encoder.fingerprint.dimension
            chosen = choose_index(arguments.posts, dimension, encoder.sparse, IndexLimits(recall=arguments.recall))
            exact = IndexSpec("lexical" if encoder.sparse else "faiss")
            others = [] if encoder.sparse else [IndexSpec("ivf_pq", chosen.parameters)]
            kinds = [exact, chosen, *others] if chosen != exact else [exact]
            compare(name, vectors, queries, kinds, arguments.recall, folder)


if __name__ == "__main__":
    main()
