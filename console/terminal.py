"""The terminal: what is said on it, and progress."""

import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread

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

from ..core.progress import Progress, Stage

_MINUTE = 60.0  # seconds
_TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

_UNBOUNDED = 1_000_000  # cells, more than any line takes
_WIDEST_ID = 20  # characters of a post's id

out = Console(highlight=False, soft_wrap=False)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def counted(n: int, noun: str) -> str:
    """`1 post`, `2 posts`."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def unpublished(changes: int) -> str:
    """Why no index was published. changes: of posts, in the database."""
    return "no new index to publish" if changes else "nothing changed"


def lasting(seconds: float) -> str:
    """About how long something takes: `less than a minute`, `about 40 min`, `about 2.5 h`."""
    if seconds < _MINUTE:
        return "less than a minute"
    minutes = seconds / _MINUTE
    return f"about {minutes:.0f} min" if minutes < 90 else f"about {minutes / 60:.1f} h"


def say(line: str) -> None:
    """One line of result."""
    out.print(escape(printable(line)), soft_wrap=True)


def one_line(columns: Sequence[tuple[str, str, int | None]]) -> None:
    """One line of columns, each with its style and its width in cells, cut at `line_width`.

    Korean letters take two cells each. The last column takes what is left (width None).
    """
    line = Text()
    for text, style, width in columns:
        line.append(printable(text) if width is None else set_cell_size(printable(text), width) + "  ", style)
    line.truncate(line_width(), overflow="ellipsis")
    _print_unpadded(line)


def paragraph(text: str, style: str, indent: int = 0) -> None:
    """A text that is wrapped at `line_width`. indent: cells before each line."""
    for line in Text(printable(text), style).wrap(out, max(line_width() - indent, 1)):
        _print_unpadded(Text(" " * indent) + line)


def show_table(table: Table) -> None:
    """A table whose cells are wrapped at `line_width`."""
    for line in out.render_lines(table, out.options.update(width=line_width()), pad=False):
        _print_unpadded(Text.assemble(*((part.text, part.style or "") for part in line)))


def line_width() -> int:
    """How many cells a line may take: those of the terminal. In a pipe or a file, lines are neither wrapped nor cut."""
    return out.width if out.is_terminal else _UNBOUNDED


def _print_unpadded(line: Text) -> None:
    line.rstrip()
    out.print(line, soft_wrap=True)


def shown_cells(text: str) -> int:
    """How many cells of the terminal a text takes."""
    return cell_len(printable(text))


def short_id(post: str) -> str:
    """A post's id; on a terminal, of a long one its end: in a path that is the file's name."""
    return post if len(post) <= _WIDEST_ID or not out.is_terminal else "…" + post[1 - _WIDEST_ID :]


def tell(notes: Iterable[str]) -> None:
    """What a person should know, beside the result."""
    for note in notes:
        err.print(f"[yellow]note:[/] {escape(printable(note))}")


def complain(error: str) -> None:
    """The one line that ends a command that failed."""
    err.print(f"[red]error:[/] {escape(printable(error))}")


def progress() -> Progress:
    """Bars with rate and time left on a terminal; elsewhere a line a minute, none in the command's first minute."""
    return _Bars() if err.is_terminal else PlainProgress()


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
            transient=total is None,  # one that only pulses tells nothing when it is over
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


Wait = Callable[[Event, float], bool]


class PlainProgress:
    """Satisfies core's `Progress` with lines on standard error: one a minute, none in the command's first minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, wait: Wait = Event.wait) -> None:
        """clock: seconds. wait: until the event is set, when it returns True, or so many seconds have passed."""
        self._clock, self._wait = clock, wait
        self._due = clock() + _MINUTE

    @contextmanager
    def stage(self, name: str, total: int | None) -> Iterator[Stage]:
        """See `Progress.stage`. A thread tells the time: work that says nothing for long gets its lines, too."""
        stage, ended = _PlainStage(name, total, self._clock), Event()
        teller = Thread(target=self._tell, args=(stage, ended), daemon=True)
        teller.start()
        try:
            yield stage
        finally:
            ended.set()
            teller.join()

    def _tell(self, stage: "_PlainStage", ended: Event) -> None:
        while not self._wait(ended, max(0.0, self._due - self._clock())):
            self._due = self._clock() + _MINUTE
            err.print(escape(printable(stage.line())))


class _PlainStage:
    def __init__(self, name: str, total: int | None, clock: Callable[[], float]) -> None:
        self._name, self._total, self._clock = name, total, clock
        self._started, self._done = clock(), 0

    def advance(self, n: int) -> None:
        self._done += n

    def line(self) -> str:
        seconds = self._clock() - self._started
        of = f" of {self._total:,}" if self._total is not None else ""
        parts = [f"{self._done:,}{of}"] if of or self._done else []
        parts.append(f"{seconds / _MINUTE:.0f} min so far" if seconds >= _MINUTE else f"{seconds:.0f} s so far")
        if self._total is not None and self._done:
            parts.append(f"{lasting(seconds * max(0, self._total - self._done) / self._done)} left")
        return f"{self._name}: {', '.join(parts)}"
