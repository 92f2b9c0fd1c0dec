"""Functions that run side by side."""

import os
from contextvars import ContextVar
from time import sleep

import pytest

from hashtag_recommender.core.parallel import _blas_libraries, one_blas_thread, side_by_side

asked = ContextVar("asked", default="nobody")


def test_results_stand_in_order_and_know_the_context_of_who_asks():
    asked.set("me")
    assert side_by_side([lambda n=n: (n, asked.get()) for n in range(9)]) == [(n, "me") for n in range(9)]
    assert side_by_side([]) == []


def test_functions_may_run_others_side_by_side():
    """However many wait for others at once."""

    def count(depth):
        return 1 if depth == 0 else sum(side_by_side([lambda: count(depth - 1)] * 5))

    assert side_by_side([lambda: count(3)] * 10) == [125] * 10


def test_all_end_before_an_error_is_raised():
    ended = []

    def fail():
        raise ValueError("first")

    with pytest.raises(ValueError, match="first"):
        side_by_side([fail, lambda: ended.append(1), lambda: ended.append(2)])
    assert sorted(ended) == [1, 2]


def test_after_an_interrupt_nothing_more_begins():
    begun = []

    def interrupt():
        raise KeyboardInterrupt

    def take_long():
        begun.append(1)
        sleep(0.01)

    with pytest.raises(KeyboardInterrupt):
        side_by_side([interrupt, *[take_long] * 1000])
    assert len(begun) < 1000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_fork_has_threads_of_its_own():
    side_by_side([int, int, int])
    child = os.fork()
    if child == 0:
        os._exit(0 if side_by_side([int, int, int]) == [0, 0, 0] else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_blas_computes_on_one_thread_until_the_last_leaves():
    def threads():
        return {library["num_threads"] for library in _blas_libraries().info()}

    before = threads()
    with one_blas_thread():
        with one_blas_thread():
            assert threads() == {1}
        assert threads() == {1}
    assert threads() == before


def test_blas_has_its_threads_again_after_an_error():
    before = [library["num_threads"] for library in _blas_libraries().info()]
    with pytest.raises(ValueError, match="no"), one_blas_thread():
        raise ValueError("no")
    assert [library["num_threads"] for library in _blas_libraries().info()] == before
