import threading

import pytest

from hashtag_recommender.retrieval.timing import measure_steps, timed


@timed("search")
def search():
    return "found"


def test_the_seconds_of_a_step_are_summed():
    with measure_steps() as timings:
        assert search() == "found"
        once = timings["search"]
        search()
        with timed("vote"):
            pass
    assert list(timings) == ["search", "vote"]
    assert timings["search"] > once > 0


def test_nothing_is_measured_outside():
    search()
    with measure_steps() as timings:
        pass
    search()
    assert timings == {}


def test_a_step_that_fails_is_measured_too():
    with measure_steps() as timings, pytest.raises(ValueError), timed("rank"):
        raise ValueError
    assert list(timings) == ["rank"]


def test_each_thread_measures_its_own_calls():
    measured = []

    def measure(step):
        with measure_steps() as timings:
            both.wait(10)
            with timed(step):
                both.wait(10)
        measured.append(list(timings))

    both = threading.Barrier(2)
    threads = [threading.Thread(target=measure, args=(step,)) for step in ("encode", "vote")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(measured) == [["encode"], ["vote"]]
