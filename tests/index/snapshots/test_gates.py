import numpy as np
import pytest
from scipy import sparse

from hashtag_recommender.core.vectors import Matches, unit_rows
from hashtag_recommender.index.snapshots.gates import HeldOut, checksums, database, photos, quality, recall, shrink
from hashtag_recommender.index.vectors.bm25 import Bm25
from hashtag_recommender.index.vectors.exact import ExactIndex
from hashtag_recommender.index.vectors.lexical import LexicalIndex
from hashtag_recommender.index.vectors.recall import recall as recall_of


@pytest.mark.parametrize(
    ("before", "gone", "passed"),
    [
        ({"a": 9}, {"a": 3}, True),
        ({"a": 9}, {"a": 4}, False),
        ({"a": 9, "b": 9}, {"a": 6}, True),
        ({"a": 9, "b": 1}, {"b": 1}, False),
        ({"a": 9}, {}, True),
        ({}, {}, True),
    ],
)
def test_a_third_may_go_and_never_a_whole_source(before, gone, passed):
    gate = shrink(before, gone, 1 / 3)
    assert (gate.name, gate.threshold, gate.passed) == ("shrink", 1 / 3, passed)


def test_the_words_of_shrink_name_what_is_gone():
    assert shrink({"a": 1200, "b": 800}, {"a": 1000}, 1 / 3).words == (
        "1,000 of 2,000 posts in service are gone: 50%, at most 33% may be"
    )
    assert shrink({"a": 10, "b": 2}, {"b": 2}, 1 / 3).words == "all 2 posts of b are gone"


def test_what_is_wrong_stands_in_the_words():
    assert checksums([], 12).passed and checksums([], 12).words == "12 files are as they were written"
    harmed = checksums(["x.npy is missing", "y.npy is damaged"], 12)
    assert (harmed.passed, harmed.figure, harmed.words) == (False, 2, "x.npy is missing")
    assert database([], 7).passed
    assert not database(["the database holds 8 posts, the index 7"], 7).passed


def test_the_worst_channel_decides():
    least = {"image": 1.0, "lexical": 0.99}
    assert recall({"image": 1.0, "lexical": 0.995}, least).passed
    gate = recall({"image": 0.995, "lexical": 0.995}, least)
    assert (gate.passed, gate.figure, gate.threshold) == (False, 0.995, 1.0)
    assert "image channel" in gate.words
    assert recall({}, {}).passed


def test_quality_minds_what_is_beyond_noise_and_large():
    """By hand: with 10,000 posts of F1 .5 twice the error of a difference is 2 sqrt(2 * .25 / 10,000) = .0141."""
    before = HeldOut(10_000, 0.5, 0.5)
    assert quality(before, HeldOut(10_000, 0.481, 0.5), 0.02).passed
    assert quality(before, HeldOut(10_000, 0.481, 0.5), 0.01).threshold == pytest.approx(0.0141, abs=1e-4)
    assert not quality(before, HeldOut(10_000, 0.481, 0.5), 0.01).passed
    worse = quality(before, HeldOut(10_000, 0.5, 0.47), 0.02)
    assert not worse.passed and worse.figure == pytest.approx(0.03) and "as many hashtags" in worse.words
    assert quality(HeldOut(200, 0.5, 0.5), HeldOut(200, 0.42, 0.5), 0.02).passed, "of 200 posts that is noise"
    assert quality(before, HeldOut(10_000, 0.9, 0.9), 0.02).passed


def test_quality_has_nothing_to_say_where_nothing_was_held_out():
    assert quality(None, HeldOut(300, 0.1, 0.1), 0.02).passed
    assert quality(HeldOut(300, 0.5, 0.5), None, 0.02).passed


# --- recall


class Forgetful:
    """An index that leaves out every answer below some row, and claims what it likes of the rest."""

    def __init__(self, index, first):
        self._index, self._first = index, first

    def search(self, queries, k):
        found = self._index.search(queries, k)
        return Matches(np.where(found.rows < self._first, -1, found.rows), np.ones_like(found.similarities))


@pytest.fixture
def vectors():
    return unit_rows(np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32))


def test_an_index_that_looks_at_all_finds_all(vectors):
    assert recall_of(ExactIndex(vectors), vectors) == 1
    assert recall_of(ExactIndex(vectors[:3]), vectors[:3]) == 1


def test_what_an_index_misses_is_counted(vectors):
    """By hand, against all similarities at once."""
    centred = unit_rows(vectors - vectors.mean(axis=0))
    nearest = np.argsort(-(centred @ centred.T), axis=1, kind="stable")[:, :10]
    due = np.take_along_axis(centred @ centred.T, nearest, axis=1) > 0
    found = (nearest >= 20) & due
    assert recall_of(Forgetful(ExactIndex(vectors), 20), vectors, 10, 100) == pytest.approx(
        found.sum() / due.sum(), abs=1e-6
    )


def test_of_equal_vectors_any_will_do():
    alike = np.repeat(np.eye(4, dtype=np.float32), 40, axis=0)
    other_way_round = ExactIndex(alike[::-1])

    class Reversed:
        def search(self, queries, k):
            found = other_way_round.search(queries, k)
            return Matches(len(alike) - 1 - found.rows, found.similarities)

    assert recall_of(Reversed(), alike, 10) == 1


def test_a_lexical_index_is_held_against_its_own_counts():
    counts = sparse.csr_matrix((np.random.default_rng(1).random((30, 50)) < 0.2).astype(np.float32))
    assert recall_of(LexicalIndex.of(counts, Bm25.of(counts)), counts, 10) == 1
    other = sparse.csr_matrix(counts[:, np.random.default_rng(2).permutation(50)])
    assert recall_of(LexicalIndex.of(other, Bm25.of(other)), counts, 10) < 1


@pytest.mark.parametrize(("had", "lost", "passed"), [(0, 0, True), (9, 3, True), (9, 4, False), (1, 1, False)])
def test_photos_that_vanish_from_posts_that_stay(had, lost, passed):
    gate = photos(had, lost, 1 / 3)
    assert (gate.name, gate.passed) == ("photos", passed)


def test_the_words_of_photos_tell_how_many_are_gone():
    assert photos(1200, 900, 1 / 3).words == "900 of 1,200 photos of remaining posts are gone: 75%, at most 33% may be"
