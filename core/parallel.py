"""Work that several cores do at once."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from functools import cache
from typing import TypeVar

T = TypeVar("T")


def side_by_side(functions: Sequence[Callable[[], T]]) -> list[T]:
    """The results of functions that do not call this one, in order; the first runs in this thread.

    Worth it where they wait or compute outside Python. Raises what the first of them in order raises, after all ended.
    """
    others = [_workers().submit(copy_context().run, function) for function in functions[1:]]
    try:
        first = [function() for function in functions[:1]]
    finally:
        wait(others)
    return [*first, *(other.result() for other in others)]


def _workers() -> ThreadPoolExecutor:
    return _workers_of(os.getpid())


@cache
def _workers_of(process: int) -> ThreadPoolExecutor:  # a fork has its parent's pool, but none of its threads
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="side-by-side")
