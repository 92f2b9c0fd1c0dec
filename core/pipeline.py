"""Keeps a model fed: contents are prepared in threads while the model works on the batch before."""

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from typing import Any, TypeVar

from .errors import PhotoError
from .protocols import Encoded, Encoder, K, V

T = TypeVar("T")

_BATCHES_AHEAD = 2


def batches(contents: Iterable[T], size: int) -> Iterator[list[T]]:
    """Consecutive lists of `size` contents, the last one shorter."""
    iterator = iter(contents)
    while batch := list(islice(iterator, size)):
        yield batch


def encode_stream(encoder: Encoder[V], contents: Iterable[tuple[K, Any]]) -> Iterator[Encoded[K, V]]:
    """Encode (key, content) pairs in order, a batch at a time; memory holds three batches, however many there are."""
    iterator = iter(contents)
    first = list(islice(iterator, 2))
    if len(first) < 2:  # a thread would take longer than it saves
        for key, content in first:
            yield _encode(encoder, [(key, _prepared(encoder, content))])
        return
    pool = ThreadPoolExecutor(max_workers=os.cpu_count(), thread_name_prefix="prepare")
    try:
        under_way: deque[list[tuple[K, Future[Any]]]] = deque()
        for batch in batches(chain(first, iterator), encoder.batch_size):
            under_way.append([(key, pool.submit(encoder.prepare, content)) for key, content in batch])
            if len(under_way) > _BATCHES_AHEAD:
                yield _encode(encoder, under_way.popleft())
        while under_way:
            yield _encode(encoder, under_way.popleft())
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


class LocalEngine:
    """Encodes in this process. Satisfies `EmbeddingEngine`."""

    def encode(
        self, encoder: Encoder[V], spec: Mapping[str, str], contents: Iterable[tuple[str, Any]]
    ) -> Iterator[Encoded[str, V]]:
        """See `EmbeddingEngine.encode`."""
        return encode_stream(encoder, contents)


def _prepared(encoder: Encoder[Any], content: Any) -> Future[Any]:
    future: Future[Any] = Future()
    try:
        future.set_result(encoder.prepare(content))
    except PhotoError as error:
        future.set_exception(error)
    return future


def _encode(encoder: Encoder[V], batch: list[tuple[K, Future[Any]]]) -> Encoded[K, V]:
    keys: list[K] = []
    prepared: list[Any] = []
    failures: list[tuple[K, str]] = []
    for key, future in batch:
        try:
            prepared.append(future.result())
        except PhotoError as error:
            failures.append((key, str(error)))
        else:
            keys.append(key)
    if not prepared:
        return Encoded(keys, None, failures)
    return Encoded(keys, encoder.encode(prepared), failures)
