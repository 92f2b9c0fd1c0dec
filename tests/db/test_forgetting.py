"""Forgetting an author: nothing of theirs stays, and nothing comes back."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pytest

from hashtag_recommender.core.advice import Advice
from hashtag_recommender.core.errors import DatabaseError, NotFoundError, SettingsError, SourceError
from hashtag_recommender.core.feedback import Judgement
from hashtag_recommender.core.post import ADDED, Photo, Post, Reject, caption_digest
from hashtag_recommender.core.protocols import Fingerprint
from hashtag_recommender.db import engine as engine_module
from hashtag_recommender.db.database import Database, open_database
from hashtag_recommender.db.engine import default_url, reading, writing
from hashtag_recommender.db.rejects import Rejects
from hashtag_recommender.db.store import SqlPostStore, open_store

Make = Callable[..., Post]
ENCODER = Fingerprint("model", "weights", "revision", 1, "preprocessing")
OTHER = replace(ENCODER, weights="others")
NOW = datetime(2026, 11, 21, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("small_pages")


@dataclass(frozen=True)
class Given:
    """A source whose entries are told."""

    entries: Sequence[Post | Reject]
    source: str = "src"
    advice: Advice = Advice("do", "do that")

    def notes(self) -> Sequence[str]:
        return ()

    def read(self) -> Iterator[Post | Reject]:
        yield from self.entries


def by(author: str | None, post: Post) -> Post:
    return replace(post, author=author)


def ids(store: SqlPostStore) -> list[str]:
    return [stored.post.post_id for stored in store.posts()]


def test_all_posts_of_the_author_are_deleted(store: SqlPostStore, make_post: Make) -> None:
    mine = [by("me", make_post(i, "x", "tag", photo=i)) for i in "abcde"]
    store.ingest("src", [*mine, by("you", make_post("f", "x", "tag")), by(None, make_post("g", "x", "tag"))])
    store.ingest("src", [*mine[1:], by("you", make_post("f", "x", "tag")), by(None, make_post("g", "x", "tag"))])
    store.ingest("two", [by("me", make_post("h", "x", "tag", source="two")), make_post("i", "x", "tag", source="two")])
    store.add(by("me", make_post("j", "x", "tag", source=ADDED)))
    store.set_unreadable({"b" * 64: "truncated"})
    assert store.forgotten() == frozenset()
    assert store.forget_author("me") == 7, "those that are removed or set aside included"
    assert ids(store) == ["f", "g", "i"]
    with reading(store._engine) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM post").scalar() == 3
    assert len(store.forgotten()) == 1


def test_vectors_stay_only_for_what_another_post_has(store: SqlPostStore, make_post: Make) -> None:
    posts = [by("me", make_post(i, f"caption {i}", photo=i)) for i in "abc"]
    posts += [by("you", make_post("d", "caption a", photo="b")), by(None, make_post("e", "caption e", photo="e"))]
    store.ingest("src", [replace(posts[0], caption="before it was edited"), *posts[1:]])
    captions = ["caption a", "caption b", "caption c", "caption e", "before it was edited"]
    digests = [*(i * 64 for i in "abce"), *(str(caption_digest(caption)) for caption in captions)]
    store.ingest("src", posts)
    for encoder in (ENCODER, OTHER):
        store.save_vectors(encoder, digests, np.ones((len(digests), 1), np.float32))
    store.forget_author("me")
    for encoder in (ENCODER, OTHER):
        kept = {"b" * 64, "e" * 64, caption_digest("caption a"), caption_digest("caption e")}
        assert set(store.vectors_of(encoder, digests)) == kept


def test_feedback_goes_with_what_no_other_post_has(database: Database, make_post: Make) -> None:
    posts = [by("me", make_post(i, f"caption {i}", photo=i)) for i in "abc"]
    database.posts.ingest("src", [*posts, by("you", make_post("d", "caption a", photo="b"))])

    def judgement(hashtag: str, caption: str = "", photo: str = "") -> Judgement:
        judged = tuple(Photo(Path(f"/{one}.jpg"), one * 64) for one in photo)
        return Judgement(hashtag, "accept", 0.5, "snap", caption, judged, NOW)

    database.feedback.record(
        [
            judgement("gone1", "caption c", "c"),
            judgement("gone2", "caption b"),
            judgement("gone3", "another caption", "a"),
            judgement("kept1", "caption a"),
            judgement("kept2", "caption a", "b"),
            judgement("kept3", "", "b"),
            judgement("kept4", "never posted", "f"),
        ]
    )
    database.posts.forget_author("me")
    assert [kept.hashtag for kept in database.feedback.judgements()] == ["kept1", "kept2", "kept3", "kept4"]


def test_the_author_is_known_in_whatever_way_letters_are_composed(store: SqlPostStore, make_post: Make) -> None:
    spellings = [normalize(form, "작가 é") for form in ("NFC", "NFD")]
    store.ingest("src", [by(name, make_post(str(i), "x", "tag")) for i, name in enumerate(spellings)])
    assert store.forget_author(f" {spellings[1]} ") == 2
    with pytest.raises(SettingsError, match="was forgotten"):
        store.add(by(spellings[0], make_post("a", source=ADDED)))


@pytest.mark.parametrize("author", ["Me", "", "nobody", "\0", "half \udcff"])
def test_an_author_without_posts_is_told(store: SqlPostStore, make_post: Make, author: str) -> None:
    store.ingest("src", [by("me", make_post("a")), by(None, make_post("b"))])
    with pytest.raises(NotFoundError, match="^no post of an author .* is in the database; write the name as the posts"):
        store.forget_author(author)
    assert ids(store) == ["a", "b"]
    assert store.forgotten() == frozenset()


def test_forgetting_again_does_no_harm(store: SqlPostStore, make_post: Make) -> None:
    store.ingest("src", [by("me", make_post("a"))])
    assert [store.forget_author("me"), store.forget_author("me")] == [1, 0]
    assert len(store.forgotten()) == 1


def test_posts_of_a_forgotten_author_are_rejected(store: SqlPostStore, make_post: Make, tmp_path: Path) -> None:
    entries = [
        by("me", make_post("a", "x", "tag", photo="a")),
        Reject("src", 2, "empty row"),
        by("you", make_post("c", "x", "tag", photo="a")),
        by(None, make_post("d", "x", "tag")),
        by("me", make_post("e", "x", "tag")),
    ]
    store.ingest("src", [entry for entry in entries if isinstance(entry, Post)])
    store.forget_author("me")
    rejects = Rejects(Given(entries), tmp_path / "rejects.csv")
    ingested = store.ingest("src", rejects.sift(store.forgotten()))
    assert (ingested.added, ingested.unchanged, ingested.removed) == (0, 2, 0)
    rejects.set_unreadable({"a" * 64: "truncated"})
    rejects.write()
    assert (tmp_path / "rejects.csv").read_text().splitlines() == [
        "source,row,reason,lost",
        "src,1,its author was forgotten,post",
        "src,2,empty row,post",
        "src,3,truncated,photo",
        "src,5,its author was forgotten,post",
    ]


def test_a_source_of_nothing_else_is_refused(store: SqlPostStore, make_post: Make, tmp_path: Path) -> None:
    mine = by("me", make_post("a", "x", "tag"))
    store.ingest("src", [mine, make_post("b", "x", "tag")])
    store.forget_author("me")
    with pytest.raises(SourceError, match="no post of src could be read; row 1: its author was forgotten"):
        store.ingest("src", Rejects(Given([mine]), tmp_path / "rejects.csv").sift(store.forgotten()))
    assert ids(store) == ["b"]


def test_no_post_of_a_forgotten_author_is_ever_taken(store: SqlPostStore, make_post: Make) -> None:
    store.ingest("src", [by("me", make_post("a"))])
    store.forget_author("me")
    for take in (
        lambda: store.ingest("src", [make_post("b"), by("me", make_post("a"))]),
        lambda: store.add(by("me", make_post("a", source=ADDED))),
    ):
        with pytest.raises(SettingsError, match="post 'a' of .* cannot be stored: its author was forgotten"):
            take()
    assert ids(store) == []


def test_nothing_stays_readable_in_a_file(tmp_path: Path, make_post: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    # SQLite overwrites nothing by itself unless it was compiled to.
    monkeypatch.setattr(engine_module, "_PRAGMAS", (*engine_module._PRAGMAS, "secure_delete = OFF"))

    def found() -> set[bytes]:
        written = b"".join(path.read_bytes() for path in tmp_path.glob("hashtag.sqlite*"))
        return {text for text in (b"SECRET", b"PLAIN") if text in written}

    rng = np.random.default_rng(0)
    posts = [
        by("SECRET" if i % 9 == 0 else "you", make_post(str(i), ("PLAIN" if i % 9 else "SECRET") * int(length), "tag"))
        for i, length in enumerate(rng.integers(1, 900, 400))
    ]
    with open_database(default_url(tmp_path)) as database:
        database.posts.ingest("src", [replace(post, caption=post.caption * 2) for post in posts])
        database.posts.ingest("src", posts)
        database.feedback.record([Judgement("SECRET", "accept", 1, "snap", posts[0].caption, (), NOW)])
        assert found() == {b"SECRET", b"PLAIN"}
        database.posts.forget_author("SECRET")
        assert found() == {b"PLAIN"}, "while the database is open"
        assert len(ids(database.posts)) == sum(i % 9 > 0 for i in range(400))
    assert found() == {b"PLAIN"}


@pytest.mark.parametrize("reader", [reading, writing])
def test_while_another_process_is_at_it_the_file_is_not_cleared(
    tmp_path: Path, make_post: Make, monkeypatch: pytest.MonkeyPatch, reader: Callable[..., object]
) -> None:
    monkeypatch.setattr(engine_module, "_PRAGMAS", ("busy_timeout = 10", "journal_mode = WAL"))
    with open_store(default_url(tmp_path)) as store, open_store(default_url(tmp_path)) as other:
        store.ingest("src", [by("me", make_post("a", "SECRET"))])
        with reader(other._engine) as connection:
            connection.exec_driver_sql("SELECT * FROM post").all()
            with pytest.raises(
                DatabaseError,
                match="another process (still reads|is writing) .*; try again when it (has finished|is done)",
            ):
                store.forget_author("me")
        assert store.forget_author("me") == (reader is writing)
        assert not any(b"SECRET" in path.read_bytes() for path in tmp_path.iterdir())
