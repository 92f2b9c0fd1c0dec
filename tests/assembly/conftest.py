"""Archives of captions alone, and how answers about them are asked and read."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from hashtag_recommender.assembly import build_index, read_posts
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.assembly.refresh import build as build_module
from hashtag_recommender.core.post import normalise_hashtag
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.retrieval.encoders.profiles import EncoderSpec

HEADER = ["id", "text", "hashtags", "author", "posted_at"]
# What posts of each subject say, and which hashtags how many of them carry.
SUBJECTS = (
    ("sofa whiskers purring window nap", {"cat": 0.7, "cats": 0.5, "pets": 0.4, "f4f": 0.6}),
    ("카페 라떼 창가 원두 케이크", {"카페": 0.8, "cafe": 0.7, "라떼": 0.4, "맞팔": 0.7}),
    ("ridge summit boots fog tent", {"hiking": 0.8, "mountain": 0.6, "outdoors": 0.3}),
    ("crust oven flour starter dough", {"bread": 0.8, "baking": 0.6, "sourdough": 0.3}),
)
WORDS = "today again slowly with friends early late quiet golden little old new long short bright after before".split()
AUTHORS = ("mina", "준호", "", "lee")
CAT, CAFE = "sofa purring nap today", "카페 라떼 창가 오늘"


def make_rows(n, seed):
    """Posts of the four subjects in turn. Those about bread are of two years; hikers say #outdoors only of late."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        said, chances = SUBJECTS[i % 4]
        text = " ".join([*rng.choice(said.split(), 3, replace=False), *rng.choice(WORDS, 5, replace=False), str(i)])
        tags = [tag for tag, chance in chances.items() if rng.random() < chance] or [next(iter(chances))]
        tags += ["daily"] if rng.random() < 0.3 else []
        author = AUTHORS[rng.integers(4)]
        tags += ["minasworld"] if author == "mina" else []
        if i % 4 == 2:
            tags = [*(tag for tag in tags if tag != "outdoors"), *(["outdoors"] if i > n * 3 / 4 else ["oldtrail"])]
        posted = f"{2020 + 4 * i // n}-{1 + i % 12:02}-{1 + i % 28:02}" if i % 10 else ""
        rows.append([str(i), text, " ".join(tags), author, posted])
    return rows


def write_rows(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return path


def built(folder, rows):
    source = write_rows(folder / "posts.csv", rows)
    build_index(Home(Settings(folder / "home", encoders="compact")), read_posts(source, source="posts"))
    return folder / "home"


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """Of an archive that is large enough for the reranker. Not to be written to."""
    return built(tmp_path_factory.mktemp("large"), make_rows(260, 1))


@pytest.fixture(scope="session")
def small_home(tmp_path_factory):
    """Of an archive that keeps the vote, quick to build again. Not to be written to."""
    return built(tmp_path_factory.mktemp("small"), make_rows(60, 2))


@pytest.fixture
def large_copy(home, tmp_path):
    return Path(shutil.copytree(home, tmp_path / "home"))


@pytest.fixture
def copy(small_home, tmp_path):
    return Path(shutil.copytree(small_home, tmp_path / "home"))


@pytest.fixture
def rebuild(hashtag, tmp_path):
    """Build a home from rows again, under the name by which it knows them."""

    def build(home, rows=None):
        source = write_rows(tmp_path / "again.csv", rows or make_rows(60, 2))
        options = ["--source", "posts", "--encoders", "compact", "--json"]
        ran = hashtag("index", "build", source, "--home", home, *options)
        assert ran.code == 0, ran.err
        return json.loads(ran.out)

    return build


@pytest.fixture
def ask(hashtag):
    """The JSON of an answer."""

    def run(home, text, *words):
        ran = hashtag("suggest", "--text", text, "--home", home, "--json", *words)
        assert ran.code == 0, ran.err
        return json.loads(ran.out)

    return run


def tags(document):
    return [normalise_hashtag(entry["hashtag"]) for entry in document["hashtags"]]


def scores(document):
    return {normalise_hashtag(entry["hashtag"]): entry["score"] for entry in document["hashtags"]}


def removed(document):
    return {(entry["hashtag"], entry["step"]) for entry in document.get("removed", [])}


def refused(ran, complaint):
    """Whether a command ended as commands that fail do: one line that says what to do, and exit code 2."""
    assert (ran.code, len(ran.err.splitlines()), ran.out) == (2, 1, ""), ran
    assert complaint in ran.err
    return True


ZEPPELIN = ["--text", "a zeppelin over the lake", "--hashtags", "Zeppelin luftschiff"]


@pytest.fixture
def captions_encoder(monkeypatch):
    """One encoder, of captions, whose vectors are in the database, beside the n-grams: it is quick."""
    specs = [EncoderSpec("universal-sentence-encoder"), EncoderSpec("ngrams")]
    monkeypatch.setattr(build_module, "chosen_encoders", lambda settings: (specs, []))


@pytest.fixture
def source(tmp_path):
    """A file of posts of the four subjects."""
    return write_rows(tmp_path / "posts.csv", make_rows(60, 2))
