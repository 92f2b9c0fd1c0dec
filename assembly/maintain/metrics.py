"""What Prometheus learns of a refresh: a file for the textfile collector of its node exporter."""

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ...core.advice import CHECK_METRICS, OTHER_METRICS
from ...core.durable import write_durably
from ...core.errors import NoIndexError, SettingsError, SnapshotError, describe
from ...index.snapshots.snapshot import named_snapshot
from ..home import Home
from ..refresh.refresh import RefreshReport

_SUCCESS = "hashtag_refresh_last_success_timestamp_seconds"
_EMBEDDED = "hashtag_index_embedded_total"
_READABLE = 0o644  # the node exporter runs as a user of its own
_ESCAPED = re.compile(r"\\(.)", flags=re.DOTALL)

Labels = tuple[str, str] | None
Sample = tuple[Labels, float]


@dataclass(frozen=True, slots=True)
class RefreshRun:
    """How a refresh went, and what the index holds that serves after it.

    finished_at: seconds since 1970, UTC. embedded: contents encoded in this run, by channel. size_bytes: of the
    files of the snapshot. posts, hashtags, size_bytes: None where no index serves. gates: the figure that each gate
    looked at, by name.
    """

    finished_at: float
    exit_code: int
    seconds: float
    posts: int | None = None
    hashtags: int | None = None
    size_bytes: int | None = None
    embedded: Mapping[str, int] = field(default_factory=dict)
    gates: Mapping[str, float] = field(default_factory=dict)


def measure(home: Home, report: RefreshReport | None, exit_code: int, seconds: float) -> RefreshRun:
    """What there is to tell of a refresh that has just ended. report: None where it failed."""
    finished = time.time()
    embedded = report.embedded if report else {}
    gates = {gate.name: gate.figure for gate in report.gates} if report else {}
    try:
        manifest = named_snapshot(home.folder).manifest
    except (NoIndexError, SnapshotError):
        return RefreshRun(finished, exit_code, seconds, embedded=embedded, gates=gates)
    size = sum(file.bytes for file in manifest.files.values())
    return RefreshRun(finished, exit_code, seconds, manifest.posts, manifest.hashtags, size, embedded, gates)


def check_metrics(path: Path) -> None:
    """Whether metrics can stand in this file; to be called before the work whose metrics they are.

    Raises SettingsError where they can't.
    """
    if path.suffix != ".prom":
        raise SettingsError(
            f"{path} must end in .prom: the node exporter reads no other file of metrics", OTHER_METRICS
        )
    if not path.parent.is_dir() or path.is_dir():
        raise SettingsError(
            f"{path} is a folder, or its folder does not exist, so it can hold no metrics", OTHER_METRICS
        )


def write_metrics(path: Path, run: RefreshRun) -> None:
    """Replace a file of metrics in one step, in the text format of Prometheus (version 0.0.4).

    The last success stands until the next one (0 where there was none), and counts of what was embedded go on from
    those of the file before. Raises SettingsError where the file cannot be read or written.
    """
    check_metrics(path)
    try:
        before = path.read_bytes().decode(errors="replace") if path.exists() else ""
        write_durably(path, _document(run, before).encode(), _READABLE)
    except OSError as error:
        raise SettingsError(f"the metrics cannot be written to {path} ({describe(error)})", CHECK_METRICS) from error


def _document(run: RefreshRun, before: str) -> str:
    embedded = {labels[1]: count for labels, count in _samples(before, _EMBEDDED) if labels}
    for channel, count in run.embedded.items():
        embedded[channel] = embedded.get(channel, 0) + count
    succeeded = (
        run.finished_at if run.exit_code == 0 else max((value for _, value in _samples(before, _SUCCESS)), default=0)
    )
    families: list[tuple[str, str, str, Iterable[Sample]]] = [
        (_SUCCESS, "gauge", "When a refresh last succeeded; 0 if never.", _one(succeeded)),
        ("hashtag_refresh_last_run_timestamp_seconds", "gauge", "When a refresh last ended.", _one(run.finished_at)),
        (
            "hashtag_refresh_exit_code",
            "gauge",
            "Exit code of the last refresh: 0 success, 3 refused by a gate, 4 another process was writing, 2 error.",
            _one(run.exit_code),
        ),
        ("hashtag_refresh_duration_seconds", "gauge", "How long the last refresh took.", _one(run.seconds)),
        ("hashtag_index_posts", "gauge", "Posts in the index in service.", _one(run.posts)),
        ("hashtag_index_hashtags", "gauge", "Hashtags in the index in service.", _one(run.hashtags)),
        ("hashtag_index_size_bytes", "gauge", "Size of the index in service.", _one(run.size_bytes)),
        (_EMBEDDED, "counter", "Photos or captions encoded, by channel.", _labelled("channel", embedded)),
        ("hashtag_refresh_gate", "gauge", "What each gate of the last refresh measured.", _labelled("gate", run.gates)),
    ]
    return "".join(line for family in families for line in _lines(*family))


def _one(value: float | None) -> list[Sample]:
    return [] if value is None else [(None, value)]


def _labelled(label: str, values: Mapping[str, float]) -> list[Sample]:
    return [((label, name), value) for name, value in sorted(values.items())]


def _lines(name: str, kind: str, told: str, samples: Iterable[Sample]) -> Iterator[str]:
    """A family of metrics; nothing where it has no sample."""
    for number, (labels, value) in enumerate(samples):
        if number == 0:
            yield f"# HELP {name} {told}\n# TYPE {name} {kind}\n"
        shown = "" if labels is None else f'{{{labels[0]}="{_escaped(labels[1])}"}}'
        yield f"{name}{shown} {_number(value)}\n"


def _number(value: float) -> str:
    """As Go reads it, which also takes `nan` and `inf`."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _samples(document: str, name: str) -> Iterator[Sample]:
    """Finite samples of one metric in a document that `write_metrics` made; lines of anything else are passed over."""
    line = re.compile(rf'{name}(?:\{{(\w+)="((?:[^"\\]|\\.)*)"\}})? ([0-9.e+]+)')
    for found in filter(None, map(line.fullmatch, document.split("\n"))):
        label, escaped, value = found.groups()
        try:
            number = float(value)
        except ValueError:
            continue
        yield (None if label is None else (label, _ESCAPED.sub(_plain, escaped))), number


def _plain(escape: re.Match[str]) -> str:
    return "\n" if escape[1] == "n" else escape[1]
