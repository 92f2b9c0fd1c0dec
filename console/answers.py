"""Suggestions, and why."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.text import Text

from ..core.post import is_told
from ..core.results import Answer, Neighbour, Removed, Suggestion
from .stats import compared
from .terminal import counted, err, one_line, out, printable, say, short_id, shown_cells

if TYPE_CHECKING:
    from ..assembly import BatchReport

_WIDEST = 30  # cells for a hashtag
_SHOWN = 3  # posts behind a hashtag; machines get all of them
_NOTES = 5  # of a batch, those told most often
_BRIEF = 20  # characters of a caption beside the path of its photo


def show_answer(answer: Answer, explain: bool) -> None:
    """Hashtags with their scores and the posts behind them; what was left out; last, a line to copy."""
    _show_removed(answer.removed, explain)
    if not answer.suggestions:
        say("no hashtag to suggest")
        return
    hashtags = [suggestion.hashtag for suggestion in answer.suggestions]
    width = max(len("hashtag"), min(_WIDEST, max(map(shown_cells, hashtags)) + 1))
    behind = "why, and the posts behind it" if explain else "posts behind it"
    one_line([("hashtag", "bold", width), (f"score  {behind}", "bold", None)])
    channels = [neighbour.channel for suggestion in answer.suggestions for neighbour in suggestion.evidence[:_SHOWN]]
    widest = max(map(len, channels), default=0)
    for suggestion in answer.suggestions:
        carry = "carries" if suggestion.uses == 1 else "carry"
        uses = f"{counted(suggestion.uses, 'post')} {carry} it: {suggestion.tier}"
        also = "also: " + " ".join(f"#{other}" for other in suggestion.also) if suggestion.also else ""
        told = "; ".join(filter(None, [uses, suggestion.origin, also])) if explain else _behind(suggestion)
        told = _behind(suggestion) if suggestion.new else told
        told = f"weak; {told}" if suggestion.weak else told
        hashtag = f"#{suggestion.hashtag}", "bold cyan", width
        one_line([hashtag, (f"{suggestion.score:>5.2f}  {told}", "", None)])
        if explain:
            _explain(suggestion, width, widest)
        elif also:
            one_line([("", "", width), (f"{'':>5}  {also}", "dim", None)])
    if explain:
        _show_photos(answer.suggestions)
    out.print()
    sys.stdout.write(" ".join(f"#{suggestion.hashtag}" for suggestion in answer.suggestions) + "\n")


def _explain(suggestion: Suggestion, width: int, channel: int) -> None:
    for reason in suggestion.reasons:
        one_line([("", "", width), (f"{reason.log_odds:>+5.1f}  {reason.what}", "", None)])
    for reach in suggestion.reach[:1]:
        one_line([("", "", width), (f"       {compared(reach)} against like posts", "", None)])
    for neighbour in suggestion.evidence[:_SHOWN]:
        seen = f"{neighbour.similarity:>5.2f}  {neighbour.channel:<{channel}}  {_named(neighbour)}"
        one_line([("", "", width), (seen, "dim", None)])


def _behind(suggestion: Suggestion) -> str:
    """How many posts speak for a hashtag, and what the weightiest of them says; of a new one, what it is made of."""
    if suggestion.new:
        return f"new, out of the caption: {' + '.join(suggestion.words)}"
    posts = {(neighbour.source, neighbour.post): neighbour for neighbour in suggestion.evidence}
    if not posts:
        return suggestion.origin or "-"
    said = next((caption for caption in map(_caption, suggestion.evidence) if caption), None)
    return f"{counted(len(posts), 'post')}: {said or _named(suggestion.evidence[0])}"


def _caption(neighbour: Neighbour) -> str:
    return " ".join(neighbour.caption.split())


def _named(neighbour: Neighbour) -> str:
    """A post by its id, if a person gave it one, and its caption; by its photo if it has neither."""
    told = [short_id(neighbour.post)] if is_told(neighbour.post) else []
    told += [caption] if (caption := _caption(neighbour)) else []
    return "  ".join(told) or (neighbour.photo.name if neighbour.photo else "(no caption)")


def _show_photos(suggestions: Sequence[Suggestion]) -> None:
    """Where the photos of the posts behind an answer lie, whole, to be opened."""
    shown = [neighbour for suggestion in suggestions for neighbour in suggestion.evidence[:_SHOWN]]
    behind = {neighbour.photo: neighbour for neighbour in shown if neighbour.photo is not None}
    if behind:
        out.print("\nphotos", style="bold")
    for photo, neighbour in behind.items():
        near = photo.relative_to(Path.cwd()) if photo.is_relative_to(Path.cwd()) else photo
        told = short_id(neighbour.post) if is_told(neighbour.post) else _caption(neighbour)[:_BRIEF]
        out.print(Text(printable("  ".join(filter(None, [told, str(near)]))), style="dim"), soft_wrap=True)


def _show_removed(removed: Sequence[Removed], explain: bool) -> None:
    """Which hashtags were left out, on standard error; those merged, excluded or foreign only where asked why."""
    told = [gone for gone in removed if explain or gone.step == "blocked"]
    if told:
        by_reason: dict[str, list[str]] = {}
        for gone in told:
            by_reason.setdefault(gone.reason, []).append(f"#{gone.hashtag}")
        for reason, hashtags in by_reason.items():
            err.print(f"[yellow]left out:[/] {escape(printable(' '.join(hashtags)))} ({escape(printable(reason))})")


def show_batch(report: "BatchReport") -> None:
    """How many posts got hashtags, and where they are."""
    answered = report.posts - report.rejected
    of_all = f"{answered:,} of {counted(report.posts, 'post')}" if report.rejected else counted(answered, "post")
    say(f"{of_all} answered in {report.out}")
    often = sorted(report.notes.items(), key=lambda told: -told[1])
    for note, n in often[:_NOTES]:
        say(f"{n} of them: {note}")
    if len(often) > _NOTES:
        say(f"{counted(len(often) - _NOTES, 'other note')}: see `notes` in each line")
    for reason, n in report.removed.items():
        say(f"{counted(n, 'hashtag')} left out: {reason}")
    if report.rejected:
        say(f"{counted(report.rejected, 'post')} could not be read: see `error` in the output")
