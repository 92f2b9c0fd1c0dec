"""`hashtag sources`."""

from typing import Annotated

import typer

from .. import console
from ..core.settings import resolve_settings
from .options import AsJson, Db, Home, Reading, SourceName, print_json, reads_archive
from .tree import make_group

app = make_group("Sources of posts, which `hashtag index refresh` reads again.")


@app.command("add")
@reads_archive
def add(
    source: Annotated[str, typer.Argument(help="A file or folder of posts, or with --query a database URL.")],
    reading: Reading,
    home: Home = None,
    db: Db = None,
    source_name: SourceName = None,
) -> None:
    """Remember a source and how it is read; the next refresh takes its posts in."""
    from ..assembly import add_source

    reader = reading.reader(source, source_name)
    console.tell(reader.notes())
    console.show_added_source(add_source(resolve_settings(home, {"db": db}), reader))


@app.command("list")
def list_(home: Home = None, db: Db = None, as_json: AsJson = False) -> None:
    """List all sources, how many posts of each the archive has, and how each is read."""
    from ..assembly import list_sources

    known = list_sources(resolve_settings(home, {"db": db}))
    if as_json:
        print_json([source.to_json() for source in known])
    else:
        console.show_sources(known)


@app.command("remove")
def remove(
    name: Annotated[str, typer.Argument(help="As `hashtag sources list` has it.")],
    keep_posts: Annotated[bool, typer.Option("--keep-posts", help="Leave its posts in the archive.")] = False,
    home: Home = None,
    db: Db = None,
) -> None:
    """Read a source no more; its posts leave with the next refresh."""
    from ..assembly import remove_source

    console.show_removed_source(remove_source(resolve_settings(home, {"db": db}), name, keep_posts))
