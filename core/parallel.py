"""Work that several cores do at once."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from functools import cache
from threading import Lock
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

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


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let NumPy and SciPy compute matrix products on the thread that asks for them, as long as any thread is inside.

    The products of one query are too small to share: where other programs use the cores as well, threads that share one
    wait for each other longer than it takes.
    """
    _blas.enter()
    try:
        yield
    finally:
        _blas.leave()


class _Blas:
    """Limits BLAS from the first thread that enters until the last leaves, as all threads have one limit."""

    def __init__(self) -> None:
        self._lock, self._inside = Lock(), 0
        self._limit: Any = None

    def enter(self) -> None:
        with self._lock:
            if not self._inside:
                self._limit = _blas_libraries().limit(limits=1)
            self._inside += 1

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._limit.restore_original_limits()


@cache
def _blas_libraries() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")


_blas = _Blas()
