"""What should not happen is answered here, within the guards that add headers, and told to the log once."""

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..problems import unknown_problem


class Failures:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        began = False

        async def send_and_see(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            await self._app(scope, receive, send_and_see)
        except Exception as error:
            if began or scope["type"] != "http":
                raise
            await unknown_problem(Request(scope), error)(scope, receive, send)
