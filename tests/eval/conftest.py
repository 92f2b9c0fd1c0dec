from hashlib import sha256

import numpy as np
import pytest
from PIL import Image

from hashtag_recommender.core.post import Photo, Post
from hashtag_recommender.core.protocols import Fingerprint
from hashtag_recommender.core.vectors import unit_rows
from hashtag_recommender.eval.reporting.report import build_report
from hashtag_recommender.eval.runs.run import Trial, pooled, run
from hashtag_recommender.eval.systems.baselines import Ceiling, Popularity
from hashtag_recommender.eval.systems.references.co_occurrence import CoOccurrence
from hashtag_recommender.eval.systems.system import Curve, Epoch, Fitted, Scored

WORDS = ("cat", "pet", "sea", "sun", "cute", "beach", "boat", "new", "other")


class WordEncoder:
    """A dense channel: one dimension for each word that it knows."""

    channel = "sentence"
    modality = "text"
    sparse, stored = False, True
    languages = None
    batch_size = 2
    fingerprint = Fingerprint("words", "none", "1", len(WORDS), "none")

    def prepare(self, content):
        return content.casefold()

    def encode(self, prepared):
        return unit_rows(np.array([[text.count(word) for word in WORDS] for text in prepared], dtype=np.float32))

    def release(self):
        pass


@pytest.fixture(scope="session")
def words():
    return WordEncoder()


@pytest.fixture
def make_posts():
    """Posts from their hashtags, apart by spaces; captions and all else by keyword, one for each post."""

    def make(*hashtags, **others):
        rows = [dict(zip(others, values, strict=True)) for values in zip(*others.values(), strict=True)]
        return [
            Post("test", str(place), row.pop("caption", ""), tuple(tags.split()), **row)
            for place, (tags, row) in enumerate(zip(hashtags, rows or [{} for _ in hashtags], strict=True))
        ]

    return make


class Told:
    """A system that gives prepared answers, and as many of them as score at least a half where the number is free."""

    def __init__(self, name, kind, answers, auto=False, curves=(), notes=()):
        self.name, self.kind, self.auto = name, kind, auto
        self._answers, self._fitted = answers, Fitted(notes, curves)

    def fit(self, posts, validation, progress):
        return self._fitted

    def suggest(self, queries, count):
        return [[one for one in answer if count or one.score >= 0.5][:count] for answer in self._answers]


HOSTILE = "<script>alert('&')</script>"


@pytest.fixture
def evaluated(make_posts, tmp_path):
    """A trial of 12 posts in many letters, what five systems of all kinds made of it, and the report."""
    Image.new("RGB", (900, 600), "teal").save(tmp_path / "photo.jpg")
    photo = Photo(tmp_path / "photo.jpg", sha256((tmp_path / "photo.jpg").read_bytes()).hexdigest())
    (tmp_path / "torn.jpg").write_bytes(b"\xff\xd8 torn")
    torn = Photo(tmp_path / "torn.jpg", sha256(b"\xff\xd8 torn").hexdigest())
    train = make_posts("cat 고양이", "cat 카페", "sea 여행", "cat sea")
    test = make_posts(
        *["Cat 고양이", "sea unseen", "카페 cat"] * 4,
        caption=[HOSTILE, "우리 집 막내 😺", "日本の海"] * 4,
        photos=[(photo,), (torn,), ()] * 4,
    )
    trial = Trial(train, make_posts("sea boat"), test)
    ours = [[Scored("cat", 0.9), Scored("고양이", 0.6), Scored("sea", 0.2)], [Scored("sea", 0.7)], [Scored("cat", 0.5)]]
    theirs = [[Scored("cat", 7.0)], [Scored("boat", 3.0)], [Scored("카페", 2.0), Scored("sea", 1.0)]]
    epochs = [Epoch(0.7, 0.8, 0.1), Epoch(0.4, 0.6, 0.3), Epoch(0.2, 0.7, 0.2)]
    curves = (Curve({"learning_rate": 0.001}, epochs, 1, True), Curve({"learning_rate": 0.1}, epochs[:2], 0, False))
    network = Told(HOSTILE, "network", theirs * 4, curves=curves, notes=(f"read {HOSTILE}",))
    results = [
        run(Popularity(), trial),
        run(Told("ours", "retrieval", ours * 4, auto=True), trial),
        pooled([run(network, trial), run(network, trial)]),
        run(CoOccurrence(), trial),
        run(Ceiling(trial.test), trial),
    ]
    split = {"origin": "group", "train": 4, "validation": 1, "test": 12, "leaks": 2}
    split |= {"test_digest": "0" * 64, "test_posts_digest": "1" * 64}
    return trial, results, build_report(trial, results, split=split, dataset=f"cats {HOSTILE}", spam=set())
