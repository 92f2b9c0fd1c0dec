"""Requests that wait together are answered together: a batch costs less than its questions one after another."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from threading import Condition, Thread
from typing import Any, Generic, TypeAlias, TypeVar

from ..core.closing import Closing
from ..retrieval.timing import measure_steps
from .metrics import Metrics
from .problems import busy

Q = TypeVar("Q")
A = TypeVar("A")

# Answers questions of one kind, in their order.
Answerer: TypeAlias = Callable[[Sequence[Q]], Sequence[A]]


@dataclass(frozen=True, slots=True, eq=False)
class Waiting(Generic[Q, A]):
    """A question that waits for its answer, who answers its kind, and since when it waits (`time.perf_counter`)."""

    question: Q
    answerer: Answerer[Q, A]
    answer: "asyncio.Future[A]"
    since: float = field(default_factory=time.perf_counter)

    def waited(self) -> float:
        """Seconds so far."""
        return time.perf_counter() - self.since


class Lane(Closing):
    """A queue and the threads that answer it: what waits when one is free makes the next batch.

    Nothing waits for a batch to fill: a single client gets its answer at once. Of a batch, each kind of question is
    answered for itself.
    """

    def __init__(self, name: str, metrics: Metrics, at_once: int, longest: int, threads: int = 1) -> None:
        """at_once: the most questions of a batch. longest: the most that wait; more are refused.

        threads: with two, one batch is encoded while Python ranks the other.
        """
        self.name = name
        self._metrics = metrics
        self._at_once = at_once
        self._longest = longest
        self._queue: deque[Waiting[Any, Any]] = deque()
        self._changed = Condition()
        self._open = True
        metrics.watch_queue(name, self.__len__)
        self._threads = [Thread(target=self._run, name=f"lane-{name}-{i}", daemon=True) for i in range(threads)]
        for thread in self._threads:
            thread.start()

    def __len__(self) -> int:
        """How many wait."""
        return len(self._queue)

    def close(self) -> None:
        """Answer all that wait, and end."""
        with self._changed:
            self._open = False
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    async def ask(self, answerer: Answerer[Q, A], question: Q, seconds: float) -> A:
        """The answer, as soon as it is there; raises what answering raises, and Problem if it takes too long.

        answerer: the same for all questions that can be answered together. A question whose answer nobody waits for
        any more is not answered.
        """
        waiting: Waiting[Q, A] = Waiting(question, answerer, asyncio.get_running_loop().create_future())
        with self._changed:
            if not self._open or len(self._queue) >= self._longest:
                raise busy("queue_full", f"{len(self._queue)} requests wait already")
            self._queue.append(waiting)
            self._changed.notify()
        try:
            async with asyncio.timeout(seconds):
                return await waiting.answer
        except TimeoutError:
            raise busy("timeout", f"no answer within {seconds:g} seconds") from None
        finally:
            with self._changed:
                if waiting in self._queue:  # nobody waits for it any more, so it leaves its place to others
                    self._queue.remove(waiting)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._queue:
                    if not self._open:
                        return
                    self._changed.wait()
                batch = [self._queue.popleft() for _ in range(min(self._at_once, len(self._queue)))]
            for answerer in dict.fromkeys(waiting.answerer for waiting in batch):
                alike = [waiting for waiting in batch if waiting.answerer == answerer]
                wanted = [waiting for waiting in alike if not waiting.answer.cancelled()]
                if wanted:
                    self._answer(answerer, wanted)

    def _answer(self, answerer: Answerer[Q, A], batch: Sequence[Waiting[Q, A]]) -> None:
        waits = [waiting.waited() for waiting in batch]
        try:
            with measure_steps() as steps:
                answers = answerer([waiting.question for waiting in batch])
        except Exception as error:
            if len(batch) > 1:  # one of them may be to blame
                for waiting in batch:
                    self._answer(answerer, [waiting])
            else:
                _tell(batch[0], error)
            return
        self._metrics.batch(self.name, waits, steps)
        for waiting, answer in zip(batch, answers, strict=True):
            _tell(waiting, answer)


def _tell(waiting: Waiting[Q, A], outcome: A | Exception) -> None:
    """Hand the outcome to the event loop that waits for it, unless it waits no more."""

    def tell() -> None:
        if waiting.answer.done():
            return
        if isinstance(outcome, Exception):
            waiting.answer.set_exception(outcome)
        else:
            waiting.answer.set_result(outcome)

    try:
        waiting.answer.get_loop().call_soon_threadsafe(tell)
    except (RuntimeError, CancelledError):  # the loop has ended
        return
