import numpy as np
import pytest

from hashtag_recommender.eval.systems.networks.hashtags import (
    Hashtags,
    enriched,
    hashtag_vectors,
    prior_log_odds,
)


def test_the_most_used_are_kept(make_posts):
    posts = make_posts("b a", "B c", "a b")
    hashtags = Hashtags(posts, most=2)
    assert hashtags.names == ("b", "a")
    assert [hashtags.columns(post) for post in posts] == [[0, 1], [0], [0, 1]]
    assert hashtags.labels(posts).tolist() == [[True, True], [True, False], [True, True]]


def test_vectors_are_near_where_hashtags_stand_together():
    """0 and 1 always together, 2 with neither, 3 alone."""
    labels = np.zeros((30, 4), dtype=bool)
    labels[:10, [0, 1]] = True
    labels[10:20, 2] = True
    labels[20:, 3] = True
    vectors = hashtag_vectors(labels, 100)
    assert vectors.dtype == np.float32 and vectors.shape[0] == 4
    assert vectors @ vectors.T == pytest.approx(
        np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]), abs=1e-5
    )
    assert np.array_equal(vectors, hashtag_vectors(labels, 100))


def test_few_dimensions_keep_what_is_strongest():
    labels = np.random.default_rng(0).random((50, 20)) < 0.2
    assert hashtag_vectors(labels, 5).shape == (20, 5)


def test_posts_get_what_resembles_their_own():
    vectors = np.array([[1, 0], [0.9, np.sqrt(1 - 0.81)], [0, 1], [-1, 0]], dtype=np.float32)
    labels = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], dtype=bool)
    expected = labels.copy()
    expected[0, 1] = True
    assert np.array_equal(enriched(labels, vectors, least=0.8, most=3), expected)
    assert not expected[1, 1]
    assert np.array_equal(enriched(labels, vectors, least=0.95, most=3), labels)


def test_no_more_are_added_than_allowed():
    vectors = np.ones((4, 1), dtype=np.float32)
    labels = np.array([[1, 0, 0, 0]], dtype=bool)
    assert enriched(labels, vectors, least=0.8, most=2).sum() == 3


def test_prior_log_odds():
    labels = np.array([[1, 0], [1, 0], [1, 0]], dtype=bool)
    assert 1 / (1 + np.exp(-prior_log_odds(labels))) == pytest.approx([3.5 / 4, 0.5 / 4])
