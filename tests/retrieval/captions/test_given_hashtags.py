import numpy as np
import pytest
from scipy import sparse

from hashtag_recommender.core.vectors import NO_ROW
from hashtag_recommender.retrieval.captions.given_hashtags import nearest_by_hashtags
from hashtag_recommender.retrieval.search.neighbours import Neighbourhood

# Hashtags: coffee, cat, daily.
LABELS = sparse.csr_matrix(np.asarray([[1, 0, 1], [1, 0, 0], [0, 1, 1], [0, 0, 1], [1, 0, 0]], dtype=np.float32))


def neighbourhood(clusters=(0, 1, 2, 3, 4), can_vote=(True,) * 5):
    return Neighbourhood("image", "image", None, np.arange(5), np.asarray(clusters), np.asarray(can_vote))


def test_posts_with_the_same_hashtags_are_nearest():
    found = nearest_by_hashtags([0], LABELS, sparse.csc_matrix(LABELS), neighbourhood(), 4)
    assert found.rows.tolist() == [[1, 4, 0, NO_ROW]]
    idf = np.log(6 / np.asarray([4, 2, 4])) + 1
    assert found.similarities[0].tolist() == pytest.approx([1, 1, idf[0] / np.hypot(idf[0], idf[2]), 0])


def test_rare_hashtags_count_more():
    assert nearest_by_hashtags([1, 2], LABELS, sparse.csc_matrix(LABELS), neighbourhood(), 2).rows.tolist() == [[2, 3]]


def test_of_near_duplicates_the_nearest_and_none_that_may_not_vote():
    found = nearest_by_hashtags(
        [0], LABELS, sparse.csc_matrix(LABELS), neighbourhood((0, 1, 2, 3, 1), (False, True, True, True, True)), 3
    )
    assert found.rows.tolist() == [[1, NO_ROW, NO_ROW]]


def test_no_hashtags_find_nothing():
    assert (nearest_by_hashtags([], LABELS, sparse.csc_matrix(LABELS), neighbourhood(), 3).rows == NO_ROW).all()
