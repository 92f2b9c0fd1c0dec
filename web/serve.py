"""Runs the server until it is told to end."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn
from threadpoolctl import threadpool_limits
from uvicorn.protocols.http.h11_impl import H11Protocol

from .. import assembly
from ..core.advice import OTHER_PORT
from ..core.errors import SettingsError
from .application import create_app
from .service import Service
from .settings import ServerSettings

_HEADER_SECONDS = 10  # until the head of a request has arrived
_IDLE_SECONDS = 15  # that a connection may stay open without a request
_GRACE_SECONDS = 30  # that requests under way have when the server is told to end
_BACKLOG = 512


def serve(home: "assembly.Home", settings: ServerSettings, tell: Callable[[str], None]) -> None:
    """Answer requests until SIGTERM or Ctrl-C; then those under way are answered before it ends.

    tell: is told the address as soon as requests are answered.
    Raises what `open_recommender` raises, and SettingsError if the address cannot be used.
    """
    _log_to_stderr()
    _compute_on_one_thread_each()
    with _bind(settings) as listening, Service(home, settings.limits) as service:
        config = uvicorn.Config(
            create_app(service, settings),
            http=PatientProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=_IDLE_SECONDS,
            timeout_graceful_shutdown=_GRACE_SECONDS,
            backlog=_BACKLOG,
        )
        # uvicorn passes both signals on when all is answered; then the service is to be closed, not the process killed.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with suppress(KeyboardInterrupt):
            _Server(config, tell).run(sockets=[listening])


def _log_to_stderr() -> None:
    """A line for each request and each failure, the latter with all that is known of it."""
    lines = logging.StreamHandler()
    lines.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    for name, least in ((__package__, logging.INFO), ("uvicorn.error", logging.WARNING)):
        log = logging.getLogger(name)
        log.handlers, log.propagate = [lines], False
        log.setLevel(least)


def _compute_on_one_thread_each() -> None:
    """Requests run side by side already: threads within a matrix product would wait for each other, and spin."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # which FAISS reads when it is loaded
    threadpool_limits(1)


def _bind(settings: ServerSettings) -> socket.socket:
    """The socket to listen on, before anything is loaded. Raises SettingsError."""
    host, port = settings.host, settings.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sends small answers at once (TCP_NODELAY); else each waits 40 ms for the client.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except (OSError, UnicodeError, TypeError) as error:  # the latter two of a name that is none
        listening.close()
        reason = error.strerror if isinstance(error, OSError) else "no name of a machine"
        raise SettingsError(f"cannot listen on {host}, port {port} ({reason})", OTHER_PORT) from error
    listening.setblocking(False)
    return listening


class _Server(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config, tell: Callable[[str], None]) -> None:
        super().__init__(config)
        self._tell = tell

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn."""
        await super().startup(sockets)
        if self.started and sockets:
            host, port = sockets[0].getsockname()[:2]
            self._tell(f"http://{f'[{host}]' if ':' in host else host}:{port}")


class PatientProtocol(H11Protocol):
    """HTTP/1.1, but a client that does not finish the head of a request within some seconds is cut off."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._have_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._await_head()
        else:
            self._have_head()

    def _await_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(_HEADER_SECONDS, self.transport.close)

    def _have_head(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
