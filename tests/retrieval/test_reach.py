"""The comparison of responses with those to like posts, and that its interval keeps its promise."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from hashtag_recommender.core.post import MEASURES
from hashtag_recommender.core.reach import NoReach, Reach
from hashtag_recommender.retrieval.reach import LEAST_POSTS, Responses

DAY = 20_000.0  # a date, in days since 1970


def make(authors: Any, posted: Any, likes: Any) -> Responses:
    """The responses to posts of which the likes alone are known."""
    counts = np.full((len(likes), len(MEASURES)), np.nan)
    counts[:, 0] = likes
    archive: Any = SimpleNamespace(author_of=np.asarray(authors), posted=np.asarray(posted, dtype=float))
    return Responses(archive, counts)


def pairs(rng: np.random.Generator, n: int) -> tuple[Responses, np.ndarray, np.ndarray]:
    """n authors with two posts each, of which one carries the hashtag, the first and the second in turn; and its rows.

    Returns also the likes (n, 2), those with the hashtag first.
    """
    likes = rng.poisson(100 * np.exp(rng.normal(0, 1, (n, 2))))
    late = np.arange(n) % 2
    posted = DAY + np.column_stack([late, 1 - late])
    return make(np.repeat(np.arange(n), 2), posted.ravel(), likes.ravel()), np.arange(0, 2 * n, 2), likes


def test_of_one_pair_an_author_it_is_the_paired_t_test_without_what_the_order_does() -> None:
    responses, rows, likes = pairs(np.random.default_rng(1), 26)
    found = responses.compare("likes", rows)
    assert isinstance(found, Reach)
    differences = -np.diff(np.log1p(likes))[:, 0]
    sign = np.tile([-1, 1], 13)
    without_slope = differences - (differences @ sign / 26) * sign
    interval = stats.ttest_1samp(without_slope, 0).confidence_interval(0.95)
    logs = np.log([found.ratio, found.low, found.high])
    np.testing.assert_allclose(logs, [differences.mean(), interval.low, interval.high])
    assert (found.posts, found.like_posts) == (26, 26)


def test_it_is_the_regression_with_a_constant_for_each_group_and_a_slope() -> None:
    rng = np.random.default_rng(2)
    authors = np.repeat(np.arange(12), 8)  # fewer than a group of a dozen, so one group each
    likes, carries = rng.poisson(30, len(authors)), rng.random(len(authors)) < np.tile(np.linspace(0, 0.9, 8), 12)
    order = np.tile(np.arange(8), 12)
    found = make(authors, DAY + order, likes + 5 * order).compare("likes", np.flatnonzero(carries))
    assert isinstance(found, Reach)
    design = np.column_stack([carries, order, authors[:, None] == np.arange(12)])
    effect = np.linalg.lstsq(design.astype(float), np.log1p(likes + 5 * order), rcond=None)[0][0]
    assert np.log(found.ratio) == pytest.approx(effect)


def test_what_the_order_alone_may_explain_is_not_told() -> None:
    """Each author's later posts have it, and more likes: the hashtag cannot be told from time."""
    authors, order = np.repeat(np.arange(20), 2), np.tile([0, 1], 20)
    found = make(authors, DAY + order, 10 + 90 * order).compare("likes", np.flatnonzero(order))
    assert found == NoReach("likes", "too few times to tell at which it was used and also not used", 20, 20)


def simulate(rng: np.random.Generator, n_authors: int, n_posts: int, effect: float) -> Reach | NoReach:
    """Authors of very different reach, of whom the popular use the hashtag more, and whose reach wanders and grows.

    effect: in logs, of the hashtag; it differs between authors.
    """
    level = rng.normal(0, 1, (n_authors, 1))
    wander = np.cumsum(rng.normal(0, 0.05, (n_authors, n_posts)), axis=1) + np.linspace(0, 1, n_posts)
    carries = rng.random((n_authors, n_posts)) < 1 / (1 + np.exp(1.5 - level - 0.5 * wander))
    own = effect + rng.normal(0, 0.2, (n_authors, 1)) * (n_authors >= 10)
    expected = np.exp(np.log(200) + level + wander + own * carries + rng.normal(0, 0.6, (n_authors, n_posts)))
    posted = DAY + np.sort(rng.uniform(0, 700, (n_authors, n_posts)), axis=1)
    authors = np.repeat(np.arange(n_authors), n_posts)
    responses = make(authors, posted.ravel(), rng.poisson(expected).ravel())
    return responses.compare("likes", np.flatnonzero(carries.ravel()))


@pytest.mark.parametrize(("n_authors", "n_posts"), [(1, 300), (5, 60), (12, 25), (40, 20)])
@pytest.mark.parametrize("ratio", [1.0, 1.5])
def test_the_interval_covers_what_was_planted_19_times_out_of_20(n_authors: int, n_posts: int, ratio: float) -> None:
    rng = np.random.default_rng(n_authors)
    found = [simulate(rng, n_authors, n_posts, np.log(ratio)) for _ in range(400)]
    told = [reach for reach in found if isinstance(reach, Reach)]
    assert len(told) > 350
    covered = np.mean([reach.low <= ratio <= reach.high for reach in told])
    assert 0.92 < covered < 0.98, "0.95 within three standard errors"
    assert np.exp(np.mean([np.log(reach.ratio) for reach in told])) == pytest.approx(ratio, rel=0.03)


def test_a_difference_between_authors_alone_is_none() -> None:
    """A popular author who always uses it, and one who never does: nothing is like."""
    rng = np.random.default_rng(3)
    authors = np.repeat([0, 1], 50)
    responses = make(authors, DAY + np.arange(100), rng.poisson(np.where(authors == 0, 1000, 10)))
    found = responses.compare("likes", np.arange(50))
    assert found == NoReach("likes", "too few of them have like posts: 0; at least 10 needed")


def test_too_few_posts_are_told_instead_of_a_number() -> None:
    responses, rows, _ = pairs(np.random.default_rng(4), 26)
    few = responses.compare("likes", rows[: LEAST_POSTS - 1])
    assert few == NoReach("likes", "too few posts to tell: 9; at least 10 needed", 9, 9)
    assert isinstance(responses.compare("likes", rows[:LEAST_POSTS]), Reach)
    none = responses.compare("likes", rows[:0])
    assert isinstance(none, NoReach) and none.posts == 0


def test_posts_of_one_time_alone_tell_nothing() -> None:
    likes = np.arange(12)
    responses = make(np.full(12, -1), DAY + np.arange(12), likes)
    found = responses.compare("likes", np.arange(10))
    assert isinstance(found, NoReach) and "too few times" in found.reason and (found.posts, found.like_posts) == (10, 2)


def test_only_posts_of_which_all_is_known_are_compared() -> None:
    rng = np.random.default_rng(5)
    authors, likes, rows = np.repeat(np.arange(25), 4), rng.poisson(50, 100), np.arange(0, 100, 3)
    posted = np.tile(DAY + np.arange(4), 25)
    before = make(authors, posted, likes).compare("likes", rows)
    assert isinstance(before, Reach)
    n = len(likes)
    authors = np.concatenate([authors, [-1, 0, 1]])  # by nobody known, undated, without likes
    posted = np.concatenate([posted, [DAY, np.nan, DAY + 9]])
    more = make(authors, posted, np.concatenate([likes, [9**9, 9**9, np.nan]]))
    assert more.compare("likes", np.concatenate([rows, [n, n + 1, n + 2]])) == before
    assert more.measures == ("likes",) and more.knows_authors


def test_without_authors_all_posts_count_as_those_of_one() -> None:
    rng = np.random.default_rng(6)
    responses = make(np.full(120, -1), DAY + np.arange(120), rng.poisson(100, 120))
    found = responses.compare("likes", np.arange(0, 120, 3))
    assert isinstance(found, Reach) and (found.posts, found.like_posts) == (40, 80)
    assert not responses.knows_authors


def test_without_dates_nothing_is_compared() -> None:
    responses = make(np.zeros(40, dtype=int), np.full(40, np.nan), np.arange(40))
    assert responses.compare("likes", np.arange(20)) == NoReach("likes", "not compared, as no post has a date")


def test_equal_responses_are_equal() -> None:
    responses = make(np.repeat(np.arange(20), 2), np.tile([DAY, DAY + 1], 20), np.zeros(40))
    carriers = np.sort(np.concatenate([np.arange(0, 20, 2), np.arange(21, 40, 2)]))
    assert responses.compare("likes", carriers) == Reach("likes", 1, 1, 1, 20, 20)


def test_an_archive_without_responses_has_no_measure() -> None:
    archive: Any = SimpleNamespace(author_of=np.zeros(3, dtype=int), posted=np.full(3, DAY))
    assert Responses(archive, np.full((3, 3), np.nan)).measures == ()
    empty: Any = SimpleNamespace(author_of=np.zeros(0, dtype=int), posted=np.zeros(0))
    assert Responses(empty, np.zeros((0, 3))).measures == ()
