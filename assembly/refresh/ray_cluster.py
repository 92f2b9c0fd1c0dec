"""A connection to a Ray cluster, and its errors in words."""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ray
from ray.data import DataContext
from ray.exceptions import RayActorError, RayError, RayTaskError

from ...core.advice import (
    CHECK_RAY_ADDRESS,
    INSTALL_ALIKE,
    RUN_AGAIN,
    RUN_ON_NODE,
    START_RAY,
    Advice,
)
from ...core.errors import ClusterError

_CONNECT_SECONDS = 10
# Else a cluster that starts here sends its maker statistics, and Ray prints its warnings between our lines.
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal"}
# Else Ray tries for minutes to reach what answers and is no Ray cluster.
_ONE_TRY = {"RAY_gcs_server_port_wait_time_s": "1"}


@contextmanager
def connected(address: str) -> Iterator[None]:
    """A connection to the cluster of an address; `local` starts one on this machine, and stops it in the end.

    address: `auto` (the one in RAY_ADDRESS, else the one of this machine), `HOST:PORT` or `local`.
    Raises ClusterError if it cannot be reached, or if its Ray or Python are of other releases; also within, in place of
    errors of Ray.
    """
    told = os.environ.get("RAY_ADDRESS", address) if address == "auto" else address
    if told.startswith("ray://"):
        raise ClusterError(f"{told} is an address of Ray Client, over which no data set can be read", RUN_ON_NODE)
    _check_reachable(told)
    try:
        with _environment(_QUIET if told == "local" else _QUIET | _ONE_TRY):
            ray.init(address=told, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    except (RayError, RuntimeError, ConnectionError, ValueError, OSError) as error:
        raise _unreachable(told, error) from error
    try:
        context = DataContext.get_current()
        context.enable_progress_bars = False
        logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # what fails is told by the exception
        yield
    except RayError as error:
        raise _failed(error) from error
    finally:
        ray.shutdown()


def _check_reachable(address: str) -> None:
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal():
        return
    try:
        socket.create_connection((host, int(port)), timeout=_CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or "it does not answer"
        raise ClusterError(f"there is no Ray cluster at {address} ({reason})", CHECK_RAY_ADDRESS) from error


def _unreachable(address: str, error: Exception) -> ClusterError:
    reason = " ".join(str(error).split())
    if "Version mismatch" in reason:
        return ClusterError(f"the Ray cluster at {address} runs other releases: {reason}", INSTALL_ALIKE)
    if address == "auto" and isinstance(error, ConnectionError):
        return ClusterError("no Ray cluster runs on this machine", START_RAY)
    return ClusterError(f"the Ray cluster at {address} cannot be reached ({reason})", CHECK_RAY_ADDRESS)


def _failed(error: RayError) -> ClusterError:
    if isinstance(error, RayActorError):
        return ClusterError("a Ray worker was lost several times at the same photos or captions", RUN_AGAIN)
    advice: Advice = RUN_AGAIN
    cause: Any = error.cause if isinstance(error, RayTaskError) else error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    lines = str(cause).strip().splitlines()
    if isinstance(cause, ModuleNotFoundError):
        advice = INSTALL_ALIKE
    return ClusterError(f"the Ray cluster failed ({type(cause).__name__}: {lines[-1] if lines else ''})", advice)


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Environment variables that are set where nobody has set them, for as long as it takes."""
    new = {name: value for name, value in variables.items() if name not in os.environ}
    os.environ.update(new)
    try:
        yield
    finally:
        for name in new:
            del os.environ[name]
