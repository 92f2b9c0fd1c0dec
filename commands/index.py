"""`hashtag index`."""

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

app = typer.Typer(no_args_is_help=True, help="Build and check the index of an archive.")


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
    """Check the index: checksums, counts, database against index. Exits with 1 if anything is wrong."""
    from ..assembly import verify_index

    wrong = verify_index(resolve_settings(home, {"db": db}))
    if as_json:
        print_json({"ok": not wrong, "problems": wrong})
    else:
        console.show_verdict(wrong)
    if wrong:
        raise typer.Exit(1)
