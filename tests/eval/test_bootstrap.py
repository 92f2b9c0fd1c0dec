import numpy as np
import pytest

from hashtag_recommender.eval.bootstrap import micro_f1, paired_difference


def counts(hits, suggested=5, due=5):
    hits = np.asarray(hits)
    return np.stack([hits, np.full(len(hits), suggested), np.full(len(hits), due)], axis=1)


def test_micro_f1_by_hand():
    assert micro_f1(np.array([[1, 2, 3], [2, 2, 3]])) == pytest.approx(2 * 3 / (4 + 6))
    assert micro_f1(np.zeros((1, 3), dtype=np.int64)) == 0


def test_the_same_twice_differs_by_nothing():
    one = counts([1, 2, 3, 0])
    difference = paired_difference(one, one)
    assert (difference.f1, difference.low, difference.high) == (0, 0, 0)


def test_a_hit_more_on_every_post_is_a_sure_gain():
    difference = paired_difference(counts([2] * 40), counts([1] * 40))
    assert difference.f1 == pytest.approx(0.2)
    assert difference.low == pytest.approx(0.2) and difference.high == pytest.approx(0.2)


def test_the_interval_is_that_of_the_mean_where_posts_are_alike():
    """With equal divisors micro F1 is a mean, whose standard error is known."""
    rng = np.random.default_rng(1)
    one, other = rng.integers(0, 6, 400), rng.integers(0, 6, 400)
    difference = paired_difference(counts(one), counts(other))
    half = 1.96 * np.std((one - other) / 5) / np.sqrt(400)
    assert difference.low == pytest.approx(difference.f1 - half, abs=0.01)
    assert difference.high == pytest.approx(difference.f1 + half, abs=0.01)


def test_posts_must_be_the_same():
    with pytest.raises(ValueError, match="same posts"):
        paired_difference(counts([1]), counts([1, 2]))
    with pytest.raises(ValueError, match="and of some"):
        paired_difference(counts([]), counts([]))
