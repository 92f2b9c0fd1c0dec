"""Suggestions, and why."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.markup import escape
from rich.text import Text

from ..core.results import Answer, Removed, Suggestion
from .terminal import counted, err, out, printable, say

if TYPE_CHECKING:
    from ..assembly import BatchReport

_WIDEST = 30  # cells for a hashtag
_SHOWN = 3  # posts behind a hashtag; machines get all of them
_WIDEST_ID = 20  # characters for a post's id


def show_answer(answer: Answer, explain: bool) -> None:
    """Hashtags with their scores and the posts behind them; what was left out; last, a line to copy."""
    _show_removed(answer.removed, explain)
    if not answer.suggestions:
        say("no hashtag to suggest")
        return
    width = min(_WIDEST, max(cell_len(suggestion.hashtag) for suggestion in answer.suggestions) + 1)
    behind = "why, and the posts behind it" if explain else "posts behind it"
    _line(("hashtag", "bold"), width, (f"score  {behind}", "bold"))
    for suggestion in answer.suggestions:
        posts = ", ".join(dict.fromkeys(neighbour.post for neighbour in suggestion.evidence))
        told = f"{counted(suggestion.uses, 'post')} carry it: {suggestion.tier}" if explain else posts or "-"
        _line((f"#{suggestion.hashtag}", "bold cyan"), width, (f"{suggestion.score:>5.2f}  {told}", ""))
        if explain:
            _explain(suggestion, width)
    if explain:
        _show_photos(answer.suggestions)
    out.print()
    sys.stdout.write(" ".join(f"#{suggestion.hashtag}" for suggestion in answer.suggestions) + "\n")


def _explain(suggestion: Suggestion, width: int) -> None:
    for reason in suggestion.reasons:
        _line(("", ""), width, (f"{reason.log_odds:>+5.1f}  {reason.what}", ""))
    for neighbour in suggestion.evidence[:_SHOWN]:
        caption = " ".join(neighbour.caption.split())
        seen = f"{neighbour.similarity:>5.2f}  {neighbour.channel:<8}  {_short(neighbour.post)}  {caption}"
        _line(("", ""), width, (seen, "dim"))


def _show_photos(suggestions: Sequence[Suggestion]) -> None:
    """Where the photos of the posts behind an answer lie, whole, to be opened."""
    shown = [neighbour for suggestion in suggestions for neighbour in suggestion.evidence[:_SHOWN]]
    behind = {neighbour.post: neighbour.photo for neighbour in shown if neighbour.photo is not None}
    if behind:
        out.print("\nphotos", style="bold")
    for post, photo in behind.items():
        near = photo.relative_to(Path.cwd()) if photo.is_relative_to(Path.cwd()) else photo
        out.print(Text(printable(f"{_short(post)}  {near}"), style="dim"), soft_wrap=True)


def _show_removed(removed: Sequence[Removed], explain: bool) -> None:
    """Which hashtags were left out, on standard error; those merged, excluded or foreign only where asked why."""
    told = [gone for gone in removed if explain or gone.step == "blocked"]
    if told:
        by_reason: dict[str, list[str]] = {}
        for gone in told:
            by_reason.setdefault(gone.reason, []).append(f"#{gone.hashtag}")
        for reason, hashtags in by_reason.items():
            err.print(f"[yellow]left out:[/] {escape(printable(' '.join(hashtags)))} ({escape(printable(reason))})")


def _line(first: tuple[str, str], width: int, rest: tuple[str, str]) -> None:
    """One line of two styled columns, cut where the terminal ends; Korean letters take two cells each."""
    line = Text.assemble((set_cell_size(first[0], max(width, len("hashtag"))), first[1]), "  ")
    line.append(printable(rest[0]), rest[1])
    line.truncate(out.width, overflow="ellipsis")
    out.print(line)


def _short(post: str) -> str:
    """A post's id, of a long one its end: in a path that is the file's name."""
    return post if len(post) <= _WIDEST_ID else "…" + post[1 - _WIDEST_ID :]


def show_batch(report: "BatchReport") -> None:
    """How many posts got hashtags, and where they are."""
    answered = report.posts - report.rejected
    of_all = f"{answered:,} of {counted(report.posts, 'post')}" if report.rejected else counted(answered, "post")
    say(f"{of_all} answered in {report.out}")
    for note, n in report.notes.items():
        say(f"{n} of them: {note}")
    for reason, n in report.removed.items():
        say(f"{counted(n, 'hashtag')} left out: {reason}")
    if report.rejected:
        say(f"{counted(report.rejected, 'post')} could not be read: why stands in its line under `error`")
