"""What should not happen is answered here, within the guards that add headers, and told to the log once."""

from collections.abc import Callable

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..problems import Problem, unknown_problem


class Failures:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, respond: Callable[[Request, Problem], Response]) -> None:
        """respond: how who asks is told of a problem."""
        self._app = app
        self._respond = respond

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        began = False

        async def send_and_see(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            await self._app(scope, receive, send_and_see)
        except ClientDisconnect:
            return  # nobody is there to be answered
        except Exception as error:
            if began or scope["type"] != "http":
                raise
            request = Request(scope)
            await self._respond(request, unknown_problem(request, error))(scope, receive, send)
