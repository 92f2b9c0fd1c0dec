"""`hashtag sources`."""

from typing import Annotated

import typer

from .. import assembly, console
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
    """Remember a source and how it is read; the next refresh reads its posts."""
    reader = reading.reader(source, source_name)
    console.tell(reader.notes())
    with assembly.open_home(home, db=db) as opened:
        console.show_added_source(assembly.add_source(opened, reader))


@app.command("list")
def list_(home: Home = None, db: Db = None, as_json: AsJson = False) -> None:
    """List all sources, how many posts of each the archive has, and how each is read."""
    with assembly.open_home(home, db=db) as opened:
        known = assembly.list_sources(opened)
    if as_json:
        print_json([source.to_json() for source in known])
    else:
        console.show_sources(known)


@app.command("remove")
def remove(
    name: Annotated[str, typer.Argument(help="The name that `hashtag sources list` shows.")],
    keep_posts: Annotated[bool, typer.Option("--keep-posts", help="Keep its posts in the archive.")] = False,
    home: Home = None,
    db: Db = None,
) -> None:
    """Stop reading a source; the next refresh removes its posts."""
    with assembly.open_home(home, db=db) as opened:
        console.show_removed_source(assembly.remove_source(opened, name, keep_posts))
