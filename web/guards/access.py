"""Who may ask, from which page, and how often. What may not is answered before its body is read."""

import math
import re
import time
from collections import OrderedDict
from urllib.parse import quote

from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ..problems import Problem
from ..settings import ServerSettings
from .sessions import find_token

# Anybody may ask these: they tell nothing of the archive, or let somebody in.
_OPEN = frozenset(["/healthz", "/readyz", "/login", "/openapi.json"])
_OPEN_FOLDER = "/static/"
_READS = frozenset(["GET", "HEAD", "OPTIONS"])
_LOCAL = frozenset(["localhost", "127.0.0.1", "::1"])
_HOST = re.compile(r"([\w.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?", re.ASCII)
_MANY_CALLERS = 10_000


class Access:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app = app
        self._settings = settings
        self._rates = None if settings.most_a_minute is None else RateLimit(settings.most_a_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "http":
            refused = self._refuse(HTTPConnection(scope), scope["method"])
            if refused is not None:
                await refused(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refuse(self, connection: HTTPConnection, method: str) -> Response | None:
        """What to answer in place of what was asked for; None if it may be asked."""
        # Of the scope, which the header `Host` has no part in.
        settings, path = self._settings, connection.scope["path"]
        if settings.checks_host and _host(connection) not in {*_LOCAL, settings.host}:
            return Problem(
                403, "host", "the request names another machine than this one",
                "ask 127.0.0.1 or localhost; to answer under other names, start the server with --token-file",
            ).response()  # fmt: skip
        if method not in _READS and self._is_of_other_site(connection):
            return Problem(
                403, "cross_site", "a page of another web site sent this request",
                "name that site when you start the server: --cors-origin",
            ).response()  # fmt: skip
        token = find_token(connection, settings.tokens)
        # Before the token is demanded, so that nobody can try many.
        if self._rates is not None:
            caller = token or (connection.client.host if connection.client else "")
            wait = self._rates.ask(caller)
            if wait > 0:
                seconds = str(math.ceil(wait))
                return Problem(
                    429, "rate", f"more than {settings.most_a_minute} requests a minute",
                    f"try again in {seconds} seconds", {"Retry-After": seconds},
                ).response()  # fmt: skip
        if settings.auth and settings.tokens and token is None and not _is_open(path):
            if method == "GET" and "text/html" in connection.headers.get("accept", ""):
                asked = f"{path}?{connection.url.query}" if connection.url.query else path
                return RedirectResponse(f"/login?next={quote(asked)}", 303)
            return Problem(
                401, "token", "no token, or one that is not known", "send the header `Authorization: Bearer TOKEN`",
                {"WWW-Authenticate": "Bearer"},
            ).response()  # fmt: skip
        return None

    def _is_of_other_site(self, connection: HTTPConnection) -> bool:
        """Whether a browser says that a page of another site asks. Programs say nothing of the kind."""
        origin = connection.headers.get("origin")
        if origin is None:
            return connection.headers.get("sec-fetch-site") in ("cross-site", "same-site")
        return origin not in self._settings.origins and origin.partition("://")[2] != connection.headers.get("host")


class RateLimit:
    """So many requests a minute for each caller; who was silent for a while may ask as many at once."""

    def __init__(self, a_minute: int) -> None:
        self._room = float(a_minute)
        self._callers: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def ask(self, caller: str) -> float:
        """Count a request. Returns 0, or in how many seconds the caller may ask again."""
        now, rate = time.monotonic(), self._room / 60
        left, since = self._callers.pop(caller, (self._room, now))
        left = min(self._room, left + (now - since) * rate)
        allowed = left >= 1
        self._callers[caller] = (left - 1 if allowed else left, now)
        if len(self._callers) > _MANY_CALLERS:
            self._callers.popitem(last=False)
        return 0.0 if allowed else (1 - left) / rate


def _host(connection: HTTPConnection) -> str | None:
    """The name by which a request calls this machine; None if it tells none, or what is no name."""
    told = _HOST.fullmatch(connection.headers.get("host", ""))
    return told[1].strip("[]").lower() if told else None


def _is_open(path: str) -> bool:
    return path in _OPEN or path.startswith(_OPEN_FOLDER)
