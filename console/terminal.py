"""The terminal: what is said on it, and progress."""

import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

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
from rich.text import Text

from ..core.progress import Progress, Silent, Stage

_TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

out = Console(highlight=False, soft_wrap=False)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def counted(n: int, noun: str) -> str:
    """`1 post`, `2 posts`."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def unpublished(changes: int) -> str:
    """Why no index was published. changes: of posts, in the database."""
    return "no new index to publish" if changes else "nothing changed"


def say(line: str) -> None:
    """One line of result."""
    out.print(escape(printable(line)), soft_wrap=True)


def tell(notes: Iterable[str]) -> None:
    """What a person should know, beside the result."""
    for note in notes:
        err.print(f"[yellow]note:[/] {escape(printable(note))}")


def complain(error: str) -> None:
    """The one line that ends a command that failed."""
    err.print(f"[red]error:[/] {escape(printable(error))}")


def progress() -> Progress:
    """Bars with rate and time left on a terminal, silence elsewhere."""
    return _Bars() if err.is_terminal else Silent()


def printable(text: str) -> str:
    """Text from outside without what could write all over the terminal: control characters and turns of direction."""
    return "".join(" " if c in _TURNS or unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)


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
            console=err,
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
