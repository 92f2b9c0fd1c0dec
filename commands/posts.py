"""`hashtag posts`."""

from typing import Annotated

import typer

from .. import assembly, console
from ..core.post import ADDED
from .options import AsJson, Db, Home, NewPhotos, Text, check_one, check_photos, print_json
from .tree import make_group

app = make_group("Look at posts, add, change and remove single ones, forget an author's.")


PostedAt = Annotated[str | None, typer.Option(metavar="TIME", help="When: 2024-01-05 or 2024-01-05T18:30:00+09:00.")]
PostId = Annotated[str, typer.Argument(metavar="ID", help="As `hashtag posts list` shows it.")]
OfSource = Annotated[
    str | None, typer.Option("--source", metavar="NAME", help="Its source, if posts of several have that id.")
]


@app.command("add")
def add_post(
    photos: NewPhotos = None,
    text: Text = "",
    hashtags: Annotated[str, typer.Option(metavar="TAGS", help="Its hashtags, apart by spaces.")] = "",
    author: Annotated[str | None, typer.Option(metavar="NAME", help="Who posted it.")] = None,
    posted_at: PostedAt = None,
    post_id: Annotated[
        str | None, typer.Option("--id", help="By which it is known (default: by its photos and caption).")
    ] = None,
    as_json: AsJson = False,
    home: Home = None,
    db: Db = None,
) -> None:
    """Put one post into the archive at once; the next suggestion finds it. Added again, it is corrected."""
    check_one(photos, text, {})
    told = {"author": author, "posted_at": posted_at, "post_id": post_id}
    with assembly.open_home(home, db=db) as opened:
        _show(assembly.add_post(opened, photos or (), text, hashtags, **told), as_json)


@app.command("edit")
def edit_post(
    post_id: PostId,
    photos: NewPhotos = None,
    text: Annotated[str | None, typer.Option(metavar="TEXT", help="Its caption from now on.")] = None,
    hashtags: Annotated[str | None, typer.Option(metavar="TAGS", help="All its hashtags, apart by spaces.")] = None,
    author: Annotated[str | None, typer.Option(metavar="NAME", help='Who posted it; "" for nobody.')] = None,
    posted_at: PostedAt = None,
    source: OfSource = None,
    as_json: AsJson = False,
    home: Home = None,
    db: Db = None,
) -> None:
    """Change a post that was added one by one; what is not told stays."""
    check_photos(photos)
    told = {"text": text, "hashtags": hashtags, "author": author, "posted_at": posted_at, "source": source}
    with assembly.open_home(home, db=db) as opened:
        _show(assembly.edit_post(opened, post_id, photos or (), **told), as_json)


@app.command("remove")
def remove_post(
    post_id: PostId, source: OfSource = None, as_json: AsJson = False, home: Home = None, db: Db = None
) -> None:
    """Delete a post that was added one by one, for good."""
    with assembly.open_home(home, db=db) as opened:
        _show(assembly.remove_post(opened, post_id, source=source), as_json)


@app.command("list")
def list_posts(
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many posts, the newest.")] = 20,
    source: Annotated[str | None, typer.Option(metavar="NAME", help="Only those of this source.")] = None,
    author: Annotated[str | None, typer.Option(metavar="NAME", help="Only those of this author.")] = None,
    as_json: AsJson = False,
    home: Home = None,
    db: Db = None,
) -> None:
    """List posts of the archive, the newest first."""
    with assembly.open_home(home, db=db) as opened:
        posts = assembly.list_posts(opened, count, source=source, author=author)
    if as_json:
        print_json([post.to_json() for post in posts])
    else:
        console.show_posts(posts, all_added=source == ADDED and author is None)


@app.command("show")
def show_post(
    post_id: PostId, source: OfSource = None, as_json: AsJson = False, home: Home = None, db: Db = None
) -> None:
    """Show all there is of one post."""
    with assembly.open_home(home, db=db) as opened:
        post = assembly.show_post(opened, post_id, source=source)
    if as_json:
        print_json(post.to_json())
    else:
        console.show_post(post)


@app.command("forget")
def forget_posts(
    author: Annotated[str, typer.Option(help="Whose posts are to be deleted.")],
    as_json: AsJson = False,
    home: Home = None,
    db: Db = None,
) -> None:
    """Delete all posts of an author from database and index, and never take them in again."""
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
