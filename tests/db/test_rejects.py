"""What could not be taken of a source: posts, and parts of posts."""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from hashtag_recommender.core.advice import NAME_IMAGES, Advice
from hashtag_recommender.core.errors import SourceError
from hashtag_recommender.core.post import Flaw, Post, Reject
from hashtag_recommender.core.protocols import RejectCounts
from hashtag_recommender.db.rejects import Rejects, drop_rejects

Make = Callable[..., Post]
GONE = Flaw("photo", "photo 'a.jpg' is missing")


class Given:
    """A reader of the entries given."""

    source = "src"
    origin = None
    advice = Advice("do", "do that")

    def __init__(self, entries: Sequence[Post | Reject]) -> None:
        self._entries = entries

    def notes(self) -> Sequence[str]:
        return ()

    def read(self) -> Iterator[Post | Reject]:
        return iter(self._entries)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rejects.csv"


def lines(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_posts_that_lack_a_part_are_counted_apart_from_those_that_are_lost(path: Path, make_post: Make) -> None:
    entries = [
        make_post("1", "whole", "tag"),
        replace(make_post("2", "two", "tag"), flaws=(GONE, Flaw("date", "no date: 'soon'"))),
        Reject("src", 3, "empty row"),
        replace(make_post("4", "four", "tag"), flaws=(GONE,)),
    ]
    rejects = Rejects(Given(entries), path)
    assert [post.post_id for post in rejects.sift(frozenset())] == ["1", "2", "4"]
    rejects.write()
    assert rejects.counts() == RejectCounts(1, 2, "3: empty row", "2: photo 'a.jpg' is missing", path)
    assert lines(path) == [
        ["source", "row", "reason", "lost"],
        ["src", "2", "photo 'a.jpg' is missing", "photo"],
        ["src", "2", "no date: 'soon'", "date"],
        ["src", "3", "empty row", "post"],
        ["src", "4", "photo 'a.jpg' is missing", "photo"],
    ]


def test_a_damaged_photo_costs_a_post_that_has_nothing_else(path: Path, make_post: Make) -> None:
    entries = [
        make_post("1", "a caption", "tag", photo="ab"),
        make_post("2", "", "tag", photo="b"),
        make_post("3", "", "tag", photo="ba"),
        make_post("4", "", "tag", photo="bb"),
    ]
    rejects = Rejects(Given(entries), path)
    list(rejects.sift(frozenset()))
    assert not rejects.counts() and rejects.counts().path is None
    rejects.set_unreadable({"b" * 64: "truncated"})
    assert rejects.counts() == RejectCounts(2, 2, "2: truncated", "1: truncated", path)
    rejects.write()
    assert [(row, lost) for _, row, _, lost in lines(path)[1:]] == [
        ("1", "photo"),
        ("2", "post"),
        ("3", "photo"),
        ("4", "post"),
    ]
    rejects.set_unreadable({})
    rejects.write()
    assert not path.exists()


def test_photos_that_could_not_be_taken_are_told_only_where_they_are_many(path: Path, make_post: Make) -> None:
    lacking = [replace(make_post(post_id, post_id, "tag"), flaws=(GONE,)) for post_id in "ab"]
    rejects = Rejects(Given([*lacking, make_post("c", "c", "tag", photo="c"), make_post("d", "d", "tag")]), path)
    assert rejects.note_of_photos(0) is None
    list(rejects.sift(frozenset()))
    assert rejects.note_of_photos(2 / 3) is None
    told = "2 of the 3 photos that the posts name could not be read, the first: photo 'a.jpg' is missing"
    assert rejects.note_of_photos(1 / 3) == told


def test_photos_of_posts_that_were_rejected_for_them_are_told_too(path: Path, make_post: Make) -> None:
    missing = Flaw("photo", "photo 'b.jpg' is missing")
    rejected = Reject("src", 1, missing.reason, flaws=(missing, Flaw("date", "no date: 'soon'")))
    lacking = replace(make_post("a", "a", "tag"), flaws=(GONE,))
    rejects = Rejects(Given([rejected, lacking, Reject("src", 3, "empty row")]), path)
    list(rejects.sift(frozenset()))
    told = "2 of the 2 photos that the posts name could not be read, the first: photo 'b.jpg' is missing"
    assert rejects.note_of_photos(1 / 3) == told


def test_what_an_earlier_release_has_written_of_other_sources_stays(path: Path, make_post: Make) -> None:
    path.write_text("source,row,reason\nother,7,empty row\nsrc,1,empty row\n", encoding="utf-8")
    rejects = Rejects(Given([make_post("1", "x", "tag"), Reject("src", 2, "torn")]), path)
    list(rejects.sift(frozenset()))
    rejects.write()
    assert lines(path)[1:] == [["other", "7", "empty row"], ["src", "2", "torn", "post"]]
    drop_rejects(path, "src")
    assert lines(path)[1:] == [["other", "7", "empty row"]]


def test_what_to_do_stands_apart_in_errors_and_beside_the_reason_elsewhere(path: Path, make_post: Make) -> None:
    missing = replace(GONE, advice=NAME_IMAGES)
    told = f"{GONE.reason}; {NAME_IMAGES}"
    rejected = Reject("src", 1, missing.reason, flaws=(missing,), advice=NAME_IMAGES)
    of_rejects = Rejects(Given([rejected, Reject("src", 2, "empty row"), replace(rejected, row=3)]), path)
    with pytest.raises(SourceError) as raised:
        list(of_rejects.sift(frozenset()))
    assert raised.value.message == (
        "no post of src could be read; row 1: photo 'a.jpg' is missing (and 1 more); row 2: empty row"
    )
    assert raised.value.advice == NAME_IMAGES
    of_rejects.write()
    assert lines(path)[1] == ["src", "1", told, "post"]
    assert of_rejects.counts().first_reject == f"1: {told}"
    of_flaws = Rejects(Given([replace(make_post("1", "x", "tag"), flaws=(missing,))]), path)
    with pytest.raises(SourceError) as raised:
        list(of_flaws.sift(frozenset(), had_photos=True))
    assert raised.value.message == (
        "src: none of its photos could be read, but its posts had photos before; the first: photo 'a.jpg' is missing"
    )
    assert raised.value.advice == NAME_IMAGES
    assert (
        of_flaws.note_of_photos(1 / 3) == f"1 of the 1 photos that the posts name could not be read, the first: {told}"
    )
    with pytest.raises(SourceError) as raised:
        list(Rejects(Given([make_post("1", "x")]), path).sift(frozenset()))
    assert raised.value.advice == Given.advice
