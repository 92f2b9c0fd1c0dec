"""The `hashtag` command: parse, call, print."""

import json
import os
import sys
import warnings
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer

from . import console
from .core.errors import HashtagError, SettingsError
from .core.post import parse_hashtags
from .core.settings import Settings, resolve_settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Suggests hashtags for a new post from the posts of your own archive that look and read like it.",
)
index_app = typer.Typer(no_args_is_help=True, help="Build and check the index of an archive.")
models_app = typer.Typer(no_args_is_help=True, help="List and fetch model weights.")
app.add_typer(index_app, name="index")
app.add_typer(models_app, name="models")


_INTERRUPTED = 130  # the exit code after Ctrl-C


class Encoders(StrEnum):
    """Profiles of encoders."""

    auto = "auto"
    clip = "clip"
    compact = "compact"


class Pullable(StrEnum):
    """Profiles whose weights are fetched."""

    clip = "clip"


Home = Annotated[
    Path | None, typer.Option(help="The folder of database and index (default: HASHTAG_HOME, else ./.hashtag).")
]
Db = Annotated[str | None, typer.Option(help="SQLAlchemy URL of the database (default: SQLite in the home folder).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Images = Annotated[Path | None, typer.Option(help="Folder that image paths are relative to (default: the file's own).")]
Encoding = Annotated[str | None, typer.Option(help="Of the file, if neither UTF-8 nor cp949.")]
ImageColumn = Annotated[str | None, typer.Option(help="Column of the photo's path.")]
TextColumn = Annotated[str | None, typer.Option(help="Column of the caption.")]
HashtagsColumn = Annotated[str | None, typer.Option(help="Column of the hashtags.")]
IdColumn = Annotated[str | None, typer.Option(help="Column of the post's id.")]
AuthorColumn = Annotated[str | None, typer.Option(help="Column of the author.")]
PostedAtColumn = Annotated[str | None, typer.Option(help="Column of the date.")]


@index_app.command("build")
def build(
    source: Annotated[Path, typer.Argument(help="A CSV, TSV or JSONL file of posts.")],
    images: Images = None,
    home: Home = None,
    db: Db = None,
    encoders: Annotated[
        Encoders | None, typer.Option(help="auto is clip where its weights are on disk, else compact.")
    ] = None,
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
    from .assembly import build_index, read_posts

    settings = _settings(
        home,
        db=db,
        encoders=encoders.value if encoders else None,
        image_model=image_model,
        image_weights=image_weights,
        sentence_model=sentence_model,
    )
    columns = _columns(image_column, text_column, hashtags_column, id_column, author_column, posted_at_column)
    reader = read_posts(source, images=images, source=source_name, encoding=encoding, columns=columns)
    report = build_index(settings, reader, console.progress())
    if as_json:
        _print_json(report.to_json())
    else:
        console.show_build(report, settings.home)
    if strict and report.rejected:
        raise typer.Exit(1)


@index_app.command("info")
def info(home: Home = None, as_json: AsJson = False) -> None:
    """Tell what the index holds and which encoders made it."""
    from .assembly import index_info

    manifest = index_info(_settings(home))
    if as_json:
        _print_json(manifest.to_json())
    else:
        console.show_info(manifest)


@index_app.command("verify")
def verify(home: Home = None, db: Db = None, as_json: AsJson = False) -> None:
    """Check the index: checksums, counts, database against index. Exits with 1 if anything is wrong."""
    from .assembly import verify_index

    wrong = verify_index(_settings(home, db=db))
    if as_json:
        _print_json({"ok": not wrong, "problems": wrong})
    else:
        console.show_verdict(wrong)
    if wrong:
        raise typer.Exit(1)


@app.command("suggest")
def suggest(
    photo: Annotated[Path | None, typer.Argument(help="The photo of the new post.")] = None,
    text: Annotated[str, typer.Option(help="Its caption.")] = "",
    count: Annotated[int, typer.Option(min=1, help="How many hashtags at most.")] = 5,
    exclude: Annotated[list[str] | None, typer.Option(help="Hashtags not to suggest; may be repeated.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show the posts behind each hashtag.")] = False,
    as_json: AsJson = False,
    home: Home = None,
    batch: Annotated[Path | None, typer.Option(help="A CSV, TSV or JSONL file of new posts.")] = None,
    out: Annotated[Path | None, typer.Option(help="With --batch: the JSONL file to write, one line a post.")] = None,
    images: Images = None,
    encoding: Encoding = None,
    image_column: ImageColumn = None,
    text_column: TextColumn = None,
) -> None:
    """Suggest hashtags for a new post, from its photo, its caption or both."""
    from .assembly import open_recommender, read_posts, suggest_batch

    home_folder = _settings(home).home
    excluded = [tag for field in exclude or () for tag in parse_hashtags(field)]
    if batch is None:
        if photo is None and not text.strip():
            raise SettingsError('nothing to go by: give a photo, a caption (--text "..."), or both')
        for option, value in {"--out": out, "--images": images, "--encoding": encoding}.items():
            if value is not None:
                raise SettingsError(f"{option} belongs to --batch; leave it out for a single post")
        if photo is not None and not photo.exists():
            raise SettingsError(f"there is no photo {photo}; a caption is given with --text")
        answer = open_recommender(home_folder).suggest(photo, text, count=count, exclude=excluded)
        console.tell(answer.notes)
        if as_json:
            _print_json(answer.to_json())
        else:
            console.show_answer(answer, explain)
        return
    if photo is not None or text or explain:
        raise SettingsError("--batch takes its photos and captions from the file; leave PHOTO, --text, --explain out")
    if out is None:
        raise SettingsError("--batch needs --out OUT.jsonl")
    if out.resolve() == batch.resolve():
        raise SettingsError(f"--out {out} would overwrite the posts it is made from; name another file")
    columns = _columns(image_column, text_column, None, None, None, None)
    reader = read_posts(batch, images=images, encoding=encoding, columns=columns, for_queries=True)
    console.tell(reader.notes())
    report = suggest_batch(open_recommender(home_folder), reader, out, count, excluded, console.progress())
    if as_json:
        _print_json(report.to_json())
    else:
        console.show_batch(report)


@models_app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """Tell which weights are on this machine, and how large those are that aren't."""
    from .assembly import model_states

    states = model_states()
    if as_json:
        _print_json([state.to_json() for state in states])
    else:
        console.show_models(states)


@models_app.command("pull")
def pull_models(
    profile: Annotated[Pullable, typer.Argument(help="The weights of compact come with the package.")],
) -> None:
    """Fetch the weights of a profile, with progress."""
    from .assembly import pull_models as pull

    for name in pull(profile.value):
        console.say(f"{name}: here")


def main() -> None:
    """Run the command; errors end it with one line and exit code 2."""
    # What matters of a photo is in its reject; Pillow's warnings of odd metadata are nothing to act on.
    warnings.filterwarnings("ignore", module="PIL")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal or pipe in cp949 has no ☕, which must not end the command
            stream.reconfigure(errors="replace")
    try:
        app()
    except SystemExit as end:
        if end.code == _INTERRUPTED:
            console.complain("stopped; what served before still serves, run the command again to go on")
        raise
    except HashtagError as error:
        console.complain(" ".join(str(error).split()))
        sys.exit(2)
    except BrokenPipeError:
        # The reader of our output has gone; keep Python from complaining once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _settings(home: Path | None, **options: str | None) -> Settings:
    return resolve_settings(home, options)


def _columns(
    image: str | None, text: str | None, hashtags: str | None, id_: str | None, author: str | None, posted: str | None
) -> dict[str, str | None]:
    return {"image": image, "text": text, "hashtags": hashtags, "post_id": id_, "author": author, "posted_at": posted}


def _print_json(document: Any) -> None:
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    sys.stdout.write(json.dumps(document, ensure_ascii=not unicode) + "\n")


if __name__ == "__main__":
    main()
