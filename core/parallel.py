"""Work that several cores do at once."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from functools import cache
from typing import TypeVar

T = TypeVar("T")


def side_by_side(functions: Sequence[Callable[[], T]]) -> list[T]:
    """The results of functions, in order; those for which no other core is free run in this thread.

    Worth it where they wait or compute outside Python. They may call this function, too: nobody waits for what has not
    begun. Raises what the first of them in order raises, after all ended.
    """
    others = [_workers().submit(copy_context().run, function) for function in functions[1:]]
    try:
        done = [_run_here(function) for function in functions[:1]]
        for function, other in zip(functions[1:], others, strict=True):
            done.append(_run_here(function) if other.cancel() else other)
    finally:  # where a person interrupts this thread, nothing more begins
        wait([other for other in others if not other.cancel()])
    return [each.result() for each in done]


def _run_here(function: Callable[[], T]) -> Future[T]:
    done: Future[T] = Future()
    try:
        done.set_result(function())
    except Exception as error:  # noqa: BLE001 - it is raised when all have ended
        done.set_exception(error)
    return done


def _workers() -> ThreadPoolExecutor:
    return _workers_of(os.getpid())


@cache
def _workers_of(process: int) -> ThreadPoolExecutor:  # a fork has its parent's pool, but none of its threads
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="side-by-side")
