"""What a student for phones is worth: against full retrieval by photo alone, and against its bare backbone in time.

    .venv/bin/python benchmarks/student.py DATA [SET ...]

DATA is as for quality.py, and so is the split; SET is a set with photos. Index and student are made by the command line
from the training part, with the compact encoders; both are asked about the test posts that have a photo, without their
captions. The bare backbone is the student's own file, cut where the features of a photo are pooled; times are medians
of runs of one photo that take turns. Agreement with PyTorch is that before the file is quantised.
"""

import argparse
import csv
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from quality import HASHTAG, split

from hashtag_recommender.assembly import open_recommender
from hashtag_recommender.core.protocols import Recommender
from hashtag_recommender.core.query import Query
from hashtag_recommender.core.suggest_options import SuggestOptions
from hashtag_recommender.eval.measures.bootstrap import interval, micro_f1, paired_difference, resampled_micro_f1
from hashtag_recommender.eval.measures.metrics import Counts, judge
from hashtag_recommender.retrieval.student.recommender import StudentRecommender, see

SETS = ("recipes_en", "tweets_en")
K = 5
_RUNS = 60  # of one photo, of each model


def export(folder: Path, images: Path, limit: str) -> tuple[Path, Path, dict[str, Any]]:
    """Home and student of the training part, and what the command says of the student."""
    home, file = folder / "home", folder / "student.onnx"
    build = ["index", "build", folder / "train.csv", "--images", images, "--home", home, "--encoders", "compact"]
    subprocess.run([str(word) for word in [HASHTAG, *build]], check=True, stdout=subprocess.DEVNULL)
    words = ["export", "student", "--home", home, "--out", file, "--quantize", "int8", "--size-limit", limit, "--json"]
    told = subprocess.run([str(word) for word in [HASHTAG, *words]], check=True, stdout=subprocess.PIPE)
    return home, file, json.loads(told.stdout)


def with_photos(folder: Path, images: Path, truth: Sequence[Sequence[str]]) -> tuple[list[Query], list[Sequence[str]]]:
    """The test posts that have a photo, without captions, and their hashtags."""
    with (folder / "test.csv").open(encoding="utf-8", newline="") as file:
        photos = [row["image"] for row in csv.DictReader(file)]
    kept = [(Query("", (images / photo,)), own) for photo, own in zip(photos, truth, strict=True) if photo and own]
    return [query for query, _ in kept], [own for _, own in kept]


def counts(recommender: Recommender, queries: Sequence[Query], truth: Sequence[Sequence[str]]) -> Counts:
    """(n, 3): of each post its hits, suggestions, and own hashtags."""
    answers = recommender.suggest_batch(queries, SuggestOptions(count=K, raw=True))
    return judge([[found.hashtag for found in answer.suggestions] for answer in answers], truth).counts(K)


def bare_backbone(student: Path, path: Path) -> None:
    """The part of a student's file that makes features of a photo."""
    nodes = onnx.load(student).graph.node
    pooled = next(node for node in nodes if node.op_type in ("ReduceMean", "GlobalAveragePool"))
    onnx.utils.extract_model(str(student), str(path), ["photo"], [pooled.output[0]], check_model=False)


def times(models: Sequence[Path], photo: NDArray[np.uint8], threads: int) -> list[float]:
    """Milliseconds of one photo in each model. threads: 0 for what ONNX Runtime chooses."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    runs: list[Callable[[], Any]] = []
    for model in models:
        session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        runs.append(partial(session.run, None, {"photo": photo}))
    taken = np.zeros((_RUNS, len(models)))
    for turn in taken:
        for place, run in enumerate(runs):
            started = time.perf_counter()
            run()
            turn[place] = 1000 * (time.perf_counter() - started)
    return [float(median) for median in np.median(taken[_RUNS // 10 :], axis=0)]


def measure_set(data: Path, limit: str) -> None:
    """Print the figures of one set."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        truth = split(data / "posts.csv", folder)
        home, file, told = export(folder, data, limit)
        queries, own = with_photos(folder, data, truth)
        with open_recommender(home) as recommender:
            full = counts(recommender, queries, own)
        student = counts(StudentRecommender(file), queries, own)
        sure, ratios = paired_difference(student, full), resampled_micro_f1(student) / resampled_micro_f1(full)
        low, high = interval(ratios[np.isfinite(ratios)])
        print(f"{data.name}: {told['hashtags']} hashtags, {told['bytes'] / 1e6:.2f} MB, {len(queries)} test photos")
        print(f"  micro F1@{K}: student {micro_f1(student):.4f}, full retrieval {micro_f1(full):.4f}")
        print(f"  difference {sure.f1:+.4f} ({sure.low:+.4f} to {sure.high:+.4f})")
        print(f"  ratio {micro_f1(student) / micro_f1(full):.2f} ({low:.2f} to {high:.2f}; 95%, paired bootstrap)")
        bare = folder / "bare.onnx"
        bare_backbone(file, bare)
        photo = see(queries[:1], None).inputs["photo"]
        for threads, named in ((1, "1 thread"), (0, "default threads")):
            whole, part = times([file, bare], photo, threads)
            print(
                f"  one photo, {named}: student {whole:.1f} ms, bare backbone {part:.1f} ms, ratio {whole / part:.2f}"
            )
        agreement = told["agreement"]
        print(f"  ONNX Runtime - PyTorch, before 8 bits: {told['difference']:.1e} at most")
        stays, moved = agreement["overlap"], agreement["mean_difference"]
        print(f"  8 bits: {stays:.0%} of the likeliest stay, probabilities differ by {moved:.1e} on average")


def main() -> None:
    """Print the figures of every set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("sets", nargs="*", metavar="SET", default=list(SETS))
    parser.add_argument("--size-limit", default="10MB")
    arguments = parser.parse_args()
    for name in arguments.sets:
        measure_set(arguments.data / name, arguments.size_limit)


if __name__ == "__main__":
    main()
