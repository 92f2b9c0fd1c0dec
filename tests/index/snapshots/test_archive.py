"""What is written of posts is read again, and an archive that grows is the one that would be written of all."""

import json
import math
import shutil
import tempfile
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashtag_recommender.core.errors import NotFoundError, PhotoError, SnapshotError
from hashtag_recommender.core.post import Photo, Post, normalise_hashtag
from hashtag_recommender.core.protocols import StoredPost
from hashtag_recommender.core.string_table import StringTable
from hashtag_recommender.index.snapshots.archive import ArchiveWriter, SnapshotArchive
from hashtag_recommender.index.snapshots.extended_archive import ExtendedArchive

SEOUL = timezone(timedelta(hours=9))
FILES = [
    *(
        f"{table}.{part}"
        for table in ("hashtags", "authors")
        for part in ("utf8", "offsets.npy", "hashes.npy", "by_hash.npy", "by_name.npy")
    ),
    "hashtags.shown.utf8",
    "hashtags.shown.offsets.npy",
    "posts.offsets.npy",
    "posts.keys.npy",
    "posts.authors.npy",
    "posts.posted.npy",
    "carried.pointers.npy",
    "carried.columns.npy",
    "carriers.pointers.npy",
    "carriers.rows.npy",
]


def stored(key, hashtags, author=None, posted_at=None, caption="", photos=()):
    return StoredPost(key, Post("a.csv", str(key), caption, tuple(hashtags), photos, author, posted_at))


def some_posts():
    return [
        stored(1, ["Cafe", "라떼"], "mina", datetime(1970, 1, 2, tzinfo=UTC), "라떼 " * 200),
        stored(2, []),
        stored(5, ["cafe"], None, datetime(2026, 5, 1, 9, 30, tzinfo=SEOUL), "noon", (Photo(Path("/p/5.jpg"), "00"),)),
        stored(7, ["cafe", "cat"], "준", None, "cat"),
        stored(8, ["Cat"], "mina", datetime(1969, 12, 31, 18), "again"),
    ]


def written(posts, folder):
    folder.mkdir(exist_ok=True)
    ArchiveWriter(folder).write(posts)
    return SnapshotArchive(folder)


def told(archive):
    """All that an archive tells of its posts, apart from how hashtags are shown."""
    n = len(archive.author_of)
    return {
        "hashtags": list(archive.hashtags),
        "carried": [numbers.tolist() for numbers in archive.labels],
        "carriers": [numbers.tolist() for numbers in archive.carriers],
        "authors": list(archive.authors),
        "author_of": archive.author_of.tolist(),
        "posted": [None if math.isnan(days) else days for days in archive.posted],
        "neighbours": [archive.neighbour(row, "image", 0.5, 0.25) for row in range(n)],
    }


def test_authors_and_dates_survive_the_files(tmp_path):
    archive = written(some_posts(), tmp_path)
    assert list(archive.authors) == ["mina", "준"]
    assert archive.author_of.tolist() == [0, -1, -1, 1, 0]
    noon = (datetime(2026, 5, 1, 0, 30) - datetime(1970, 1, 1)) / timedelta(days=1)
    assert archive.posted == pytest.approx([1, math.nan, noon, math.nan, -0.25], nan_ok=True)
    assert (archive.author_of.dtype, archive.posted.dtype) == (np.int64, np.float64)


def test_posts_without_authors_and_dates_have_none(tmp_path):
    archive = written([stored(1, ["cat"]), stored(2, ["dog"])], tmp_path)
    assert list(archive.authors) == []
    assert archive.author_of.tolist() == [-1, -1]
    assert np.isnan(archive.posted).all()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("part", [0, 0.3, 0.9])
def test_files_cut_short_are_refused(tmp_path, name, part):
    written(some_posts(), tmp_path)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(SnapshotError, match="cannot be read"):
        SnapshotArchive(tmp_path)


@pytest.mark.parametrize("name", [*FILES, "posts.jsonl"])
def test_files_that_are_gone_are_refused(tmp_path, name):
    written(some_posts(), tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(SnapshotError, match="cannot be read"):
        SnapshotArchive(tmp_path)


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("posts.authors", np.array([0, -1, -1, 1])),
        ("posts.authors", np.array([0, -1, -1, 2, 0])),
        ("posts.authors", np.array([0, -2, -1, 1, 0])),
        ("posts.posted", np.zeros(6)),
        ("posts.keys", np.arange(4)),
        ("carried.columns", np.array([0, 1, 0, 0, 2, 3])),
        ("carried.pointers", np.array([0, 2, 2, 3, 5])),
        ("carriers.pointers", np.array([0, 3, 4])),
        ("carriers.rows", np.array([0, 2, 3, 0, 3])),
    ],
)
def test_files_that_do_not_fit_together_are_refused(tmp_path, name, numbers):
    written(some_posts(), tmp_path)
    np.save(tmp_path / f"{name}.npy", numbers)
    with pytest.raises(SnapshotError, match="do not fit together"):
        SnapshotArchive(tmp_path)


def test_too_few_authors_are_refused(tmp_path):
    written(some_posts(), tmp_path)
    StringTable.of(["mina"]).write(tmp_path, "authors")
    with pytest.raises(SnapshotError, match="do not fit together"):
        SnapshotArchive(tmp_path)


HASHTAGS = st.lists(
    st.sampled_from(["cat", "Cat", "CAT", "dog", "카페", "sky"]), unique_by=normalise_hashtag, max_size=4
)
MOMENTS = st.none() | st.datetimes(timezones=st.sampled_from([None, UTC, SEOUL]))
PHOTOS = st.sampled_from(
    [(), (Photo(Path("/p/cat.jpg"), "00"),), tuple(Photo(Path(f"/p/{n}.jpg"), n) for n in ("00", "11"))]
)
POSTS = st.lists(
    st.builds(
        stored,
        st.just(1),
        HASHTAGS,
        st.sampled_from([None, "mina", "준"]),
        MOMENTS,
        st.text("ab 커", max_size=9),
        PHOTOS,
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(POSTS, st.data())
def test_a_grown_archive_is_the_one_written_of_all(posts, data):
    old = data.draw(st.integers(1, len(posts)))
    middle = data.draw(st.integers(old, len(posts)))
    with tempfile.TemporaryDirectory() as few, tempfile.TemporaryDirectory() as all_:
        snapshot, whole = written(posts[:old], Path(few)), written(posts, Path(all_))
        before = told(snapshot)
        extended = ExtendedArchive(snapshot, posts[old:])
        in_steps = ExtendedArchive(ExtendedArchive(snapshot, posts[old:middle]), posts[middle:])
        assert told(extended) == told(in_steps) == told(whole)
        assert told(snapshot) == before
        assert [normalise_hashtag(form) for form in extended.shown] == list(extended.hashtags)
        assert extended.shown[: len(snapshot.shown)] == list(snapshot.shown)


@settings(max_examples=30, deadline=None)
@given(POSTS)
def test_the_files_of_an_earlier_release_tell_the_same(posts):
    with tempfile.TemporaryDirectory() as now, tempfile.TemporaryDirectory() as then:
        archive = written(posts, Path(now))
        write_as_before(archive, Path(now), Path(then))
        earlier = SnapshotArchive(Path(then))
        assert told(earlier) == told(archive) and list(earlier.shown) == list(archive.shown)


def write_as_before(archive, folder, other):
    """The files of an archive as release 0.1 wrote them."""
    for name in ("posts.jsonl", "posts.offsets.npy", "posts.keys.npy", "posts.authors.npy", "posts.posted.npy"):
        shutil.copy(folder / name, other / name)
    for name in ("carried.pointers.npy", "carried.columns.npy"):
        np.save(other / name, np.load(folder / name).astype(np.int64))
    hashtags = {"normalised": list(archive.hashtags), "shown": list(archive.shown)}
    (other / "hashtags.json").write_text(json.dumps(hashtags))
    (other / "authors.json").write_text(json.dumps(list(archive.authors)))


def test_an_author_is_one_however_the_name_is_spelt(tmp_path):
    names = ["Zo\u00eb", "Zoe\u0308 ", "준"]
    archive = written([stored(i, ["cat"], name) for i, name in enumerate(names)], tmp_path / "now")
    assert list(archive.authors) == ["Zo\u00eb", "준"] and archive.author_of.tolist() == [0, 0, 1]
    (tmp_path / "then").mkdir()
    write_as_before(archive, tmp_path / "now", tmp_path / "then")
    (tmp_path / "then" / "authors.json").write_text(json.dumps(names))
    np.save(tmp_path / "then" / "posts.authors.npy", np.arange(3))
    earlier = SnapshotArchive(tmp_path / "then")
    assert list(earlier.authors) == list(archive.authors) and earlier.author_of.tolist() == [0, 0, 1]


def test_an_earlier_release_with_posts_of_unknown_authors_is_refused(tmp_path):
    archive = written(some_posts(), tmp_path / "now")
    (tmp_path / "then").mkdir()
    write_as_before(archive, tmp_path / "now", tmp_path / "then")
    (tmp_path / "then" / "authors.json").write_text(json.dumps(["mina"]))
    with pytest.raises(SnapshotError, match="unknown authors"):
        SnapshotArchive(tmp_path / "then")


def test_newcomers_come_after_and_change_nothing_before(tmp_path):
    archive = written(some_posts(), tmp_path)
    newcomers = [
        stored(9, ["CAT", "Zeppelin"], "zoe", datetime(2026, 5, 2, tzinfo=UTC), "z" * 300),
        stored(10, ["CAT", "zeppelin"], "mina"),
        stored(11, ["zeppelin"]),
    ]
    extended = ExtendedArchive(archive, newcomers)
    assert list(extended.hashtags) == ["cafe", "라떼", "cat", "zeppelin"]
    assert list(extended.shown) == [*archive.shown, "zeppelin"]
    assert list(extended.authors) == ["mina", "준", "zoe"]
    assert extended.author_of[5:].tolist() == [2, 0, -1]
    pointers, columns = extended.labels
    assert [columns[pointers[row] : pointers[row + 1]].tolist() for row in (5, 6, 7)] == [[2, 3], [2, 3], [3]]
    neighbour = extended.neighbour(5, "sentence", 0.5, 0.25)
    assert (neighbour.post, neighbour.caption, neighbour.photo) == ("9", "z" * 300, None)
    assert extended.neighbour(2, "image", 0.5, 0.25) == archive.neighbour(2, "image", 0.5, 0.25)


def test_captions_are_whole(tmp_path):
    archive = written(some_posts(), tmp_path)
    assert archive.neighbour(0, "lexical", 0.5, 0.25).caption == some_posts()[0].post.caption


def test_a_key_leads_to_the_photo_and_holds_no_path(tmp_path):
    photos = tuple(Photo(Path(f"/p/{name}.jpg"), name) for name in ("first", "second"))
    archive = written([*some_posts(), stored(40, ["cat"], photos=photos)], tmp_path)
    newcomer = stored(90, ["cat"], photos=photos[::-1])
    extended = ExtendedArchive(archive, [newcomer])
    for row, number in [(2, 0), (5, 0), (5, 1), (6, 0), (6, 1)]:
        neighbour = extended.neighbour(row, "image", 0.5, 0.25, number)
        assert extended.photo(neighbour.photo_key) == neighbour.photo
    assert extended.neighbour(6, "image", 0.5, 0.25, 1).photo_key == "90-1"
    assert archive.photo("40-1") == Path("/p/second.jpg")
    assert archive.neighbour(0, "image", 0.5, 0.25).photo_key is None


@pytest.mark.parametrize(
    "key", ["1-0", "40-0", "5-1", "5--1", "-5-0", "5", "", "../etc/passwd", "/p/5.jpg", "٥-0", "5-0\n"]
)
def test_other_keys_lead_to_no_file(tmp_path, key):
    archive = written(some_posts(), tmp_path)
    for one in (archive, ExtendedArchive(archive, [stored(9, ["cat"])])):
        with pytest.raises(NotFoundError if key in ("1-0", "40-0", "5-1") else PhotoError, match="photo"):
            one.photo(key)


@pytest.mark.parametrize("row", [-1, 5, 6])
def test_a_row_beyond_is_refused(tmp_path, row):
    posts = some_posts()
    written(posts[:4], tmp_path)
    with pytest.raises(IndexError, match=f"row {row} of"):
        ExtendedArchive(SnapshotArchive(tmp_path), posts[4:]).neighbour(row, "image", 0.5, 0.25)
