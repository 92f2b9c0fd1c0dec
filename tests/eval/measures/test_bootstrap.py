import math

import numpy as np
import pytest

from hashtag_recommender.eval.measures.bootstrap import (
    interval,
    micro_f1,
    paired_difference,
    probability_better,
    resampled_mean,
    resampled_micro_f1,
    users_of,
)


def counts(hits, suggested=5, due=5):
    hits = np.asarray(hits)
    return np.stack([hits, np.full(len(hits), suggested), np.full(len(hits), due)], axis=1)


def test_micro_f1_by_hand():
    assert micro_f1(np.array([[1, 2, 3], [2, 2, 3]])) == pytest.approx(2 * 3 / (4 + 6))
    assert micro_f1(np.zeros((1, 3), dtype=np.int64)) == 0


def test_the_same_twice_differs_by_nothing():
    one = counts([1, 2, 3, 0])
    difference = paired_difference(one, one)
    assert (difference.f1, difference.low, difference.high, difference.probability) == (0, 0, 0, 0.5)


def test_a_hit_more_on_every_post_is_a_sure_gain():
    difference = paired_difference(counts([2] * 40), counts([1] * 40))
    assert difference.f1 == pytest.approx(0.2)
    assert difference.low == pytest.approx(0.2) and difference.high == pytest.approx(0.2)
    assert difference.probability == 1


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
    with pytest.raises(ValueError, match="no posts"):
        resampled_micro_f1(counts([]))


def test_the_probabilities_of_either_being_better_add_up():
    rng = np.random.default_rng(1)
    one, other = (resampled_micro_f1(counts(rng.integers(0, 6, 100))) for _ in range(2))
    assert 0 < probability_better(one, other) < 1
    assert probability_better(one, other) + probability_better(other, one) == pytest.approx(1)


def test_the_probability_is_that_of_the_normal_law_where_posts_are_alike():
    rng = np.random.default_rng(2)
    one = rng.integers(0, 6, 400)
    other = np.clip(one + rng.integers(-2, 3, 400), 0, 5)
    difference = one - other
    z = difference.mean() / (difference.std() / np.sqrt(400))
    expected = 0.5 * (1 + math.erf(z / math.sqrt(2)))
    assert paired_difference(counts(one), counts(other)).probability == pytest.approx(expected, abs=0.03)


def test_users_are_drawn_whole():
    """Ten users with ten posts each, all alike: as sure as ten posts are, not as a hundred."""
    hits = np.repeat([0, 1, 2, 3, 4, 5, 0, 1, 4, 5], 10)
    users = np.repeat(np.arange(10), 10)
    low, high = interval(resampled_micro_f1(counts(hits), users))
    assert interval(resampled_micro_f1(counts(hits[::10]))) == pytest.approx((low, high))
    narrow = interval(resampled_micro_f1(counts(hits)))
    assert high - low > 2 * (narrow[1] - narrow[0])


def test_a_mean_is_as_sure_as_its_standard_error_says():
    values = np.random.default_rng(3).random(400)
    low, high = interval(resampled_mean(values))
    half = 1.96 * values.std() / np.sqrt(400)
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.01)


def test_means_and_f1_of_the_same_posts_are_drawn_alike():
    """With equal divisors micro F1 is a mean."""
    hits, users = np.asarray([0, 1, 2, 3, 5, 4]), users_of(["ann", "bob", "ann", None, "cy", "bob"])
    for by in (None, users):
        assert resampled_mean(hits / 5, by) == pytest.approx(resampled_micro_f1(counts(hits), by))


def test_users_of_one_post_each_are_posts():
    one = counts([1, 2, 3, 0, 5])
    assert (resampled_micro_f1(one, users_of([None] * 5)) == resampled_micro_f1(one)).all()


def test_users_by_their_authors():
    assert users_of(["ann", None, "bob", "ann", None]).tolist() == [0, 1, 2, 0, 3]
    assert users_of([]).tolist() == []
