"""The archive: its index, its posts, a person's rules and judgements, the models."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from ..core.feedback import Judgement
from ..core.protocols import RejectCounts
from ..core.rules import HashtagRule
from .terminal import counted, printable, say, show_table, tell, unpublished

if TYPE_CHECKING:
    from ..assembly import BuildReport, Forgotten, IndexInfo
    from ..retrieval.encoders.profiles import ModelState
    from ..retrieval.selection.synonyms import AliasCandidate

ALIASES_SHOWN = 50  # pairs; the surest come first


def show_build(report: "BuildReport", home: Path) -> None:
    """What was read, encoded and published, and where the rejects lie."""
    tell(report.notes)
    read, manifest = report.ingested, report.manifest
    added = counted(read.added, "post")
    say(f"{added} added, {read.updated} updated, {read.removed} removed, {read.unchanged} unchanged")
    for channel, n in report.embedded.items():
        say(f"{counted_contents(channel, n)} encoded ({channel})")
    state = "published" if report.published else f"{unpublished(read.changes)}; still serving"
    holds = f"{counted(manifest.posts, 'post')}, {counted(manifest.hashtags, 'hashtag')}"
    say(f"{state} {manifest.snapshot} in {home}: {holds}")
    show_rejects(report.rejects)
    if report.rejects.path:
        say(f"{report.rejects.path} lists every row and the reason")


def counted_contents(channel: str, n: int) -> str:
    """How many contents of a channel there are: photos or captions."""
    return counted(n, "photo" if channel == "image" else "caption")


def show_rejects(rejects: RejectCounts, indent: str = "") -> None:
    """How much of a source could not be taken."""
    if rejects.rejected:
        say(f"{indent}{counted(rejects.rejected, 'post')} rejected, the first in row {rejects.first_reject}")
    if rejects.incomplete:
        first = f"the first in row {rejects.first_incomplete}"
        say(f"{indent}{counted(rejects.incomplete, 'post')} with a photo or field that could not be read, {first}")


def show_info(info: "IndexInfo") -> None:
    """What an index holds, and what it has learned."""
    tell(info.notes)
    manifest = info.manifest
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    table.add_row("snapshot", manifest.snapshot)
    table.add_row("built", f"{manifest.created_at} by {manifest.program}")
    table.add_row("posts", f"{manifest.posts}")
    table.add_row("hashtags", f"{manifest.hashtags}")
    for source, n in manifest.sources.items():
        table.add_row("source", f"{escape(printable(source))} ({counted(n, 'post')})")
    for record in manifest.channels:
        contents = counted_contents(record.channel, record.vectors)
        table.add_row(f"{record.channel} channel", f"{contents}, {escape(str(record.fingerprint))}")
    table.add_row("size", f"{sum(file.bytes for file in manifest.files.values()) / 1e6:.1f} MB")
    for name, told in _learned(info):
        table.add_row(name, told)
    show_table(table)


def _learned(info: "IndexInfo") -> Iterator[tuple[str, str]]:
    report = info.report
    if info.unusable is not None:
        yield "ranked by", f"the vote: {escape(printable(info.unusable))}"
    elif report is None:
        yield "ranked by", "the vote: fewer than 200 posts with hashtags, too few to train on"
    if report is None:
        return
    yield "ranked by", "the reranker" if report.ships else "the vote, which was better than the reranker"
    yield "held out", f"{counted(report.posts, 'post')} in {counted(report.clusters, 'group')} of near-duplicates"
    for k in report.vote_f1:
        yield f"F1 at {k}", f"{report.reranker_f1[k]:.3f} reranker, {report.vote_f1[k]:.3f} vote"
    shown = f"{report.auto_count:.1f} hashtags a post, with a probability of at least {report.threshold:.2f}"
    yield "F1 at auto", f"{report.auto_f1:.3f}, {shown}"
    yield "calibration", f"off by {report.ece:.3f} on average"
    for some in report.reliability:
        yield "", f"{some.n} suggested at {some.probability:.2f}: {some.carried:.2f} of them were right"


def show_forgotten(report: "Forgotten") -> None:
    """What is gone."""
    say(f"{counted(report.posts, 'post')} deleted")
    say(f"published {report.snapshot}" if report.snapshot else "no index is left: no other post carries a hashtag")


def show_judgements(judgements: Sequence[Judgement]) -> None:
    """What was kept."""
    for judgement in judgements:
        say(f"#{judgement.hashtag}: {judgement.verdict}ed (its score for this post: {judgement.score:.2f})")
    say("the next `hashtag index refresh` or `build` uses this, even if no source has changed")


def show_changed(rules: Sequence[HashtagRule]) -> None:
    """Rules that were given."""
    for rule in rules:
        say(f"#{rule.hashtag}: {_ruled(rule)}")


def show_rules(rules: Sequence[HashtagRule], shipped: int) -> None:
    """All rules of a person, and how many hashtags are blocked besides."""
    show_changed(rules)
    say(f"{counted(shipped, 'hashtag')} blocked by the spam list")


def _ruled(rule: HashtagRule) -> str:
    if rule.kind == "apart":
        return "never merged"
    return f"means #{rule.target}" if rule.target else f"{rule.kind}ed"


def show_aliases(candidates: "Sequence[AliasCandidate]") -> None:
    """Pairs that may mean the same, and what speaks for it."""
    if not candidates:
        say("no two hashtags of the archive seem to have one meaning")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("hashtag", "posts", "may mean", "posts", "both", "authors", "sign"):
        number = column in ("posts", "both", "authors")
        table.add_column(column, overflow="fold", justify="right" if number else "left", no_wrap=number)
    for pair in candidates[:ALIASES_SHOWN]:
        alias, target = escape(printable(pair.alias)), escape(printable(pair.target))
        authors = "-" if pair.authors is None else str(pair.authors)
        counts = (str(pair.alias_posts), str(pair.target_posts), str(pair.posts))
        table.add_row(f"#{alias}", counts[0], f"#{target}", *counts[1:], authors, pair.sign)
    show_table(table)
    if len(candidates) > ALIASES_SHOWN:
        say(f"and {counted(len(candidates) - ALIASES_SHOWN, 'pair')} more, which --json prints")
    say("to store pairs: hashtag tags alias HASHTAG=MEANING ...")
    say("to store many, delete the pairs with different meanings from this file:")
    say("hashtag tags alias --json > pairs.jsonl; hashtag tags alias --from pairs.jsonl")


def show_models(states: "Sequence[ModelState]") -> None:
    """Which weights are here."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("profile", "channel", "model", "on this machine"):
        table.add_column(column, overflow="fold")
    for state in states:
        table.add_row(state.profile, state.channel, escape(state.model), "yes" if state.here else f"no ({state.size})")
    show_table(table)
