"""Homes that are refreshed often: captions alone, by an encoder that needs no weights."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from hashtag_recommender.assembly import build_index, open_recommender, read_posts
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.core.suggest_options import SuggestOptions
from hashtag_recommender.index.snapshots.snapshot import current_snapshot

from ...crash.scenes import use_words

HEADER = ["id", "text", "hashtags"]
SUBJECTS = {
    "sofa whiskers purring window nap": "cat pets catlife",
    "카페 라떼 창가 원두 케이크": "카페 cafe 라떼",
    "ridge summit boots fog tent": "hiking mountain outdoors",
    "crust oven flour starter dough": "bread baking sourdough",
}
WORDS = "today again slowly with friends early late quiet golden little old new long short bright".split()
QUERIES = [
    "purring on the sofa today",
    "카페 라떼 한 잔",
    "fog on the summit, golden",
    "new starter, old oven",
    "zeppelin",
]


@pytest.fixture(autouse=True)
def words_alone(monkeypatch):
    use_words(monkeypatch.setattr)


def make_rows(n, seed=0):
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        said, tags = list(SUBJECTS.items())[i % len(SUBJECTS)]
        text = [*rng.choice(said.split(), 3, replace=False), *rng.choice(WORDS, 4, replace=False), str(i)]
        labels = [tag for tag in tags.split() if rng.random() < 0.7] or tags.split()[:1]
        rows.append([str(i), " ".join(text), " ".join([*labels, *(["daily"] if rng.random() < 0.3 else [])])])
    return rows


def write_rows(path, rows):
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return path


def build(home, *sources):
    """A home built from scratch; returns its folder."""
    for source in sources:
        build_index(Home(Settings(home, encoders="compact")), read_posts(source))
    return home


def answers(home):
    """What a home suggests for the queries: hashtags with their scores."""
    recommender = open_recommender(home)
    options = SuggestOptions(count=6, raw=True)
    return [
        [(s.hashtag, round(s.score, 5)) for s in recommender.suggest(None, query, options=options).suggestions]
        for query in QUERIES
    ]


def contents(home):
    """The checksum of every file of the snapshot in service, and of which posts it is."""
    manifest = current_snapshot(home).manifest
    return {name: record.sha256 for name, record in manifest.files.items()}, dict(manifest.sources)


def serving(home):
    return current_snapshot(home).name


@pytest.fixture
def source(tmp_path):
    return write_rows(tmp_path / "posts.csv", make_rows(60))


@pytest.fixture
def home(source, tmp_path):
    return build(tmp_path / "home", source)


@pytest.fixture
def refresh(hashtag, home):
    """Run a refresh; returns exit code and report."""

    def run(*options, of=home):
        ran = hashtag("index", "refresh", "--home", of, "--json", *options)
        return ran.code, json.loads(ran.out), ran.err

    return run


def counts(report, place=0):
    return [report["sources"][place][name] for name in ("added", "updated", "removed", "unchanged")]


def files(folder):
    return {
        path: path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in (".sqlite-shm", ".sqlite-wal")
    }
