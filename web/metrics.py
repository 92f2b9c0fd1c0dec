"""What Prometheus learns of a server."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

from ..retrieval.timing import Step

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_METHODS = frozenset(["GET", "HEAD", "POST", "DELETE", "OPTIONS"])  # a label must not grow by what clients make up
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """Counts and times of one server."""

    def __init__(self) -> None:
        # Else each count is told with the time of its first one, which Prometheus does not need.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "hashtag_http_requests_total", "Requests answered.", ["method", "path", "status"], registry=registry
        )
        self._latency = Histogram(
            "hashtag_http_request_seconds",
            "From the first byte of a request to the last of its answer.",
            ["path"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._steps = Histogram(
            "hashtag_suggest_step_seconds",
            "A step of a batch of suggestions, or the wait of a request before it.",
            ["step"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._batches = Histogram(
            "hashtag_suggest_batch_size", "Requests of one kind that were answered together.", ["lane"], buckets=_SIZES,
            registry=registry,
        )  # fmt: skip
        self._thumbnails = Counter(
            "hashtag_thumbnails_total", "Thumbnails asked for, by whether they were held.", ["cache"], registry=registry
        )
        self._queue = Gauge("hashtag_queue_length", "Requests that wait for an answer.", ["lane"], registry=registry)
        self._age = Gauge("hashtag_snapshot_age_seconds", "Since the serving snapshot was built.", registry=registry)
        self._uploads = Gauge("hashtag_uploads_bytes", "Uploaded photos in memory.", registry=registry)
        for step in ("wait", *get_args(Step)):
            self._steps.labels(step)

    def request(self, method: str, path: str, status: int, seconds: float) -> None:
        """One more request. path: of the route, not of the request, so that there are few."""
        self._requests.labels(method if method in _METHODS else "other", path, str(status)).inc()
        self._latency.labels(path).observe(seconds)

    def batch(self, lane: str, waits: list[float], steps: Mapping[Step, float]) -> None:
        """One more batch. waits: of each of its requests, in seconds."""
        self._batches.labels(lane).observe(len(waits))
        for wait in waits:
            self._steps.labels("wait").observe(wait)
        for step, seconds in steps.items():
            self._steps.labels(step).observe(seconds)

    def thumbnail(self, held: bool) -> None:
        """One more thumbnail was asked for."""
        self._thumbnails.labels("hit" if held else "miss").inc()

    def watch_queue(self, lane: str, length: Callable[[], float]) -> None:
        """Tell the length of a lane's queue from now on."""
        self._queue.labels(lane).set_function(length)

    def text(self, built: str | None, uploads: int) -> bytes:
        """All metrics, in the text format of Prometheus.

        built: when the serving snapshot was, ISO 8601; None if its folder is gone. uploads: bytes.
        """
        age = math.nan if built is None else (datetime.now(UTC) - datetime.fromisoformat(built)).total_seconds()
        self._age.set(age)
        self._uploads.set(uploads)
        return generate_latest(self._registry)
