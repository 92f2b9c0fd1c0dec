"""A line in the log and a count in the metrics for every request: which route, how it ended, how long it took."""

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..metrics import Metrics

_GONE = 499  # as nginx counts clients that left before they were answered

_log = logging.getLogger(__name__)


class RequestRecord:
    """ASGI middleware. Neither queries nor bodies nor headers are told: they hold captions and tokens."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), _GONE

        async def send_and_see(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_see)
        finally:
            seconds = time.perf_counter() - began
            route = scope.get("route")
            path = route.path if route is not None else "other"
            self._metrics.request(scope["method"], path, status, seconds)
            _log.info("%s %s %d %.0f ms", scope["method"][:20], path, status, 1000 * seconds)
