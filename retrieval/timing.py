"""How long each step of a suggestion takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from time import perf_counter
from typing import Literal, TypeAlias

Step: TypeAlias = Literal["encode", "search", "vote", "rank", "adjust", "select", "explain"]

_adding = Lock()
_timings: ContextVar[dict[Step, float] | None] = ContextVar("timings", default=None)


@contextmanager
def measure_steps() -> Iterator[dict[Step, float]]:
    """Measure what this thread asks of recommenders within the block: seconds by step, summed over all calls.

    The steps stand in the order in which they were first taken; a step that was not taken is missing. What runs on
    several cores at once is summed, too. Each thread measures its own calls only. A block within another one takes the
    calls away from the outer one.
    """
    timings: dict[Step, float] = {}
    token = _timings.set(timings)
    try:
        yield timings
    finally:
        _timings.reset(token)


@contextmanager
def timed(step: Step) -> Iterator[None]:
    """Add the seconds of a block, or of each call of a decorated function, to a step, if steps are measured."""
    timings = _timings.get()
    if timings is None:
        yield
        return
    start = perf_counter()
    try:
        yield
    finally:
        seconds = perf_counter() - start
        with _adding:
            timings[step] = timings.get(step, 0.0) + seconds
