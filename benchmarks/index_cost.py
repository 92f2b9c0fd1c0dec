"""What an index costs: learning as a part of building it, voting and reranking a query, and refreshing it.

    .venv/bin/python benchmarks/index_cost.py DATA [--posts 10000] [--queries 200]

DATA holds cafe_ko, whose captions and hashtags are taken, and tweets_en, of whose photos each post gets a cut of its
own, so that every photo has to be encoded. Of the build every stage is timed. Queries are asked twice, one at a time;
the second time, which is timed, encoders only remember. Refreshes are whole processes, imports included: first nothing
has changed, then one post in a hundred, of which a third each is new, has another caption and photo, and is gone.
"""

import argparse
import csv
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from build_cost import HASHTAG
from build_cost import run as run_timed
from PIL import Image

from hashtag_recommender.assembly import build_index, read_posts
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.assembly.suggest.recommender import recommender_of
from hashtag_recommender.core.progress import Silent, Stage
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.core.suggest_options import SuggestOptions
from hashtag_recommender.index.snapshots.snapshot import current_snapshot
from hashtag_recommender.retrieval import recommender as recommender_module
from hashtag_recommender.retrieval.encoders.caching import CachingEncoder
from hashtag_recommender.retrieval.reranking.reranker import Reranker
from hashtag_recommender.retrieval.voting.fusion import fuse

Rows = list[dict[str, str]]


class Timed(Silent):
    """Progress that notes how long each stage took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str, total: int | None) -> Iterator[Stage]:
        """See `Progress.stage`."""
        started = time.perf_counter()
        with super().stage(name, total) as stage:
            yield stage
        self.seconds[name] = time.perf_counter() - started


class Stopwatch:
    """Adds up the time that functions take."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, timed."""

        def timed(*arguments: Any, **named: Any) -> Any:
            started = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                self.seconds += time.perf_counter() - started

        return timed


def write_posts(data: Path, folder: Path, n: int) -> Rows:
    """n posts with captions and hashtags of one set; into the folder, photos cut out of those of another."""
    with (data / "cafe_ko" / "posts.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[:n]
    photos = sorted((data / "tweets_en" / "images").iterdir())
    rng = np.random.default_rng(0)
    posts = []
    for i, row in enumerate(rows):
        with Image.open(photos[i % len(photos)]) as opened:
            photo = opened.convert("RGB")
        left, top = (int(rng.integers(1 + side // 4)) for side in photo.size)
        photo.crop((left, top, left + photo.width * 3 // 4, top + photo.height * 3 // 4)).save(folder / f"{i}.jpg")
        posts.append({"id": str(i), "image": f"{i}.jpg", "text": row["text"], "hashtags": row["hashtags"]})
    return posts


def write_table(path: Path, posts: Rows) -> None:
    """Posts as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, ["id", "image", "text", "hashtags"])
        table.writeheader()
        table.writerows(posts)


def time_build(archive: Path, home: Path) -> float:
    """Build, and print what every stage took. Returns the seconds of all."""
    progress, started = Timed(), time.perf_counter()
    build_index(Home(Settings(home, encoders="compact")), read_posts(archive), progress)
    whole = time.perf_counter() - started
    for name, seconds in progress.seconds.items():
        print(f"{name:<32} {seconds:7.1f} s")
    learning = progress.seconds["Training on the archive"]
    print(f"{'the whole build':<32} {whole:7.1f} s\nlearning / build: {learning / whole:.3f}", flush=True)
    return whole


def time_queries(home: Path, queries: list[tuple[Path, str]]) -> None:
    """Print what voting and reranking take, and all of a query but its encoding."""
    ranking, whole_query, ranked = Stopwatch(), Stopwatch(), []
    setattr(recommender_module, "fuse", ranking.around(fuse))  # noqa: B010 - the name by which it is called there
    Reranker.rank = ranking.around(Reranker.rank)  # type: ignore[method-assign]
    opened = Home(Settings(home))
    channels = current_snapshot(home).manifest.channels
    cached = {record.channel: CachingEncoder(opened.encoder(record)) for record in channels if record.vectors}
    recommender = recommender_of(Home(opened.settings, cached))
    options = SuggestOptions(count=5)
    for photo, text in queries:
        recommender.suggest(photo, text, options=options)
    suggest = whole_query.around(recommender.suggest)
    for photo, text in queries:
        before = ranking.seconds
        suggest(photo, text, options=options)
        ranked.append(ranking.seconds - before)
    print(f"voting and reranking a query: median {1000 * statistics.median(ranked):.1f} ms")
    print(
        f"with search and evidence, encoding apart: mean {1000 * whole_query.seconds / len(queries):.1f} ms", flush=True
    )


def time_refreshes(archive: Path, home: Path, rows: Rows, spare: Rows, build: float) -> None:
    """Print what refreshes take, also as parts of the build. spare: as many posts as will be new, and again."""
    third = len(spare) // 2
    unchanged, _ = run_timed(HASHTAG, "index", "refresh", "--home", home)
    print(f"refresh with nothing changed: {unchanged:.1f} s, {unchanged / build:.3f} of the build", flush=True)
    edited = [
        row | {"text": f"{row['text']} edited", "image": new["image"]}
        for row, new in zip(rows[:third], spare[third:], strict=True)
    ]
    write_table(archive, [*edited, *rows[2 * third :], *spare[:third]])
    changed, _ = run_timed(HASHTAG, "index", "refresh", "--home", home)
    print(f"refresh with {3 * third} posts changed: {changed:.1f} s, {changed / build:.3f} of the build", flush=True)


def main() -> None:
    """Print all of these."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--queries", type=int, default=200)
    arguments = parser.parse_args()
    n, third = arguments.posts, max(1, arguments.posts // 300)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        archive, home = folder / "posts.csv", folder / "home"
        rows = write_posts(arguments.data, folder, n + 2 * third + arguments.queries)
        write_table(archive, rows[:n])
        build = time_build(archive, home)
        time_refreshes(archive, home, rows[:n], rows[n : n + 2 * third], build)
        time_queries(home, [(folder / row["image"], row["text"]) for row in rows[n + 2 * third :]])


if __name__ == "__main__":
    main()
