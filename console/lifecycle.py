"""The life of an index: verdicts, its history, going back, clearing away, backups."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from .terminal import counted, line_width, out, printable, say, show_table, tell

if TYPE_CHECKING:
    from ..assembly import BackedUp, Cleared, History, Restored
    from ..index.snapshots.history import Run
    from ..index.snapshots.serving import RolledBack
    from ..index.snapshots.verify import Verdict

_INDENT = " " * 18  # behind the moment of a run


def show_verdict(verdict: "Verdict") -> None:
    """Whether an index is sound, what is damaged, and what is merely not up to date."""
    tell(verdict.notes)
    for problem in verdict.problems:
        say(problem)
    say(counted(len(verdict.problems), "problem") if verdict.problems else "the index is sound")


def show_history(history: "History") -> None:
    """Runs and snapshots, the newest first."""
    if not history.runs:
        say("no run is recorded")
    for run in history.runs:
        seconds = "" if run.seconds is None else f"{run.seconds:,.1f} s"
        say(f"{_minute(run.started)}  {run.command:<14}  {run.outcome:<11}  {seconds:>9}".rstrip())
        for told in filter(None, (_served(run), _counts(run.counts), *run.notes, _gates(run.gates), run.reason)):
            _indented(told)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("snapshot", no_wrap=True)
    for column in ("", "posts", "MB", "built"):
        table.add_column(column, justify="right" if column in ("posts", "MB") else "left", overflow="fold")
    for kept in history.snapshots:
        posts = "" if kept.posts is None else f"{kept.posts:,}"
        size = "" if kept.bytes is None else f"{kept.bytes / 1e6:,.1f}"
        built = "" if kept.created_at is None else _minute(kept.created_at)
        table.add_row(f"{kept.snapshot}", kept.state, posts, size, escape(printable(built)))
    if history.snapshots:
        out.print()
        show_table(table)


def _indented(told: str) -> None:
    for line in Text(printable(told), style="dim", overflow="fold").wrap(out, line_width() - len(_INDENT)):
        line.rstrip()
        out.print(Text(_INDENT) + line, soft_wrap=True)


def _served(run: "Run") -> str | None:
    if run.after is None:
        return None
    return run.after if run.before in (None, run.after) else f"{run.before} -> {run.after}"


def _counts(counts: Mapping[str, Any]) -> str | None:
    """`80 added, 2 rejected, embedded 75 image`; noughts are left out."""
    told = []
    for name, n in counts.items():
        if isinstance(n, Mapping):
            parts = ", ".join(f"{part} {channel}" for channel, part in n.items() if part)
            told += [f"{name} {parts}"] if parts else []
        elif n:
            told.append(f"{n:,} {name}" if isinstance(n, int) else f"{name} {n}")
    return ", ".join(told) or None


def _gates(gates: Mapping[str, Any]) -> str | None:
    """`passed checksums, recall`; of those that did not pass the reason of the run tells."""
    passed = [name for name, gate in gates.items() if isinstance(gate, Mapping) and gate.get("passed")]
    return f"passed {', '.join(passed)}" if passed else None


def _minute(moment: str) -> str:
    """`2026-11-21 11:04` of ISO 8601, in the terminal's own time zone."""
    try:
        return f"{datetime.fromisoformat(moment).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return moment[:16]


def show_rollback(report: "RolledBack") -> None:
    """What serves now instead of what."""
    tell(f"skipped: {skipped}" for skipped in report.skipped)
    say(f"{report.after} is in service now, instead of {report.before or 'a damaged one'}")
    say(
        "the database is not changed; the next refresh publishes a new index only if posts have changed by then, or if "
        f"{report.after} still has posts that were removed"
    )


def show_cleared(report: "Cleared") -> None:
    """What is gone, and why the rest is not."""
    for name in report.removed:
        say(f"removed {name}")
    for name, why in report.kept.items():
        say(f"kept    {name}: {why}")


def show_backup(report: "BackedUp") -> None:
    """What is in a backup, and what is not."""
    tell(report.notes)
    say(f"{report.snapshot} and what belongs to it, {counted(report.files, 'file')}, {report.bytes / 1e6:,.1f} MB")
    say(f"backed up to {report.backup}")


def show_restored(report: "Restored") -> None:
    """What serves now, and where the old home is."""
    tell(report.notes)
    say(f"{report.snapshot} is in service in {report.home}, as it was backed up on {_minute(report.created_at)}")
    if report.aside:
        say(f"the previous home was moved to {report.aside}")
