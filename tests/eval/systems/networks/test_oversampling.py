import numpy as np
import pytest

from hashtag_recommender.eval.systems.networks.oversampling import (
    _BORDER,
    _OUTLIER,
    _RARE,
    _SAFE,
    _kinds,
    oversampled,
)


def clusters():
    """Two groups of 20 far from each other; the rare hashtag 1 among those of hashtag 0, hashtag 2 for the others."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(40, 3)).astype(np.float32)
    features[20:] += 100
    labels = np.zeros((40, 3), dtype=bool)
    labels[:20, 0] = True
    labels[:6, 1] = True
    labels[20:, 2] = True
    return features, labels


def test_the_posts_themselves_stay_and_new_ones_come_behind():
    features, labels = clusters()
    more, theirs = oversampled(features, labels, 0.5, seed=0)
    assert more.shape == (60, 3) and theirs.shape == (60, 3)
    assert more.dtype == np.float32 and theirs.dtype == np.bool_
    assert np.array_equal(more[:40], features) and np.array_equal(theirs[:40], labels)


def test_new_ones_stand_where_a_hashtag_is_rare_and_carry_what_both_sides_do():
    features, labels = clusters()
    more, theirs = oversampled(features, labels, 2.0, seed=0)
    new, own = more[40:], theirs[40:]
    assert (new < 50).all()  # hashtag 1 alone is in need of company
    assert own[:, 0].all() and not own[:, 2].any()
    assert own[:, 1].mean() > labels[:, 1].mean()


def test_equal_seeds_give_equal_posts():
    features, labels = clusters()
    one, other, third = (oversampled(features, labels, 0.5, seed) for seed in (1, 1, 2))
    assert np.array_equal(one[0], other[0]) and np.array_equal(one[1], other[1])
    assert not np.array_equal(one[0], third[0])


def test_where_every_place_is_safe_nothing_is_added():
    features, labels = clusters()
    labels[:, 1] = False
    assert oversampled(features, labels, 0.5, seed=0)[0] is features


def test_kinds_by_hand():
    """Each post's neighbours are named; post 3 is rare, but beside the borderer 2."""
    labels = np.array([[1], [1], [1], [1], [1], [0]], dtype=bool)
    foreign = np.array([[0.0], [0.2], [0.5], [0.8], [1.0], [0.0]])
    neighbours = np.array([[1, 2], [0, 2], [1, 5], [2, 5], [5, 5], [0, 1]])
    assert _kinds(labels, foreign, neighbours).ravel().tolist() == [_SAFE, _SAFE, _BORDER, _BORDER, _OUTLIER, 0]
    lonely = np.array([[1, 2], [0, 2], [1, 5], [5, 5], [5, 5], [0, 1]])
    assert _kinds(labels, foreign, lonely)[3, 0] == _RARE


def test_a_chain_of_rare_ones_becomes_borderers_one_after_another():
    labels = np.ones((4, 1), dtype=bool)
    foreign = np.array([[0.1], [0.8], [0.8], [0.8]])
    neighbours = np.array([[1], [0], [1], [2]])
    assert _kinds(labels, foreign, neighbours).ravel().tolist() == [_SAFE, _BORDER, _BORDER, _BORDER]


@pytest.mark.parametrize("n", [2, 3])
def test_very_few_posts(n):
    features = np.arange(2 * n, dtype=np.float32).reshape(n, 2)
    more, theirs = oversampled(features, np.ones((n, 1), dtype=bool), 1.0, seed=0)
    assert len(more) == len(theirs)
