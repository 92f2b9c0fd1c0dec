"""Small homes in which something is about to happen, and what must come of it. Captions only, no weights."""

import csv
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from hashtag_recommender.assembly.home import Home
from hashtag_recommender.assembly.suggest.recommender import recommender_of
from hashtag_recommender.core.errors import NoIndexError
from hashtag_recommender.core.protocols import Fingerprint
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.core.suggest_options import SuggestOptions
from hashtag_recommender.core.vectors import unit_rows
from hashtag_recommender.db.sqlite import default_path
from hashtag_recommender.index.snapshots.serving import serve
from hashtag_recommender.retrieval.encoders import profiles
from hashtag_recommender.retrieval.encoders.ngrams import NgramEncoder

SUBJECTS = {
    "sofa whiskers purring window nap": "cat pets",
    "카페 라떼 창가 원두 케이크": "카페 라떼",
    "ridge summit boots fog tent": "hiking outdoors",
    "crust oven flour starter dough": "bread baking",
}
QUERIES = ("purring on the sofa", "카페 라떼 한 잔", "fog on the summit", "a zeppelin", "sourdough starter, old oven")
EARLIER = "0002_needs_0.1.0"  # the revision of a database that an upgrade starts from

Rows = list[list[str]]


class WordEncoder:
    """Captions to the sum of a vector for each word, the same in every process. Counts what it has encoded."""

    channel = "sentence"
    modality = "text"
    sparse, stored = False, True
    languages = None
    batch_size = 8
    fingerprint = Fingerprint("words", "none", "1", 16, "")
    encoded = 0

    def prepare(self, content: str) -> str:
        return content

    def encode(self, prepared: Sequence[str]) -> np.ndarray:
        WordEncoder.encoded += len(prepared)
        return unit_rows(np.stack([sum(map(_vector, caption.split())) for caption in prepared]).astype(np.float32))

    def release(self) -> None:
        pass


def _vector(word):
    return np.random.default_rng(int(sha256(word.encode()).hexdigest()[:8], 16)).normal(size=16)


def use_words(put: Callable = setattr) -> None:
    """From here on the compact encoders are words and n-grams. put: such as `monkeypatch.setattr`."""
    made = {"sentence": WordEncoder, "ngrams": NgramEncoder}
    put(profiles, "_COMPACT", [profiles.EncoderSpec("sentence", "words"), profiles.EncoderSpec("ngrams")])
    put(profiles, "make_encoder", lambda spec, *_: made[spec.kind]())


def make_rows(n: int = 20) -> Rows:
    """Posts on four subjects: id, text, hashtags, author."""
    rng = np.random.default_rng(0)
    rows = []
    for i in range(n):
        said, tags = list(SUBJECTS.items())[i % len(SUBJECTS)]
        rows.append([str(i), " ".join([*rng.permutation(said.split())[:3], f"day {i}"]), tags, "mina" if i < 3 else ""])
    return rows


def write_rows(path: Path, rows: Rows) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", "text", "hashtags", "author"], *rows])
    return path


@dataclass(frozen=True)
class Content:
    """What a home holds. suggestions: of the snapshot that answers; None where none does. posts: of the database."""

    suggestions: str | None
    posts: tuple


def content_of(home: Path) -> Content:
    posts = posts_of(home)  # first, as asking for suggestions upgrades the database
    return Content(suggestions_of(home), posts)


def suggestions_of(home: Path) -> str | None:
    """All that a home suggests, to the last digit, with its evidence, and what its snapshot holds."""
    try:
        served = serve(home)
    except NoIndexError:
        return None
    with recommender_of(Home(Settings(home))) as recommender:
        asked = [recommender.suggest(None, query, options=SuggestOptions(count=9, raw=True)) for query in QUERIES]
    archive = served.snapshot.archive
    told = [[suggestion.to_json(explain=True) for suggestion in answer.suggestions] for answer in asked]
    names = [list(table) for table in (archive.hashtags, archive.shown, archive.authors)]
    held = (names, [part.tolist() for part in archive.labels])
    archive.close()
    return repr((told, held))


def posts_of(home: Path) -> tuple:
    """The database's posts by plain SQL, which upgrades nothing; it is whole by SQLite's own check.

    Not read-only: who was killed may have left a journal, which whoever comes next rolls back.
    """
    file = default_path(home)
    if not file.exists():
        return ()
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'post'").fetchone():
            return ()
        wanted = "SELECT source, post_id, caption, hashtags, author FROM post WHERE removed_at IS NULL ORDER BY 1, 2"
        return tuple(connection.execute(wanted))


def copy_home(home: Path, target: Path) -> Path:
    """A copy to be written to; the files of snapshots, which nobody ever changes, are links."""

    def place(source, copied):
        link = Path(source).is_relative_to(home / "snapshots")
        return Path(copied).hardlink_to(source) if link else shutil.copy2(source, copied)

    if home.exists():
        shutil.copytree(home, target, copy_function=place)
    return target
