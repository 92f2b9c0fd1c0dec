"""Bodies that are too large or too slow are refused while they arrive; memory never holds more than is allowed."""

import asyncio
import time

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..problems import Problem

_DRAINED = 8  # times the limit: a client that sends more is cut off before it can read the answer
_DIGITS = 18  # of a length that is no nonsense


class BodyLimit:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, most: int, most_together: int, seconds: float) -> None:
        """most: bytes of a body. most_together: of all requests under way. seconds: until a body has arrived."""
        self._app = app
        self._most = most
        self._most_together = most_together
        self._seconds = seconds
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body, held = _Body(receive, time.monotonic() + self._seconds), 0

        async def receive_limited() -> Message:
            nonlocal held
            message = await body.receive()
            if body.received > self._most:
                raise _Refused(self._too_large())
            arrived = len(message.get("body", b""))
            if self._held + arrived > self._most_together:
                raise _Refused(_no_room())
            self._held += arrived
            held += arrived
            return message

        try:
            if _told_length(scope) > self._most:
                raise _Refused(self._too_large())
            await self._app(scope, receive_limited, send)
        except _Refused as refused:
            await self._refuse(refused.problem, scope, body, send)
        finally:
            self._held -= held

    async def _refuse(self, problem: Problem, scope: Scope, body: "_Body", send: Send) -> None:
        """Read on and throw away, else the client would not see the answer while it still sends."""
        while not body.is_over and body.received <= _DRAINED * self._most:
            try:
                await body.receive()
            except Problem:
                break
        await problem.response()(scope, body.receive, send)

    def _too_large(self) -> Problem:
        return Problem(
            413, "too_large", f"the body has more than {self._most:,} bytes", "send a smaller photo, or fewer",
            {"Connection": "close"},
        )  # fmt: skip


def _no_room() -> Problem:
    return Problem(
        503, "bodies_full", "other requests take all the room for bodies", "try again in 1 second",
        {"Retry-After": "1", "Connection": "close"},
    )  # fmt: skip


def _told_length(scope: Scope) -> int:
    """The length that a request tells of its body; 0 if it tells none."""
    told = HTTPConnection(scope).headers.get("content-length", "")
    return int(told[:_DIGITS]) if told.isascii() and told.isdigit() else 0


class _Refused(Exception):  # noqa: N818 - an end, not an error
    """What is answered in place of a body that is not taken."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem


class _Body:
    """What arrives of a request. received: bytes so far. is_over: whether all has."""

    def __init__(self, receive: Receive, until: float) -> None:
        self._receive = receive
        self._until = until
        self.received = 0
        self.is_over = False

    async def receive(self) -> Message:
        """See ASGI. Raises Problem if the body takes too long."""
        if self.is_over:
            return await self._receive()  # the client's leaving, for which one may wait
        try:
            async with asyncio.timeout(max(0.0, self._until - time.monotonic())):
                message = await self._receive()
        except TimeoutError:
            raise Problem(
                408, "slow_body", "the body did not arrive in time", "send it faster, or less", {"Connection": "close"}
            ) from None
        self.received += len(message.get("body", b""))
        self.is_over = message["type"] != "http.request" or not message.get("more_body", False)
        return message
