"""What an index of n posts costs: building it, opening it, one query and batches of them, beside an exact scan.

    .venv/bin/python benchmarks/scale.py [--posts 100000] [--folder FOLDER] [--refresh] [--json]

The posts are synthetic (see synthetic.py): captions of real length, 12 hashtags in the mean, and two dense channels of
512 and 384 dimensions. The index is built as `hashtag index build` does, into a home in FOLDER (default: a temporary
one), and opened as `hashtag suggest` does. A query has a caption and no photo; its encoding is left out of all times
but that of the build. An exact scan is that of one query in both dense channels by FAISS. With --refresh the index is
refreshed at the end: a third each of one post in a hundred is new, has another caption, and is gone. All posts are
read again, by the archive's reader. With --json the last line is one JSON object with all figures.
"""

import argparse
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from index_cost import Timed
from synthetic import ENCODERS, SyntheticArchive

from hashtag_recommender.assembly.home import Home
from hashtag_recommender.assembly.refresh.build import build_channels, origin_of, plan_channels
from hashtag_recommender.assembly.refresh.checks import check_soundness
from hashtag_recommender.assembly.refresh.engines import embedding_engine
from hashtag_recommender.assembly.refresh.training import CarryOver
from hashtag_recommender.assembly.suggest.recommender import recommender_of
from hashtag_recommender.core.post import Post
from hashtag_recommender.core.protocols import PostStore
from hashtag_recommender.core.query import Query
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.core.suggest_options import SuggestOptions
from hashtag_recommender.index.snapshots.build import ChannelPlan, Draft, embed
from hashtag_recommender.index.snapshots.build import build as build_snapshot
from hashtag_recommender.index.snapshots.snapshot import Snapshot, current_snapshot, serving_snapshot
from hashtag_recommender.index.vectors.faiss_index import FaissIndex, write_exact
from hashtag_recommender.index.vectors.registry import read_index
from hashtag_recommender.retrieval.encoders.caching import CachingEncoder
from hashtag_recommender.retrieval.encoders.ngrams import NgramEncoder
from hashtag_recommender.retrieval.encoders.profiles import EncoderSpec

QUERIES = 200
DEPTH = 200  # what a query with 100 neighbours asks of an index
K = 50


def milliseconds(function: Callable[[Any], object], of: Sequence[Any]) -> float:
    """The median of what a function takes, one after another."""
    took = []
    for one in of:
        started = time.perf_counter()
        function(one)
        took.append(time.perf_counter() - started)
    return 1000 * statistics.median(took)


def build(posts: int, folder: Path) -> tuple[Home, float]:
    """The home of an index of so many posts, and the seconds that building it took."""
    ngrams = NgramEncoder()
    encoders = {**ENCODERS, ngrams.channel: ngrams}
    home, progress = Home(Settings(folder / "home"), encoders), Timed()
    started = time.perf_counter()
    build_channels(home, plan(home), SyntheticArchive(posts), progress)
    seconds = time.perf_counter() - started
    for name, took in progress.seconds.items():
        print(f"  {name:<36}{took:9.1f} s")
    print(f"  {'the whole build':<36}{seconds:9.1f} s", flush=True)
    return home, seconds


def plan(home: Home) -> list[ChannelPlan]:
    """The channels of a home."""
    limits = plan_channels([EncoderSpec("ngrams")], home.settings)[0].limits
    return [ChannelPlan(encoder, {"kind": channel}, limits) for channel, encoder in home._given.items()]


def search_dense(home: Home, snapshot: Snapshot, captions: Sequence[str], folder: Path) -> dict[str, float]:
    """What a query takes in both dense channels, approximate and exact, and the recall of the former at 50."""
    figures = {"dense_p50_ms": 0.0, "exact_p50_ms": 0.0, "recall_at_50": 1.0, "index_bytes": 0, "raw_bytes": 0}
    for record in snapshot.manifest.channels:
        if record.channel not in ENCODERS:
            continue
        channel = snapshot.folder / record.channel
        queries = ENCODERS[record.channel].encode(captions)
        plan = ChannelPlan(ENCODERS[record.channel], {})
        with home.database() as database:
            stored = database.posts.vectors(plan.encoder.fingerprint, "text")
            vectors = np.concatenate([some for _, some in stored])
        scan = folder / f"exact-{record.channel}"
        scan.mkdir(exist_ok=True)
        write_exact(vectors, scan, 1)
        index, exact = read_index(record.index, channel), FaissIndex.read(scan)
        ones = [queries[i : i + 1] for i in range(len(queries))]
        found, due = index.search(queries, K), exact.search(queries, K)
        recall = np.mean([len(np.intersect1d(a, b)) / K for a, b in zip(found.rows, due.rows, strict=True)])
        figures["recall_at_50"] = min(figures["recall_at_50"], float(recall))
        figures["dense_p50_ms"] += milliseconds(partial(index.search, k=DEPTH), ones)
        figures["exact_p50_ms"] += milliseconds(partial(exact.search, k=DEPTH), ones[:50])
        figures["index_bytes"] += sum(file.stat().st_size for file in channel.iterdir())
        figures["raw_bytes"] += vectors.nbytes
    return figures


def suggest(home: Home, captions: Sequence[str]) -> dict[str, float]:
    """What opening takes, one query through all channels, and batches of them, encoding apart."""
    cached = {channel: CachingEncoder(encoder) for channel, encoder in home._given.items()}
    asked = Home(home.settings, cached)
    started = time.perf_counter()
    recommender = recommender_of(asked)
    figures = {"load_seconds": time.perf_counter() - started}
    options, queries = SuggestOptions(count=5), [Query(caption=caption) for caption in captions]
    recommender.suggest_batch(queries, options)  # encodes them
    figures["p50_ms"] = milliseconds(lambda query: recommender.suggest_batch([query], options), queries)
    figures["single_per_second"] = 1000 / figures["p50_ms"]
    started = time.perf_counter()
    recommender.suggest_batch(queries, options)
    figures["batch_per_second"] = len(queries) / (time.perf_counter() - started)
    return figures


def a_day_later(posts: int) -> Iterator[Post]:
    """The archive in which of 300 posts one is gone, one has another caption, and one is new."""
    for i, post in enumerate(SyntheticArchive(posts).read()):
        if isinstance(post, Post) and i % 300:
            yield replace(post, caption=f"{post.caption} edited") if i % 300 == 1 else post
    yield from (post for post in SyntheticArchive(posts // 300, start=10**7).read() if isinstance(post, Post))


def refresh(home: Home, posts: int) -> dict[str, float]:
    """The seconds that a refresh takes, and their parts on the terminal."""
    progress, started = Timed(), time.perf_counter()
    with home.run("index refresh"), home.database_to_write() as database, embedding_engine(home.settings) as engine:
        store, serving = database.posts, serving_snapshot(home.folder)
        assert serving is not None
        plans = plan(home)
        ingested = store.ingest(SyntheticArchive.source, a_day_later(posts))
        progress.seconds["Taking posts in"] = time.perf_counter() - started
        embed(store, plans, progress, engine)
        origin = origin_of(database)
        learner = CarryOver(database, (), serving, origin.program, home.settings.thresholds.relearn_after)
        build_snapshot(home.folder, store, plans, learner, origin, progress, lambda draft: check(draft, store))
    seconds = time.perf_counter() - started
    print(f"  refresh with {ingested.added} posts new, {ingested.updated} changed, {ingested.removed} gone")
    for name, took in progress.seconds.items():
        print(f"  {name:<36}{took:9.1f} s")
    return {"refresh_seconds": seconds}


def check(draft: Draft, store: PostStore) -> None:
    """Raises AssertionError if a refresh made what `hashtag index refresh` would not publish."""
    assert all(gate.passed for gate in check_soundness(draft, store))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--refresh", action="store_true")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        home, seconds = build(arguments.posts, folder)
        figures: dict[str, float] = {"build_seconds": seconds}
        figures["peak_rss_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        new = SyntheticArchive(QUERIES, start=10**8)
        captions = [post.caption for post in new.read() if isinstance(post, Post)]
        figures |= suggest(home, captions)
        figures |= search_dense(home, current_snapshot(folder / "home"), captions, folder)
        if arguments.refresh:
            figures |= refresh(home, arguments.posts)
    for name, figure in figures.items():
        print(f"{name:<20}{figure:16,.3f}")
    if arguments.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
