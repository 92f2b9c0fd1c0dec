import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashtag_recommender.core.vectors import NO_ROW, Matches
from hashtag_recommender.retrieval.search.neighbours import Neighbourhood

NOBODY, EVERYBODY = np.zeros(1, dtype=bool), np.ones(1, dtype=bool)


class Told:
    """An index whose similarities are told: a query is the row of similarities to all its vectors."""

    def __init__(self, n):
        self._n = n

    def __len__(self):
        return self._n

    def search(self, queries, k):
        order = np.argsort(-queries, axis=1, kind="stable")[:, :k]
        rows = np.full((len(queries), k), NO_ROW, dtype=np.int64)
        similarities = np.zeros((len(queries), k), dtype=np.float32)
        rows[:, : order.shape[1]] = order
        similarities[:, : order.shape[1]] = np.take_along_axis(queries, order, axis=1)
        none = similarities <= 0
        return Matches(np.where(none, NO_ROW, rows), np.where(none, np.float32(0), similarities))


def nearby(clusters, rows=None, can_vote=None):
    clusters = np.array(clusters, dtype=np.int64)
    rows = np.arange(len(clusters)) if rows is None else np.array(rows, dtype=np.int64)
    can_vote = np.ones(len(clusters), dtype=bool) if can_vote is None else np.array(can_vote)
    return Neighbourhood("lexical", "text", Told(len(rows)), rows, clusters, can_vote)


def query(*similarities):
    return np.array([similarities], dtype=np.float32)


def test_of_near_duplicates_only_the_nearest_has_a_vote():
    found = nearby([0, 1, 0, 2]).nearest(query(0.5, 0.7, 0.9, 0.1), 4)
    assert found.rows.tolist() == [[2, 1, 3, NO_ROW]]
    assert found.similarities == pytest.approx(np.array([[0.9, 0.7, 0.1, 0]]))


def test_deeper_ones_keep_the_number_full():
    copies = nearby([0] * 60 + [1, 2, 3])
    found = copies.nearest(query(*np.linspace(0.99, 0.9, 60), 0.5, 0.6, 0.4), 3)
    assert found.rows.tolist() == [[0, 61, 60]]


def test_neighbours_are_rows_of_the_archive_not_of_the_channel():
    found = nearby([0, 1, 2, 3, 1], rows=[1, 3, 4]).nearest(query(0.4, 0.5, 0.6), 3)
    assert found.rows.tolist() == [[4, 3, NO_ROW]], "posts 1 and 4 are copies"


def test_who_resembles_nothing_has_no_neighbour():
    found = nearby([0, 1]).nearest(query(0, -0.5), 2)
    assert (found.rows.tolist(), found.similarities.tolist()) == ([[NO_ROW, NO_ROW]], [[0, 0]])


def test_a_post_asked_as_if_it_were_new_sees_neither_itself_nor_its_copies():
    posts = nearby([0, 0, 1, 2, 2])
    asked = np.array([0]), query(1, 0.95, 0.5, 0.4, 0.3), 4
    assert posts.nearest_to_own(*asked, NOBODY).rows.tolist() == [[2, 3, NO_ROW, NO_ROW]]
    assert posts.nearest_to_own(*asked, EVERYBODY).rows.tolist() == [[1, 2, 3, NO_ROW]], "a copy it may see, not itself"


def test_the_post_itself_hides_none_of_its_copies():
    """Itself the nearest of them, it would stand for them all, and is left out."""
    found = nearby([0, 0, 0, 1]).nearest_to_own(np.array([1]), query(0.8, 1, 0.7, 0.1), 3, EVERYBODY)
    assert found.rows.tolist() == [[0, 3, NO_ROW]]


def test_each_post_sees_copies_or_not():
    posts = nearby([0, 0, 1])
    both = np.repeat(query(0.9, 1, 0.5), 2, axis=0)
    found = posts.nearest_to_own(np.array([1, 1]), both, 2, np.array([True, False]))
    assert found.rows.tolist() == [[0, 2], [2, NO_ROW]]


def test_a_post_without_hashtags_gives_way_to_a_copy_that_carries_some():
    found = nearby([0, 0, 1, 2], can_vote=[False, True, True, True]).nearest(query(1, 0.9, 0.5, 0.4), 3)
    assert found.rows.tolist() == [[1, 2, 3]]


def test_however_many_copies_are_in_the_way_there_are_k_neighbours():
    found = nearby([0] * 500 + [1, 2, 3]).nearest(query(*np.linspace(0.99, 0.9, 500), 0.5, 0.6, 0.4), 3)
    assert found.rows.tolist() == [[0, 501, 500]]
    asked = np.array([3]), query(*np.linspace(0.99, 0.9, 500), 0.5, 0.6, 0.4)
    found = nearby([0] * 500 + [1, 2, 3]).nearest_to_own(*asked, 3, NOBODY)
    assert found.rows.tolist() == [[501, 500, 502]]


def test_a_post_with_several_photos_speaks_once_by_the_nearest():
    found = nearby([0, 1, 2], rows=[0, 0, 0, 1, 2, 2]).nearest(query(0.3, 0.9, 0.4, 0.8, 0.1, 0.7), 4)
    assert found.rows.tolist() == [[0, 1, 2, NO_ROW]]
    assert found.similarities == pytest.approx(np.array([[0.9, 0.8, 0.7, 0]]))
    assert found.photos.tolist() == [[1, 0, 1, 0]]


def test_a_query_with_several_photos_is_as_near_as_the_nearest_of_them():
    vectors = np.concatenate([query(0.2, 0.9, 0.4), query(0.8, 0.1, 0.5), query(0.6, 0.3, 0.2)])
    posts = nearby([0, 1, 1])
    found = posts.nearest(vectors, 2, of=np.array([0, 0, 1]))
    assert found.rows.tolist() == [[1, 0], [0, 1]]
    assert found.similarities == pytest.approx(np.array([[0.9, 0.8], [0.6, 0.3]]))
    alone = posts.nearest(vectors[:1], 2, of=np.array([0]))
    assert (alone.rows == posts.nearest(vectors[:1], 2).rows).all()


SIMILARITIES = st.integers(-3, 20).map(lambda tenth: tenth / 20)


@given(st.data(), st.integers(1, 30), st.integers(1, 12), st.booleans(), st.booleans())
def test_it_equals_looking_at_every_post(data, n, k, own, sees):
    clusters = data.draw(st.lists(st.integers(0, 6), min_size=n, max_size=n))
    rows = sorted(data.draw(st.sets(st.integers(0, n - 1), min_size=1)))
    similarities = data.draw(st.lists(SIMILARITIES, min_size=len(rows), max_size=len(rows)))
    asked = data.draw(st.sampled_from(rows))
    expected, met = [], set()
    for similarity, row in sorted(zip(similarities, rows, strict=True), key=lambda pair: (-pair[0], pair[1])):
        barred = own and (row == asked or (clusters[row] == clusters[asked] and not sees))
        if similarity > 0 and not barred and clusters[row] not in met:
            met.add(clusters[row])
            expected.append((row, np.float32(similarity)))
    expected = (expected + [(NO_ROW, np.float32(0))] * k)[:k]
    posts = nearby(clusters, rows)
    vectors = query(*similarities)
    found = posts.nearest_to_own(np.array([asked]), vectors, k, np.array([sees])) if own else posts.nearest(vectors, k)
    assert list(zip(found.rows[0].tolist(), found.similarities[0], strict=True)) == expected
