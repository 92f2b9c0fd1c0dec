"""What a program that watches sees: one JSON object a line on standard error, for work that nobody sits before."""

import json
import math
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Literal

from ..core.progress import Progress, Stage
from .terminal import progress

LogFormat = Literal["text", "json"]
Level = Literal["info", "warning", "error"]

_EVERY = 30.0  # seconds between two events of progress
_OWN = ("time", "level", "event")
_SECRET_NAME = re.compile(r"pass(?!ed|es)|secret|token|credential|webhook|api_?key", flags=re.IGNORECASE)
_SECRET_IN_URL = (
    (re.compile(r"(://[^\s/@:]*:)\S*@"), r"\1***@"),
    (re.compile(r"([?&](?!passfile=)[^\s=&]*(?:pass|secret|token)[^\s=&]*=)[^\s&]+", flags=re.IGNORECASE), r"\1***"),
)


def progress_for(log: LogFormat) -> Progress:
    """What `--log` asks for: `text` is bars on a terminal, `json` is events."""
    return JsonProgress() if log == "json" else progress()


def event(name: str, /, *, level: Level = "info", **fields: object) -> None:
    """Write one line: `time` (ISO 8601, UTC), `level`, `event`, then the fields.

    Passwords in URLs, and fields that are named like a secret, are written as `***`. What JSON does not know becomes
    text; NaN and infinity become null. Raises ValueError on a field called `time`.
    """
    clash = [own for own in _OWN if own in fields]
    if clash:
        raise ValueError(f"an event has its own {clash[0]}; name the field otherwise")
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = {"time": now, "level": level, "event": name} | {key: _shown(key, value) for key, value in fields.items()}
    unicode = (sys.stderr.encoding or "").lower().startswith("utf")
    sys.stderr.write(json.dumps(line, ensure_ascii=not unicode, allow_nan=False) + "\n")
    sys.stderr.flush()


class JsonProgress:
    """Satisfies core's `Progress`: each stage is an event when it starts and ends, and every 30 seconds between."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock

    @contextmanager
    def stage(self, name: str, total: int | None) -> Iterator[Stage]:
        """See `Progress.stage`. A stage that ends by an exception is an event of its own, `stage failed`."""
        event("stage started", stage=name, total=total)
        stage = _JsonStage(name, total, self._clock)
        try:
            yield stage
        except BaseException as error:
            stage.tell("stage failed", "error", error=type(error).__name__)
            raise
        stage.tell("stage finished")


class _JsonStage:
    def __init__(self, name: str, total: int | None, clock: Callable[[], float]) -> None:
        self._name, self._total, self._clock = name, total, clock
        self._started = self._told = clock()
        self._done = 0

    def advance(self, n: int) -> None:
        self._done += n
        if self._clock() - self._told >= _EVERY:
            self._told = self._clock()
            self.tell("stage progress")

    def tell(self, what: str, level: Level = "info", **fields: object) -> None:
        seconds = round(self._clock() - self._started, 3)
        event(what, level=level, stage=self._name, done=self._done, total=self._total, seconds=seconds, **fields)


def _shown(name: str, value: object) -> Any:
    """A value as JSON, without what nobody is to read in a log."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if _SECRET_NAME.search(name):
        return "***"
    if isinstance(value, Mapping):
        return {str(key): _shown(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_shown("", inner) for inner in value]
    return _without_secrets(str(value))


def _without_secrets(text: str) -> str:
    for secret, shown in _SECRET_IN_URL:
        text = secret.sub(shown, text)
    return text
