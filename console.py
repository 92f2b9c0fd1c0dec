"""What a person sees: tables, progress and one-line complaints. Narrow enough for 80 columns."""

import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichBars
from rich.table import Table
from rich.text import Text

from .core.progress import Progress, Silent, Stage
from .core.results import Answer

if TYPE_CHECKING:
    from .assembly import BatchReport, BuildReport
    from .index.manifest import Manifest
    from .retrieval.encoders.profiles import ModelState

_TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_WIDEST = 30  # cells for a hashtag
_WIDEST_ID = 20  # characters for a post's id

_out = Console(highlight=False, soft_wrap=False)
_err = Console(stderr=True, highlight=False, soft_wrap=True)


def counted(n: int, noun: str) -> str:
    """`1 post`, `2 posts`."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def say(line: str) -> None:
    """One line of result."""
    _out.print(escape(_printable(line)), soft_wrap=True)


def tell(notes: Iterable[str]) -> None:
    """What a person should know, beside the result."""
    for note in notes:
        _err.print(f"[yellow]note:[/] {escape(_printable(note))}")


def complain(error: str) -> None:
    """The one line that ends a command that failed."""
    _err.print(f"[red]error:[/] {escape(_printable(error))}")


def progress() -> Progress:
    """Bars with rate and time left on a terminal, silence elsewhere."""
    return _Bars() if _err.is_terminal else Silent()


def show_answer(answer: Answer, explain: bool) -> None:
    """Hashtags with their scores and the posts behind them; last, a line to copy."""
    if not answer.suggestions:
        say("no hashtag to suggest")
        return
    width = min(_WIDEST, max(cell_len(suggestion.hashtag) for suggestion in answer.suggestions) + 1)
    behind = "posts behind it" + (": similarity, channel, post, caption" if explain else "")
    _line(("hashtag", "bold"), width, (f"score  {behind}", "bold"))
    for suggestion in answer.suggestions:
        posts = ", ".join(dict.fromkeys(neighbour.post for neighbour in suggestion.evidence))
        _line((f"#{suggestion.hashtag}", "bold cyan"), width, (f"{suggestion.score:>5.2f}  {posts or '-'}", ""))
        for neighbour in suggestion.evidence if explain else ():
            caption = " ".join(neighbour.caption.split())
            seen = f"{neighbour.similarity:>5.2f}  {neighbour.channel:<8}  {_short(neighbour.post)}  {caption}"
            _line(("", ""), width, (seen, "dim"))
    _out.print()
    sys.stdout.write(" ".join(f"#{suggestion.hashtag}" for suggestion in answer.suggestions) + "\n")


def _line(first: tuple[str, str], width: int, rest: tuple[str, str]) -> None:
    """One line of two styled columns, cut where the terminal ends; Korean letters take two cells each."""
    line = Text.assemble((set_cell_size(first[0], max(width, len("hashtag"))), first[1]), "  ")
    line.append(_printable(rest[0]), rest[1])
    line.truncate(_out.width, overflow="ellipsis")
    _out.print(line)


def _short(post: str) -> str:
    """A post's id, of a long one its end: in a path that is the file's name."""
    return post if len(post) <= _WIDEST_ID else "…" + post[1 - _WIDEST_ID :]


def _printable(text: str) -> str:
    """Text from outside without what could write all over the terminal: control characters and turns of direction."""
    return "".join(" " if c in _TURNS or unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)


def show_build(report: "BuildReport", home: Path) -> None:
    """What was read, encoded and published, and where the rejects lie."""
    tell(report.notes)
    read, manifest = report.ingested, report.manifest
    added = counted(read.added, "post")
    say(f"{added} added, {read.updated} updated, {read.removed} removed, {read.unchanged} unchanged")
    for channel, n in report.embedded.items():
        say(f"{counted(n, 'photo' if channel == 'image' else 'caption')} encoded")
    state = "published" if report.published else "nothing changed, still"
    holds = f"{counted(manifest.posts, 'post')}, {counted(manifest.hashtags, 'hashtag')}"
    say(f"{state} {manifest.snapshot} in {home}: {holds}")
    if report.rejected:
        say(f"{counted(report.rejected, 'post')} rejected, the first in row {report.first_reject}")
        say(f"every row and its reason stand in {report.rejects}")


def show_info(manifest: "Manifest") -> None:
    """What an index holds."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    table.add_row("snapshot", manifest.snapshot)
    table.add_row("built", f"{manifest.created_at} by {manifest.program}")
    table.add_row("posts", f"{manifest.posts}")
    table.add_row("hashtags", f"{manifest.hashtags}")
    for source, n in manifest.sources.items():
        table.add_row("source", f"{escape(_printable(source))} ({n} posts)")
    for record in manifest.channels:
        table.add_row(f"{record.channel} channel", f"{record.vectors} posts, {escape(str(record.fingerprint))}")
    table.add_row("size", f"{sum(file.bytes for file in manifest.files.values()) / 1e6:.1f} MB")
    _out.print(table)


def show_verdict(wrong: Sequence[str]) -> None:
    """Whether an index is sound, and what is wrong with it."""
    for problem in wrong:
        say(problem)
    say(counted(len(wrong), "problem") if wrong else "the index is sound")


def show_batch(report: "BatchReport") -> None:
    """How many posts got hashtags, and where they are."""
    say(f"{counted(report.posts, 'post')} answered in {report.out}")
    for note, n in report.notes.items():
        say(f"{n} of them: {note}")
    if report.rejected:
        say(f"{counted(report.rejected, 'post')} rejected: why stands in each line under `error`")


def show_models(states: "Sequence[ModelState]") -> None:
    """Which weights are here."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("profile", "channel", "model", "on this machine"):
        table.add_column(column, overflow="fold")
    for state in states:
        table.add_row(state.profile, state.channel, escape(state.model), "yes" if state.here else f"no ({state.size})")
    _out.print(table)


class _Bars:
    """Satisfies core's `Progress` with rich bars on standard error."""

    @contextmanager
    def stage(self, name: str, total: int | None) -> Iterator[Stage]:
        bars = RichBars(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            _Done(),
            _Rate(),
            TimeRemainingColumn(),
            console=_err,
        )
        with bars:
            yield _BarStage(bars, bars.add_task(name, total=total))


class _BarStage:
    def __init__(self, bars: RichBars, task: TaskID) -> None:
        self._bars = bars
        self._task = task

    def advance(self, n: int) -> None:
        self._bars.advance(self._task, n)


class _Done(ProgressColumn):
    def render(self, task: Task) -> Text:
        done = f"{task.completed:,.0f}" if task.completed else ""
        return Text(f"{done or 0}/{task.total:,.0f}" if task.total is not None else done)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "")
