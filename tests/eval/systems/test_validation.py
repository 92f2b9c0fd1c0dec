import numpy as np
import pytest

from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.eval.systems.validation import best_threshold, compared_at, n_due, with_hashtags


@pytest.mark.parametrize(
    ("scores", "right", "due", "threshold"),
    [
        ([[0.9, 0.2], [0.8, 0.7]], [[1, 0], [1, 0]], 2, 0.8),
        ([[0.9, 0.2], [0.8, 0.7]], [[1, 0], [0, 1]], 2, 0.7),
        ([[0.9, 0.5], [0.5, 0.1]], [[1, 1], [0, 0]], 2, 0.5),  # equal scores come together: 2 of 3, better than 1 of 1
        ([[0.9, 0.5], [0.5, 0.5]], [[1, 1], [0, 0]], 2, 0.9),
        ([0.3, 0.9, 0.6], [1, 1, 0], 2, 0.3),
    ],
)
def test_the_threshold_by_hand(scores, right, due, threshold):
    assert best_threshold(np.array(scores), np.array(right, dtype=bool), due) == threshold


def test_the_threshold_is_that_of_an_exhaustive_search():
    rng = np.random.default_rng(0)
    for _ in range(20):
        scores = rng.integers(10, size=(8, 4)) / 10
        right = rng.random(scores.shape) < scores
        due = int(right.sum()) + 3
        f1 = {t: 2 * right[scores >= t].sum() / ((scores >= t).sum() + due) for t in np.unique(scores).tolist()}
        assert f1[best_threshold(scores, right, due)] == pytest.approx(max(f1.values()))


def test_hashtags_are_counted_each_once_and_asked_for(make_posts):
    posts = make_posts("a A b", "", "c", "#")
    assert n_due(posts) == 3
    training, held_out = with_hashtags("some system", posts, posts[2:])
    assert [post.post_id for post in training] == ["0", "2"]
    assert [post.post_id for post in held_out] == ["2"]
    for some, others in ((posts, posts[1:2]), ([], posts)):
        with pytest.raises(SettingsError, match="some system needs both training and validation posts"):
            with_hashtags("some system", some, others)


def test_as_many_are_compared_as_the_mean_post_carries_ten_at_most(make_posts):
    assert compared_at(make_posts("a b c", "a")) == 2
    assert compared_at(make_posts(" ".join("abcdefghijklmno"))) == 10
