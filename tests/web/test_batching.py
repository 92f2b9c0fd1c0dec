"""A lane alone, with answerers that need no index."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from hashtag_recommender.core.query import Query
from hashtag_recommender.core.results import Answer
from hashtag_recommender.core.suggest_options import SuggestOptions
from hashtag_recommender.web.batching import Lane
from hashtag_recommender.web.metrics import Metrics
from hashtag_recommender.web.problems import Problem

PLAIN = SuggestOptions()


class Gate:
    """Answers each query by its caption, but only while the gate is open. seen: the captions of each batch."""

    def __init__(self) -> None:
        self.seen: list[list[str]] = []
        self.entered, self.opened = threading.Event(), threading.Event()

    def __call__(self, captions: Sequence[str]) -> list[Answer]:
        self.seen.append([*captions])
        self.entered.set()
        assert self.opened.wait(20)
        if "broken" in captions:
            raise ValueError("broken")
        return [Answer((), caption) for caption in captions]


@pytest.fixture
def gate() -> Gate:
    return Gate()


Open = Callable[..., Lane]


@pytest.fixture
def lane(gate: Gate) -> Iterator[Open]:
    made: list[Lane] = []

    def make(at_once: int = 4, longest: int = 8) -> Lane:
        made.append(Lane("test", Metrics(), at_once, longest))
        return made[-1]

    yield make
    gate.opened.set()
    for one in made:
        one.close()


def ask(lane: Lane, gate: Gate, caption: str, seconds: float = 20) -> "asyncio.Task[Answer]":
    return asyncio.create_task(lane.ask(gate, caption, seconds))


async def behind_a_first(lane: Lane, gate: Gate, *captions: str, seconds: float = 20) -> list[Any]:
    """Tasks: one query that the thread is busy with, and others that wait behind it."""
    tasks = [ask(lane, gate, "first", seconds)]
    await asyncio.to_thread(gate.entered.wait, 20)
    tasks += [ask(lane, gate, caption, seconds) for caption in captions]
    while len(lane) < len(captions):
        await asyncio.sleep(0.001)
    return tasks


def test_what_comes_while_the_thread_is_busy_makes_the_next_batches(lane: Open, gate: Gate) -> None:
    async def run() -> list[str]:
        tasks = await behind_a_first(lane(at_once=3), gate, *"abcd")
        gate.opened.set()
        return [answer.snapshot for answer in await asyncio.gather(*tasks)]

    assert asyncio.run(run()) == ["first", *"abcd"], "each its own"
    assert gate.seen == [["first"], ["a", "b", "c"], ["d"]]


def test_a_single_query_waits_for_no_other(lane: Open, gate: Gate) -> None:
    gate.opened.set()
    open_lane = lane(at_once=16)
    assert asyncio.run(open_lane.ask(gate, "alone", 5)).snapshot == "alone"


def test_a_full_queue_refuses_and_says_when_to_come_again(lane: Open, gate: Gate) -> None:
    async def run() -> Problem:
        full = lane(longest=2)
        tasks = await behind_a_first(full, gate, "a", "b")
        with pytest.raises(Problem) as refused:
            await full.ask(gate, "c", 20)
        gate.opened.set()
        assert [answer.snapshot for answer in await asyncio.gather(*tasks)] == ["first", "a", "b"]
        assert (await full.ask(gate, "d", 20)).snapshot == "d", "there is room again"
        return refused.value

    told = asyncio.run(run())
    assert (told.status, told.code, told.headers) == (503, "queue_full", {"Retry-After": "1"})


def test_what_takes_too_long_is_told_so_and_not_answered_later(lane: Open, gate: Gate) -> None:
    async def run() -> list[Any]:
        tasks = await behind_a_first(lane(), gate, "late", seconds=0.05)
        told = await asyncio.gather(*tasks, return_exceptions=True)
        gate.opened.set()
        return told

    for problem in asyncio.run(run()):
        assert isinstance(problem, Problem)
        assert (problem.status, problem.code, problem.headers) == (503, "timeout", {"Retry-After": "1"})
    assert gate.seen == [["first"]], "nobody waits for the other any more"


def test_a_query_whose_client_has_gone_is_not_answered(lane: Open, gate: Gate) -> None:
    async def run() -> None:
        tasks = await behind_a_first(lane(), gate, "gone", "stays")
        tasks[1].cancel()
        await asyncio.sleep(0)
        gate.opened.set()
        assert (await tasks[2]).snapshot == "stays"
        assert (await tasks[0]).snapshot == "first"

    asyncio.run(run())
    assert gate.seen == [["first"], ["stays"]]


def test_queries_whose_clients_have_gone_leave_room_in_the_queue(lane: Open, gate: Gate) -> None:
    async def run() -> None:
        full = lane(longest=2)
        tasks = await behind_a_first(full, gate, "gone", "gone too")
        for task in tasks[1:]:
            task.cancel()
        await asyncio.gather(*tasks[1:], return_exceptions=True)
        stays = ask(full, gate, "stays")
        await asyncio.sleep(0.01)
        gate.opened.set()
        assert (await stays).snapshot == "stays"
        await tasks[0]

    asyncio.run(run())


def test_an_error_of_one_does_not_reach_the_others_of_its_batch(lane: Open, gate: Gate) -> None:
    async def run() -> list[Any]:
        tasks = await behind_a_first(lane(), gate, "a", "broken", "b")
        gate.opened.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    first, a, broken, b = asyncio.run(run())
    assert [first.snapshot, a.snapshot, b.snapshot] == ["first", "a", "b"]
    assert isinstance(broken, ValueError)


def test_of_a_batch_each_kind_is_answered_for_itself(lane: Open, gate: Gate) -> None:
    other = Gate()
    other.opened.set()

    async def run() -> list[Any]:
        mixed = lane()
        tasks = await behind_a_first(mixed, gate, "a")
        tasks += [ask(mixed, other, "b"), ask(mixed, gate, "c"), ask(mixed, other, "broken")]
        while len(mixed) < 4:
            await asyncio.sleep(0.001)
        gate.opened.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    *answers, broken = asyncio.run(run())
    assert [answer.snapshot for answer in answers] == ["first", *"abc"] and isinstance(broken, ValueError)
    assert gate.seen == [["first"], ["a", "c"]], "an error of another kind does not reach them"
    assert other.seen == [["b", "broken"], ["b"], ["broken"]]


def test_it_answers_on_after_an_error(lane: Open, gate: Gate) -> None:
    gate.opened.set()
    open_lane = lane()
    with pytest.raises(ValueError, match="broken"):
        asyncio.run(open_lane.ask(gate, "broken", 5))
    assert asyncio.run(open_lane.ask(gate, "whole", 5)).snapshot == "whole"


def test_closing_answers_what_waits_and_takes_no_more(lane: Open, gate: Gate) -> None:
    async def run() -> list[str]:
        closing = lane(at_once=1)
        tasks = await behind_a_first(closing, gate, "a", "b")
        closed = asyncio.create_task(asyncio.to_thread(closing.close))
        while closing._open:
            await asyncio.sleep(0.001)
        with pytest.raises(Problem) as refused:
            await closing.ask(gate, "late", 5)
        assert refused.value.status == 503
        gate.opened.set()
        answers = await asyncio.gather(*tasks)
        await closed
        return [answer.snapshot for answer in answers]

    assert asyncio.run(run()) == ["first", "a", "b"]


def test_an_answer_for_a_loop_that_has_ended_is_let_go(lane: Open, gate: Gate) -> None:
    open_lane = lane()

    async def leave() -> None:
        task = ask(open_lane, gate, "left")
        await asyncio.to_thread(gate.entered.wait, 20)
        task.cancel()

    asyncio.run(leave())
    gate.opened.set()
    assert asyncio.run(open_lane.ask(gate, "next", 5)).snapshot == "next"


def test_many_clients_at_once_get_their_own_answers(lane: Open, gate: Gate) -> None:
    gate.opened.set()
    open_lane = lane(at_once=16, longest=1000)

    async def run(of: int) -> list[str]:
        answers = await asyncio.gather(*(open_lane.ask(gate, f"{of} {i}", 20) for i in range(100)))
        return [answer.snapshot for answer in answers]

    told: dict[int, list[str]] = {}
    threads = [threading.Thread(target=lambda of=of: told.update({of: asyncio.run(run(of))})) for of in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == {of: [f"{of} {i}" for i in range(100)] for of in range(4)}
    assert max(map(len, gate.seen)) <= 16


def test_captions_do_not_wait_behind_photos(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A photo that takes long holds a caption up for no longer than the caption itself takes."""
    plain = service.recommender.suggest_batch
    go_on, busy = threading.Event(), threading.Event()

    def slow_with_photos(queries: Sequence[Query], *given: Any, **named: Any) -> list[Answer]:
        if queries[0].photos:
            busy.set()
            assert go_on.wait(20)
        answers: list[Answer] = plain(queries, *given, **named)
        return answers

    monkeypatch.setattr(service.recommender, "suggest_batch", slow_with_photos)

    async def run() -> None:
        from PIL import Image

        looking = asyncio.create_task(service.suggest(Query("", (Image.new("RGB", (64, 64)),)), PLAIN, False))
        await asyncio.to_thread(busy.wait, 20)
        began = time.monotonic()
        assert (await service.suggest(Query("cat nap"), PLAIN, False)).suggestions
        assert time.monotonic() - began < 10 and not looking.done()
        go_on.set()
        await looking

    asyncio.run(run())
