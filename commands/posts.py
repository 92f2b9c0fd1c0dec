"""`hashtag posts`."""

from typing import Annotated

import typer

from .. import assembly, console
from ..core.post import ADDED
from .options import AsJson, Db, Home, NewPhotos, Text, check_one, check_photos, print_json
from .tree import make_group

app = make_group("List, add, change and remove posts; forget the posts of an author.")


PostedAt = Annotated[str | None, typer.Option(metavar="TIME", help="When: 2024-01-05 or 2024-01-05T18:30:00+09:00.")]
PostId = Annotated[str, typer.Argument(metavar="ID", help="The id that `hashtag posts list` shows.")]
OfSource = Annotated[
    str | None, typer.Option("--source", metavar="NAME", help="The source, if posts of several sources have this id.")
]


@app.command("add")
def add_post(
    photos: NewPhotos = None,
    text: Text = "",
    hashtags: Annotated[str, typer.Option(metavar="TAGS", help="The hashtags, separated by spaces.")] = "",
    author: Annotated[str | None, typer.Option(metavar="NAME", help="Who posted it.")] = None,
    posted_at: PostedAt = None,
    post_id: Annotated[str | None, typer.Option("--id", help="An id (default: from its photos and caption).")] = None,
    as_json: AsJson = False,
    home: Home = None,
    db: Db = None,
) -> None:
    """Add one post to the archive; the next suggestion finds it. Adding it again corrects it."""
    check_one(photos, text, {})
    told = {"author": author, "posted_at": posted_at, "post_id": post_id}
    with assembly.open_home(home, db=db) as opened:
        _show(assembly.add_post(opened, photos or (), text, hashtags, **told), as_json)


@app.command("edit")
def edit_post(
    post_id: PostId,
    photos: NewPhotos = None,
    text: Annotated[str | None, typer.Option(metavar="TEXT", help="The new caption.")] = None,
    hashtags: Annotated[str | None, typer.Option(metavar="TAGS", help="All its hashtags, separated by spaces.")] = None,
    author: Annotated[str | None, typer.Option(metavar="NAME", help='Who posted it; "" for nobody.')] = None,
    posted_at: PostedAt = None,
    source: OfSource = None,
    as_json: AsJson = False,
    home: Home = None,
    db: Db = None,
) -> None:
    """Change a post that you added; what you do not name stays."""
    check_photos(photos)
    told = {"text": text, "hashtags": hashtags, "author": author, "posted_at": posted_at, "source": source}
    with assembly.open_home(home, db=db) as opened:
        _show(assembly.edit_post(opened, post_id, photos or (), **told), as_json)


@app.command("remove")
def remove_post(
    post_id: PostId, source: OfSource = None, as_json: AsJson = False, home: Home = None, db: Db = None
) -> None:
    """Delete a post that you added, for good."""
    with assembly.open_home(home, db=db) as opened:
        _show(assembly.remove_post(opened, post_id, source=source), as_json)


@app.command("list")
def list_posts(
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="The number of posts to show.")] = 20,
    source: Annotated[str | None, typer.Option(metavar="NAME", help="Only those of this source.")] = None,
    author: Annotated[str | None, typer.Option(metavar="NAME", help="Only those of this author.")] = None,
    search: Annotated[str, typer.Option(metavar="TEXT", help="Only those whose caption or hashtags hold this.")] = "",
    as_json: AsJson = False,
    home: Home = None,
    db: Db = None,
) -> None:
    """List posts of the archive, the newest first."""
    with assembly.open_home(home, db=db) as opened:
        found = assembly.list_posts(opened, count, source=source, author=author, text=search)
    posts = [stored.post for stored in found]
    if as_json:
        print_json([post.to_json() for post in posts])
    else:
        console.show_posts(posts, all_added=source == ADDED and author is None and not search)


@app.command("show")
def show_post(
    post_id: PostId, source: OfSource = None, as_json: AsJson = False, home: Home = None, db: Db = None
) -> None:
    """Show everything about one post."""
    with assembly.open_home(home, db=db) as opened:
        post = assembly.show_post(opened, post_id, source=source).post
    if as_json:
        print_json(post.to_json())
    else:
        console.show_post(post)


@app.command("forget")
def forget_posts(
    author: Annotated[str, typer.Option(help="The author.")],
    as_json: AsJson = False,
    home: Home = None,
    db: Db = None,
) -> None:
    """Delete all posts of an author from database and index; they are never read again."""
    with assembly.open_home(home, db=db) as opened:
        report = assembly.forget_author(opened, author, console.progress())
    if as_json:
        print_json(report.to_json())
    else:
        console.show_forgotten(report)


def _show(change: "assembly.PostChange", as_json: bool) -> None:
    if as_json:
        print_json(change.to_json())
    else:
        console.show_change(change)
