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

from .core.feedback import Judgement
from .core.progress import Progress, Silent, Stage
from .core.results import Answer, Removed, Suggestion
from .core.rules import HashtagRule

if TYPE_CHECKING:
    from .assembly import Added, BatchReport, BuildReport, Forgotten, IndexInfo
    from .retrieval.choosing.synonyms import AliasCandidate
    from .retrieval.encoders.profiles import ModelState

_TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_WIDEST = 30  # cells for a hashtag
_SHOWN = 3  # posts behind a hashtag; machines get all of them
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
    _out.print()
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
        _out.print("\nphotos", style="bold")
    for post, photo in behind.items():
        near = photo.relative_to(Path.cwd()) if photo.is_relative_to(Path.cwd()) else photo
        _out.print(Text(_printable(f"{_short(post)}  {near}"), style="dim"), soft_wrap=True)


def _show_removed(removed: Sequence[Removed], explain: bool) -> None:
    """Which hashtags were left out, on standard error; those merged, excluded or foreign only where asked why."""
    told = [gone for gone in removed if explain or gone.step == "blocked"]
    if told:
        by_reason: dict[str, list[str]] = {}
        for gone in told:
            by_reason.setdefault(gone.reason, []).append(f"#{gone.hashtag}")
        for reason, hashtags in by_reason.items():
            _err.print(f"[yellow]left out:[/] {escape(_printable(' '.join(hashtags)))} ({escape(_printable(reason))})")


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


def show_info(info: "IndexInfo") -> None:
    """What an index holds, and what it has learned."""
    manifest = info.manifest
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
    for name, told in _learned(info):
        table.add_row(name, told)
    _out.print(table)


def _learned(info: "IndexInfo") -> Iterator[tuple[str, str]]:
    report = info.report
    if info.unusable is not None:
        yield "ranked by", f"the vote: {escape(_printable(info.unusable))}"
    elif report is None:
        yield "ranked by", "the vote: fewer than 200 posts with hashtags, too few to learn from"
    if report is None:
        return
    yield "ranked by", "the learned reranker" if report.ships else "the vote, which did better than a learned reranker"
    yield "held out", f"{counted(report.posts, 'post')} in {counted(report.clusters, 'group')} of near-duplicates"
    for k in report.vote_f1:
        yield f"F1 at {k}", f"{report.reranker_f1[k]:.3f} reranker, {report.vote_f1[k]:.3f} vote"
    shown = f"{report.auto_count:.1f} hashtags a post, of probability {report.threshold:.2f} and more"
    yield "F1 at auto", f"{report.auto_f1:.3f}, {shown}"
    yield "calibration", f"off by {report.ece:.3f} on average"
    for some in report.reliability:
        yield "", f"of {some.n} suggested at {some.probability:.2f}, {some.carried:.2f} were right"


def show_verdict(wrong: Sequence[str]) -> None:
    """Whether an index is sound, and what is wrong with it."""
    for problem in wrong:
        say(problem)
    say(counted(len(wrong), "problem") if wrong else "the index is sound")


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


def show_added(report: "Added") -> None:
    """Which post is in the archive now."""
    say(f"added as post {report.post_id}" if report.new else f"post {report.post_id} is there already")


def show_forgotten(report: "Forgotten") -> None:
    """What is gone."""
    say(f"{counted(report.posts, 'post')} deleted")
    say(f"published {report.snapshot}" if report.snapshot else "no index is left: no other post carries a hashtag")


def show_judgements(judgements: Sequence[Judgement]) -> None:
    """What was kept."""
    for judgement in judgements:
        say(f"#{judgement.hashtag}: {judgement.verdict}ed (its score for this post: {judgement.score:.2f})")
    say("counts from the next `hashtag index build` on, even of an unchanged file")


def show_changed(rules: Sequence[HashtagRule]) -> None:
    """Rules that were given."""
    for rule in rules:
        say(f"#{rule.hashtag}: {_ruled(rule)}")


def show_rules(rules: Sequence[HashtagRule], shipped: int) -> None:
    """All rules of a person, and how many hashtags are blocked besides."""
    show_changed(rules)
    say(f"{counted(shipped, 'hashtag')} blocked by the list of spam")


def _ruled(rule: HashtagRule) -> str:
    return f"means #{rule.target}" if rule.target else f"{rule.kind}ed"


def show_aliases(candidates: "Sequence[AliasCandidate]") -> None:
    """Pairs that may mean the same."""
    if not candidates:
        say("no two hashtags of the archive look as if they meant the same")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("hashtag", "may mean", "posts with both", "likeness"):
        table.add_column(column, overflow="fold")
    for pair in candidates:
        alias, target = escape(_printable(pair.alias)), escape(_printable(pair.target))
        table.add_row(f"#{alias}", f"#{target}", str(pair.posts), f"{pair.cosine:.2f}")
    _out.print(table)
    say("where they do: hashtag tags alias HASHTAG MEANING")


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
