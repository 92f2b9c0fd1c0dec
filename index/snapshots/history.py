"""What was done to a home: a line when a run starts and one when it ends, in a file that only grows.

A file beside the database, not a table in it: a run that cannot open its database leaves its mark as well. A run
without an end was killed; a last line that a crash tore apart is passed over.
"""

import json
import os
import secrets
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from ...core import durable
from ...core.errors import HashtagError, HomeError, describe
from .lock import holder, is_held
from .snapshot import serving_name

FILE = "history.jsonl"

Outcome = Literal["published", "unchanged", "rolled back", "withdrawn", "refused", "failed", "killed", "running"]


@dataclass(frozen=True, slots=True)
class Run:
    """One run that wrote to a home.

    run: its id. command: such as `index build`. started, finished: ISO 8601, UTC. before, after: which snapshot was in
    service. counts: such as added, updated, removed, rejected, and embedded by channel. gates: figures of checks.
    notes: what a person should know of it, such as why it learned anew. reason: why it was refused or failed.
    """

    run: str
    command: str
    started: str
    outcome: Outcome
    before: str | None = None
    after: str | None = None
    finished: str | None = None
    seconds: float | None = None
    counts: Mapping[str, Any] = field(default_factory=dict)
    gates: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


@dataclass
class RunRecord:
    """What a run under way leaves for its record; see `Run`. outcome: else told by what is in service at the end."""

    counts: dict[str, Any] = field(default_factory=dict)
    gates: dict[str, Any] = field(default_factory=dict)
    outcome: Outcome | None = None
    notes: list[str] = field(default_factory=list)
    reason: str | None = None

    def refuse(self, reason: str) -> None:
        """The run ends without publishing, by its own judgement: call it before raising the error that says so."""
        self.outcome, self.reason = "refused", reason


@contextmanager
def recorded(home: Path, command: str) -> Iterator[RunRecord]:
    """Record a run; call it within `writing(home)`. An exception makes it a failed one, unless it was refused.

    Raises HomeError where the record cannot be written, at the start before anything else is done.
    """
    record = RunRecord()
    run, clock, before = secrets.token_hex(4), time.monotonic(), serving_name(home)
    started = {"run": run, "command": command, "started": _now(), "pid": os.getpid(), "host": socket.gethostname()}
    _append(home, {**started, "before": before}, "the run stops here")

    def end() -> dict[str, Any]:
        seconds = round(time.monotonic() - clock, 1)
        return {"run": run, "finished": _now(), "seconds": seconds, "after": serving_name(home), **asdict(record)}

    try:
        yield record
    except BaseException as error:
        record.outcome = "refused" if record.outcome == "refused" else "failed"
        record.reason = record.reason or _reason(error)
        try:
            _append(home, end(), "")
        except HomeError:
            pass  # what it failed by says more, and a run without an end is known to have come to none
        raise
    if record.outcome is None:
        after = serving_name(home)
        record.outcome = "unchanged" if after == before else "withdrawn" if after is None else "published"
    _append(home, end(), "what it reports as done is done")


def read_history(home: Path) -> list[Run]:
    """All runs, oldest first. Raises HomeError where the file cannot be read."""
    runs: dict[str, Run] = {}
    begun: tuple[object, object] = (None, None)  # by which process and host the last one was
    for line in _lines(home / FILE):
        try:
            fields = json.loads(line)
            who = fields.pop("pid", None), fields.pop("host", None)
            if who != (None, None):
                begun = who
            known = runs.get(fields["run"])
            runs[fields["run"]] = replace(known, **fields) if known else Run(outcome="killed", **fields)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    ordered = list(runs.values())
    if ordered and ordered[-1].finished is None and _holds(home, *begun):
        ordered[-1] = replace(ordered[-1], outcome="running")
    return ordered


def _holds(home: Path, pid: object, host: object) -> bool:
    """Whether a process, that may be gone, holds the lock of a home now."""
    known = holder(home)
    return known is not None and (known.pid, known.host) == (pid, host) and is_held(home)


def _lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise HomeError(f"{path} cannot be read ({error.strerror})") from error


def _append(home: Path, fields: Mapping[str, Any], otherwise: str) -> None:
    try:
        durable.append_durably(home / FILE, json.dumps(fields, ensure_ascii=False).encode(errors="replace"))
    except OSError as error:
        raise HomeError(
            f"{home / FILE} cannot be written ({describe(error)}): see that its disk has room; {otherwise}"
        ) from error


def _reason(error: BaseException) -> str:
    if isinstance(error, HashtagError):
        return " ".join(str(error).split())
    return "stopped" if isinstance(error, KeyboardInterrupt | SystemExit) else type(error).__name__


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
