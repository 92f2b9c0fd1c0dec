"""Bodies that are too large or too slow are refused while they arrive; memory never holds more than is allowed."""

import asyncio
import time

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..problems import Problem

_DRAINED = 8  # times the limit: a client that sends more is cut off before it can read the answer


class BodyLimit:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, most: int, seconds: float) -> None:
        """most: bytes of a body. seconds: until it has arrived."""
        self._app = app
        self._most = most
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = HTTPConnection(scope).headers.get("content-length", "")
        length = int(told) if told.isascii() and told.isdigit() else 0
        body = _Body(receive, time.monotonic() + self._seconds)
        if length > self._most:
            await self._refuse(scope, body, send)
            return

        async def receive_limited() -> Message:
            message = await body.receive()
            if body.received > self._most:
                raise _TooLarge
            return message

        try:
            await self._app(scope, receive_limited, send)
        except _TooLarge:
            await self._refuse(scope, body, send)

    async def _refuse(self, scope: Scope, body: "_Body", send: Send) -> None:
        """Read on and throw away, else the client would not see the answer while it still sends."""
        while not body.is_over and body.received <= _DRAINED * self._most:
            try:
                await body.receive()
            except Problem:
                break
        problem = Problem(
            413, "too_large", f"the body has more than {self._most:,} bytes", "send a smaller photo, or fewer",
            {"Connection": "close"},
        )  # fmt: skip
        await problem.response()(scope, body.receive, send)


class _TooLarge(Exception):  # noqa: N818 - an end, not an error
    """More has arrived than is allowed."""


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
