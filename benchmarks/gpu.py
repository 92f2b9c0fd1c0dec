"""What a GPU gives: photos encoded a second, and searches of dense vectors, beside the same on the CPU, in one call.

    .venv/bin/python benchmarks/gpu.py [--vectors 1000000 10000000] [--photos 2000] [--models NAME ...] [--json]

Photos: JPEG files of 1024 x 768 pixels in memory, models of open_clip with random weights, which take the same time as
trained ones. Three figures: decoding and resizing alone, on all cores; the bare model on photos that are ready; and the
encoder as a build runs it, decoding meanwhile. The smaller of the first two is the limit of the third. Vectors: 512
dimensions, in clusters; comparison with every vector, and inverted lists of codes of one byte, of which as many are
searched as reach a recall of .97 at 50; on all GPUs if there are any, and on the CPU. Without a GPU, the CPU alone.
"""

import argparse
import io
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from PIL import Image

from hashtag_recommender.core.pipeline import encode_stream
from hashtag_recommender.core.vectors import Rows, Vectors
from hashtag_recommender.retrieval.encoders.open_clip_tower import OpenClipEncoder

MODELS = ("ViT-B-16-SigLIP2", "ViT-B-32")
DIMENSION, QUERIES, K, RECALL = 512, 1000, 50, 0.97
AT_ONCE = 100_000  # vectors that are made and added at once
IN_CLUSTER, SPREAD = 200, 0.7  # vectors of one centre, and the length of what each has of its own, beside 1


def seconds(function: Callable[[], object]) -> float:
    """What one call takes."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def make_photos(n: int) -> list[bytes]:
    """n JPEG files, of which some are the same."""
    rng = np.random.default_rng(0)
    made = []
    for _ in range(min(n, 64)):
        coarse = Image.fromarray(rng.integers(0, 256, size=(24, 32, 3), dtype=np.uint8))
        file = io.BytesIO()
        coarse.resize((1024, 768), Image.Resampling.BICUBIC).save(file, "JPEG", quality=88)
        made.append(file.getvalue())
    return [made[i % len(made)] for i in range(n)]


def encode(name: str, photos: list[bytes], folder: Path) -> dict[str, Any]:
    """Photos a second of one model."""
    import open_clip
    from safetensors.torch import save_file

    weights = folder / f"{name}.safetensors"
    state = open_clip.create_model(name, pretrained=None).state_dict()
    save_file({key: value.clone().contiguous() for key, value in state.items()}, str(weights))
    encoder = OpenClipEncoder(name, str(weights))
    size = encoder.batch_size
    with ThreadPoolExecutor() as pool:
        ready = list(pool.map(encoder.prepare, photos[:size]))
        decoding = seconds(lambda: list(pool.map(encoder.prepare, photos)))
    for _ in range(3):
        encoder.encode(ready)
    batches = max(1, len(photos) // size)
    bare = seconds(lambda: [encoder.encode(ready) for _ in range(batches)])
    whole = seconds(lambda: list(encode_stream(encoder, enumerate(photos))))
    return {
        "model": name,
        "decoded_per_second": len(photos) / decoding,
        "bare_model_per_second": batches * size / bare,
        "encoded_per_second": len(photos) / whole,
    }


def clustered(start: int, n: int, centres: Vectors) -> Vectors:
    """n vectors of length 1 about centres."""
    rng = np.random.default_rng([3, start])
    own = rng.standard_normal((n, DIMENSION), dtype=np.float32) * np.float32(SPREAD / np.sqrt(DIMENSION))
    vectors = centres[rng.integers(len(centres), size=n)] + own
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def parts(n: int, centres: Vectors) -> Iterator[Vectors]:
    """n vectors, some at a time."""
    for start in range(0, n, AT_ONCE):
        yield clustered(start, min(AT_ONCE, n - start), centres)


def search(n: int) -> Iterator[dict[str, Any]]:
    """Queries a second and recall of both kinds of index of n vectors, on each kind of machine there is."""
    centres = np.random.default_rng(1).standard_normal((max(1, n // IN_CLUSTER), DIMENSION), dtype=np.float32)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    queries = clustered(10**9, QUERIES, centres)
    lists = 2 ** round(np.log2(4 * np.sqrt(n)))
    gpus = faiss.get_num_gpus()
    quantizer = train_lists(lists, centres, n, gpus > 0)
    code = faiss.ScalarQuantizer.QT_8bit
    made: list[tuple[str, Any]] = [
        ("exact", faiss.IndexFlatIP(DIMENSION)),
        ("ivf", faiss.IndexIVFScalarQuantizer(quantizer, DIMENSION, lists, code, faiss.METRIC_INNER_PRODUCT)),
    ]
    due: Rows | None = None
    for kind, index in made:
        index.train(clustered(2 * 10**9, 65_536, centres))
        for part in parts(n, centres):
            index.add(part)
        devices = [("GPU", faiss.index_cpu_to_all_gpus(index))] if gpus else []
        for device, placed in [*devices, ("CPU", index)]:
            some = queries if kind == "ivf" or device == "GPU" else queries[:100]
            due = placed.search(queries, K)[1] if due is None else due
            recall, probes = least_probes(placed, queries, due, lists) if kind == "ivf" else (1.0, None)
            placed.search(some, K)
            took = seconds(lambda placed=placed, some=some: placed.search(some, K))  # type: ignore[misc]
            yield {
                "vectors": n,
                "index": kind,
                "device": device,
                "queries_per_second": len(some) / took,
                "recall_at_50": recall,
                "lists_searched": probes,
            }


def train_lists(lists: int, centres: Vectors, n: int, gpu: bool) -> Any:
    """The centres of lists."""
    made: Any = faiss
    kmeans = made.Kmeans(DIMENSION, lists, niter=8, spherical=True, seed=1, min_points_per_centroid=1, gpu=gpu)
    kmeans.train(clustered(3 * 10**9, min(n, 40 * lists), centres))
    quantizer = faiss.IndexFlatIP(DIMENSION)
    quantizer.add(kmeans.centroids)
    return quantizer


def least_probes(index: Any, queries: Vectors, due: Rows, lists: int) -> tuple[float, int]:
    """The recall with the least number of lists that reaches RECALL, and that number."""
    recall, probes = 0.0, 1
    while True:
        set_probes(index, probes)
        found = index.search(queries, K)[1]
        recall = float(np.mean([len(np.intersect1d(a, b)) / K for a, b in zip(found, due, strict=True)]))
        if recall >= RECALL or probes >= min(lists, 2048):
            return recall, probes
        probes = min(2 * probes, lists)


def set_probes(index: Any, probes: int) -> None:
    """On whatever device."""
    made: Any = faiss
    space = made.GpuParameterSpace() if faiss.get_num_gpus() else faiss.ParameterSpace()
    space.set_index_parameter(index, "nprobe", probes)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vectors", type=int, nargs="*", default=[1_000_000, 10_000_000])
    parser.add_argument("--photos", type=int, default=2000)
    parser.add_argument("--models", nargs="*", default=MODELS)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    print(f"{faiss.get_num_gpus()} GPU(s)", flush=True)
    figures: dict[str, Any] = {"gpus": faiss.get_num_gpus(), "encoding": [], "search": []}
    with tempfile.TemporaryDirectory() as folder:
        photos = make_photos(arguments.photos)
        for name in arguments.models:
            figures["encoding"].append(encode(name, photos, Path(folder)))
            print(" ".join(f"{key} {value}" for key, value in figures["encoding"][-1].items()), flush=True)
    for n in arguments.vectors:
        for line in search(n):
            figures["search"].append(line)
            print(" ".join(f"{key} {value}" for key, value in line.items()), flush=True)
    if arguments.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
