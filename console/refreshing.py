"""Sources, and what a refresh made of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from ..core.sources import KnownSource, Source
from .archive import counted_contents, show_rejects
from .terminal import counted, printable, say, show_table, tell, unpublished

if TYPE_CHECKING:
    from ..assembly import RefreshReport, RemovedSource


def show_refresh(report: "RefreshReport") -> None:
    """What has changed, what was made of it, and which gates it was held against; or what that would be."""
    tell(report.notes)
    planned = report.outcome == "planned"
    for source in report.sources:
        say(source.name)
        if source.ingested:
            read = source.ingested
            say(
                f"  {counted(read.added, 'post')} added, {read.updated:,} updated, {read.removed:,} removed, "
                f"{read.unchanged:,} unchanged"
            )
        if source.rejects:
            show_rejects(source.rejects, indent="  ")
        if source.failed:
            say(f"  not changed: {source.failed}")
    for channel, n in report.embedded.items():
        say(f"{counted_contents(channel, n)} {'to encode' if planned else 'encoded'} ({channel})")
    if report.learned:
        say(report.learned)
    for gate in report.gates:
        say(f"{'passed' if gate.passed else 'NOT passed'}  {gate.name}: {gate.words}")
    if report.rejects and not planned:
        say(f"{report.rejects} lists every row and the reason")
    say(_state(report))


def _state(report: "RefreshReport") -> str:
    serves = f"{report.snapshot} ({counted(report.posts, 'post')})" if report.snapshot else "no index"
    if report.outcome == "planned":
        return f"nothing was changed; {serves} is in service"
    if report.outcome == "published":
        return f"published {serves}"
    if report.outcome == "unchanged":
        changes = sum(source.ingested.changes for source in report.sources if source.ingested)
        return f"{unpublished(changes)}; still serving {serves}"
    return f"{serves} stays in service" if report.snapshot else "there is no index yet"


def show_sources(known: Sequence[KnownSource]) -> None:
    """All sources, each with what was told of it."""
    if not known:
        say("no source is known; name them with `hashtag sources add SOURCE`")
    for source in known:
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(style="bold")
        table.add_column(overflow="fold")
        table.add_row("source", escape(printable(source.name)))
        state = "; the next refresh removes them" if source.leaves_at and source.posts else ""
        table.add_row("posts", f"{source.posts:,}{state}")
        for what, told in _told(source.source):
            table.add_row(what, escape(printable(told)))
        show_table(table)


def _told(source: Source | None) -> list[tuple[str, str]]:
    if source is None:
        return [("read from", "not known; `hashtag sources add` sets it")]
    told = [("read from", source.location)]
    kept = (("query", source.query), ("images", source.images), ("encoding", source.encoding))
    told += [(what, text) for what, text in kept if text]
    return told + [(f"{role} column", column) for role, column in source.columns.items()]


def show_added_source(source: Source) -> None:
    """What is read from now on."""
    say(f"every `hashtag index refresh` reads {source.name} from now on")


def show_removed_source(removed: "RemovedSource") -> None:
    """What becomes of its posts."""
    posts = counted(removed.posts, "post")
    leave = f"the next `hashtag index refresh` removes its {posts}"
    what = (leave if removed.leave else f"its {posts} stay") if removed.posts else "it had no post"
    say(f"{removed.name} is no longer read; {what}")
