"""Options that several commands take, and what they share besides."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any

import typer

from .. import assembly
from ..core.errors import SettingsError
from ..core.hashtags import parse_hashtags
from ..core.paths import in_any_form
from ..core.protocols import PostReader
from ..core.settings import Engine, Profile

Home = Annotated[
    Path | None, typer.Option(help="The folder of database and index (default: HASHTAG_HOME, else ./.hashtag).")
]
Db = Annotated[str | None, typer.Option(help="SQLAlchemy URL of the database (default: SQLite in the home folder).")]
Encoders = Annotated[
    Profile | None, typer.Option("--encoders", help="auto: clip if its weights are on this machine, else compact.")
]
UseEngine = Annotated[
    Engine | None, typer.Option("--engine", help="Where to encode: local (the default), or ray, a Ray cluster.")
]
VectorIndex = Annotated[
    str | None,
    typer.Option(
        "--index",
        metavar="ADDRESS",
        help="Where the vectors lie: faiss (the default), milvus://HOST:PORT/NAME or milvus://FILE.db.",
    ),
]
RayAddress = Annotated[
    str | None, typer.Option(help="With --engine ray: auto (the default), HOST:PORT, or local to start one here.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
NewPhotos = Annotated[
    list[Path] | None, typer.Argument(metavar="PHOTO", help="The photo of the post, or all its photos.")
]
Text = Annotated[str, typer.Option(metavar="TEXT", help="The caption of the post.")]
SourceName = Annotated[str | None, typer.Option("--source", help="A name for this source (default: its path).")]
Images = Annotated[Path | None, typer.Option(help="The folder of the photos (default: that of the file).")]
Encoding = Annotated[str | None, typer.Option(help="The encoding of the file, if not UTF-8 or cp949.")]
ImageColumn = Annotated[str | None, typer.Option(help="Column of the photo's path.")]
TextColumn = Annotated[str | None, typer.Option(help="Column of the caption.")]
AuthorColumn = Annotated[str | None, typer.Option(help="Column of the author.")]


@dataclass(frozen=True, slots=True)
class Reading:
    """How an archive is read: options of every command that takes one; see `reads_archive`."""

    images: Images = None
    query: Annotated[str | None, typer.Option(help="A SELECT whose columns are those of a file of posts.")] = None
    encoding: Encoding = None
    image_column: ImageColumn = None
    text_column: TextColumn = None
    hashtags_column: Annotated[str | None, typer.Option(help="Column of the hashtags.")] = None
    id_column: Annotated[str | None, typer.Option(help="Column of the post's id.")] = None
    author_column: AuthorColumn = None
    posted_at_column: Annotated[str | None, typer.Option(help="Column of the date.")] = None
    likes_column: Annotated[str | None, typer.Option(help="Column of the number of likes.")] = None
    comments_column: Annotated[str | None, typer.Option(help="Column of the number of comments.")] = None
    views_column: Annotated[str | None, typer.Option(help="Column of the number of views.")] = None

    def reader(self, archive: str, name: str | None = None) -> PostReader:
        """A reader of an archive. name: by which the database is to know it. Raises SourceError."""
        columns = {
            "image": self.image_column,
            "text": self.text_column,
            "hashtags": self.hashtags_column,
            "post_id": self.id_column,
            "author": self.author_column,
            "posted_at": self.posted_at_column,
            "likes": self.likes_column,
            "comments": self.comments_column,
            "views": self.views_column,
        }
        return assembly.read_posts(
            archive, images=self.images, source=name, encoding=self.encoding, query=self.query, columns=columns
        )


def reads_archive(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command take the fields of `Reading` as options, in the place of its parameter `reading`."""
    own, bundled = signature(command).parameters.values(), signature(Reading).parameters

    @wraps(command)
    def run(**told: Any) -> None:
        command(reading=Reading(**{name: told.pop(name) for name in bundled}), **told)

    parts = [list(bundled.values()) if parameter.name == "reading" else [parameter] for parameter in own]
    taken = [parameter.replace(kind=Parameter.KEYWORD_ONLY) for part in parts for parameter in part]
    # What typer makes options of.
    run.__signature__ = Signature(taken)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in taken}
    return run


def check_one(photos: Sequence[Path] | None, text: str, of_batches: dict[str, object]) -> None:
    """Whether the options describe one post. of_batches: what no single post takes, by option.

    Raises SettingsError where they do not.
    """
    if not photos and not text.strip():
        raise SettingsError('no photo and no caption: give a photo, a caption (--text "..."), or both')
    for option, value in of_batches.items():
        if value is not None:
            raise SettingsError(f"{option} belongs to --batch; leave it out for a single post")
    check_photos(photos)


def check_photos(photos: Sequence[Path] | None) -> None:
    """Raises SettingsError on a photo that is not there."""
    for photo in photos or ():
        if not in_any_form(photo).exists():
            raise SettingsError(f"there is no photo {photo}; a caption is given with --text")


def hashtags_of(fields: Sequence[str] | None) -> list[str]:
    """The hashtags of an option that may be repeated, each time with one or several."""
    return [hashtag for field in fields or () for hashtag in parse_hashtags(field)]


def print_json(document: Any) -> None:
    """One line for machines."""
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    sys.stdout.write(json.dumps(document, ensure_ascii=not unicode) + "\n")
