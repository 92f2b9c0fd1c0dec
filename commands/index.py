"""`hashtag index`."""

from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer

from .. import console
from ..core.settings import resolve_settings
from .options import (
    AsJson,
    AuthorColumn,
    Db,
    Encoding,
    HashtagsColumn,
    Home,
    IdColumn,
    ImageColumn,
    Images,
    PostedAtColumn,
    TextColumn,
    columns_of,
    print_json,
)

app = typer.Typer(no_args_is_help=True, help="Build, check and look after the index of an archive.")


class Encoders(StrEnum):
    """Profiles of encoders."""

    auto = "auto"
    clip = "clip"
    compact = "compact"


EncodersOption = Annotated[
    Encoders | None, typer.Option("--encoders", help="auto is clip where its weights are on disk, else compact.")
]


@app.command("build")
def build(
    source: Annotated[str, typer.Argument(help="A file or folder of posts, or with --query a database URL.")],
    images: Images = None,
    query: Annotated[str | None, typer.Option(help="A SELECT whose columns are those of a file of posts.")] = None,
    home: Home = None,
    db: Db = None,
    encoders: EncodersOption = None,
    image_model: Annotated[str | None, typer.Option(help="open_clip model, or a folder that is one.")] = None,
    image_weights: Annotated[str | None, typer.Option(help="Its pretrained tag, or a checkpoint file.")] = None,
    sentence_model: Annotated[str | None, typer.Option(help="sentence-transformers model or folder.")] = None,
    source_name: Annotated[
        str | None, typer.Option("--source", help="Name by which the database knows this source (default: its path).")
    ] = None,
    encoding: Encoding = None,
    image_column: ImageColumn = None,
    text_column: TextColumn = None,
    hashtags_column: HashtagsColumn = None,
    id_column: IdColumn = None,
    author_column: AuthorColumn = None,
    posted_at_column: PostedAtColumn = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if any post was rejected.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read an archive of posts into the database and publish its index."""
    from ..assembly import build_index, read_posts

    settings = resolve_settings(
        home,
        {
            "db": db,
            "encoders": encoders.value if encoders else None,
            "image_model": image_model,
            "image_weights": image_weights,
            "sentence_model": sentence_model,
        },
    )
    columns = columns_of(image_column, text_column, hashtags_column, id_column, author_column, posted_at_column)
    reader = read_posts(source, images=images, source=source_name, encoding=encoding, query=query, columns=columns)
    report = build_index(settings, reader, console.progress())
    if as_json:
        print_json(report.to_json())
    else:
        console.show_build(report, settings.home)
    if strict and report.rejected:
        raise typer.Exit(1)


@app.command("info")
def info(home: Home = None, as_json: AsJson = False) -> None:
    """Tell what the index holds, which encoders made it, and how well what it learned does."""
    from ..assembly import index_info

    info = index_info(resolve_settings(home, {}))
    if as_json:
        print_json(info.to_json())
    else:
        console.show_info(info)


@app.command("verify")
def verify(home: Home = None, db: Db = None, as_json: AsJson = False) -> None:
    """Check the index: checksums, counts, database against index. Exits with 1 if anything is damaged."""
    from ..assembly import verify_index

    verdict = verify_index(resolve_settings(home, {"db": db}))
    if as_json:
        print_json({"ok": not verdict.problems, "problems": verdict.problems, "notes": verdict.notes})
    else:
        console.show_verdict(verdict)
    if verdict.problems:
        raise typer.Exit(1)


@app.command("history")
def history(
    home: Home = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many runs, the newest.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Tell which runs wrote to the home and what came of them, and which snapshots it holds."""
    from ..assembly import index_history

    history = index_history(resolve_settings(home, {}), count)
    if as_json:
        print_json(history.to_json())
    else:
        console.show_history(history)


@app.command("rollback")
def rollback(
    snapshot: Annotated[str | None, typer.Argument(help="Which one (default: the one before).")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Put an earlier snapshot in service; the database stays as it is."""
    from ..assembly import roll_back_index

    report = roll_back_index(resolve_settings(home, {}), snapshot)
    if as_json:
        print_json(asdict(report))
    else:
        console.show_rollback(report)


@app.command("gc")
def gc(
    keep: Annotated[int, typer.Option(min=1, help="How many snapshots to keep.")] = 3,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Delete old snapshots and what killed runs left behind; never one that serves or is open in any process."""
    from ..assembly import clear_snapshots

    report = clear_snapshots(resolve_settings(home, {}), keep)
    if as_json:
        print_json(report.to_json())
    else:
        console.show_cleared(report)
