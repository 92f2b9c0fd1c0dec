"""The posts of an archive, one by one."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from ..core.post import ADDED, Post
from .terminal import counted, one_line, printable, say, short_id, show_table, shown_cells

if TYPE_CHECKING:
    from ..assembly import PostChange


def show_posts(posts: Sequence[Post], all_added: bool) -> None:
    """Each post in two lines: its id and caption; then date, photos, author, source and hashtags.

    all_added: whether these are all posts that were added one by one.
    """
    if not posts:
        none_added = "no post was added yet; `hashtag posts add` adds one"
        say(none_added if all_added else "no such post is in the archive")
    names = [short_id(post.post_id) for post in posts]
    width = max(map(shown_cells, names), default=0)
    for post, name in zip(posts, names, strict=True):
        caption = " ".join(post.caption.split()) or "(no caption)"
        one_line([(name, "bold cyan", width), (caption, "", None)])
        one_line([("", "", width), ("  ".join(_facts(post)), "dim", None)])


def show_post(post: Post) -> None:
    """All there is of a post."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    facts = [
        ("post", post.post_id),
        ("source", "added with `hashtag posts add`" if post.source == ADDED else post.source),
        ("caption", post.caption),
        ("hashtags", " ".join(f"#{hashtag}" for hashtag in post.hashtags)),
        *(("photo", str(photo.path)) for photo in post.photos),
        ("author", post.author or ""),
        ("posted", post.posted_at.isoformat() if post.posted_at else ""),
        *((measure, f"{count:,}") for measure, count in post.response.to_json().items()),
    ]
    for what, told in facts:
        if told:
            table.add_row(what, escape("\n".join(map(printable, told.splitlines()))))
    show_table(table)


def show_change(change: "PostChange") -> None:
    """What became of a post, and until when the index remembers what it was."""
    told = "is in the archive already, unchanged" if change.outcome == "unchanged" else change.outcome
    say(f"added as post {change.post_id}" if change.outcome == "added" else f"post {change.post_id} {told}")
    if change.indexed:
        say(
            "suggestions no longer use its old version; what was trained on that version, and its counts, "
            "are removed at the next `hashtag index refresh`"
        )


def _facts(post: Post) -> list[str]:
    facts = [f"{post.posted_at:%Y-%m-%d}"] if post.posted_at else []
    facts += [counted(len(post.photos), "photo")] if post.photos else ["no photo"]
    facts += [post.author] if post.author else []
    facts.append("added" if post.source == ADDED else Path(post.source).name)
    return [*facts, " ".join(f"#{hashtag}" for hashtag in post.hashtags)]
