import pytest

from hashtag_recommender.eval.runs.estimate import Ahead, TimeLeft
from hashtag_recommender.eval.runs.run import RunResult


def took(seconds, runs=1):
    """The outcome of a system of which each run took that long: half of it to learn, half to answer 10 posts."""
    return RunResult("one", "network", [[]] * 10 * runs, None, seconds / 2, 1000 * seconds / 20)


def test_before_anything_has_run_it_is_what_systems_cost_elsewhere():
    left = TimeLeft(2000)
    assert left.ahead == Ahead(0, 0)
    left.expect(30, runs=1)
    left.expect(10, runs=3)
    assert left.ahead == Ahead(2, 120)


def test_what_ran_twice_as_long_doubles_what_is_ahead():
    left = TimeLeft(1000)
    for cost in (100, 100, 50):
        left.expect(cost, runs=2)
    left.ran(100, 2, took(200, runs=2))
    assert left.ahead.systems == 2
    assert left.ahead.seconds == pytest.approx(300 * 2, rel=0.1)


def test_a_small_system_says_little_of_large_ones():
    left = TimeLeft(1000)
    left.expect(1, runs=1)
    left.expect(999, runs=1)
    left.ran(1, 1, took(20))
    assert 999 < left.ahead.seconds < 1.5 * 999


def test_at_the_end_nothing_is_ahead():
    left = TimeLeft(1000)
    left.expect(0.1, runs=1)
    left.expect(0.2, runs=1)
    left.ran(0.1, 1, took(1))
    left.ran(0.2, 1, took(1))
    assert left.ahead == Ahead(0, pytest.approx(0, abs=1e-6))
