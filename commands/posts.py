"""`hashtag posts`."""

from typing import Annotated

import typer

from .. import console
from ..core.settings import resolve_settings
from .options import AsJson, Db, Home, NewPhotos, Text, check_one, print_json

app = typer.Typer(no_args_is_help=True, help="Add single posts, and forget an author's.")


@app.command("add")
def add_post(
    photos: NewPhotos = None,
    text: Text = "",
    hashtags: Annotated[str, typer.Option(help="Its hashtags, apart by spaces.")] = "",
    author: Annotated[str | None, typer.Option(help="Who posted it.")] = None,
    posted_at: Annotated[str | None, typer.Option(help="When: 2024-01-05 or 2024-01-05T18:30:00+09:00.")] = None,
    as_json: AsJson = False,
    home: Home = None,
    db: Db = None,
) -> None:
    """Put one post into the archive at once; the next suggestion finds it, without building anew."""
    from ..assembly import add_post as add

    check_one(photos, text, {})
    report = add(resolve_settings(home, {"db": db}), photos or (), text, hashtags, author=author, posted_at=posted_at)
    if as_json:
        print_json(report.to_json())
    else:
        console.show_added(report)


@app.command("forget")
def forget_posts(
    author: Annotated[str, typer.Option(help="Whose posts are to be deleted.")],
    as_json: AsJson = False,
    home: Home = None,
    db: Db = None,
) -> None:
    """Delete all posts of an author from database and index, and never take them in again."""
    from ..assembly import forget_author

    report = forget_author(resolve_settings(home, {"db": db}), author, console.progress())
    if as_json:
        print_json(report.to_json())
    else:
        console.show_forgotten(report)
