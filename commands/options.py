"""Options that several commands take, and what they share besides."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ..core.errors import SettingsError

Home = Annotated[
    Path | None, typer.Option(help="The folder of database and index (default: HASHTAG_HOME, else ./.hashtag).")
]
Db = Annotated[str | None, typer.Option(help="SQLAlchemy URL of the database (default: SQLite in the home folder).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
NewPhoto = Annotated[Path | None, typer.Argument(metavar="PHOTO", help="The photo of the post.")]
Text = Annotated[str, typer.Option(help="Its caption.")]
SourceName = Annotated[
    str | None, typer.Option("--source", help="Name by which the database knows this source (default: its path).")
]
Query = Annotated[str | None, typer.Option(help="A SELECT whose columns are those of a file of posts.")]
Images = Annotated[
    Path | None, typer.Option(help="Folder that image paths are relative to (default: the archive's own).")
]
Encoding = Annotated[str | None, typer.Option(help="Of the file, if neither UTF-8 nor cp949.")]
ImageColumn = Annotated[str | None, typer.Option(help="Column of the photo's path.")]
TextColumn = Annotated[str | None, typer.Option(help="Column of the caption.")]
HashtagsColumn = Annotated[str | None, typer.Option(help="Column of the hashtags.")]
IdColumn = Annotated[str | None, typer.Option(help="Column of the post's id.")]
AuthorColumn = Annotated[str | None, typer.Option(help="Column of the author.")]
PostedAtColumn = Annotated[str | None, typer.Option(help="Column of the date.")]


def check_one(photo: Path | None, text: str, of_batches: dict[str, object]) -> None:
    """Whether the options describe one post. of_batches: what no single post takes, by option.

    Raises SettingsError where they do not.
    """
    if photo is None and not text.strip():
        raise SettingsError('nothing to go by: give a photo, a caption (--text "..."), or both')
    for option, value in of_batches.items():
        if value is not None:
            raise SettingsError(f"{option} belongs to --batch; leave it out for a single post")
    if photo is not None and not photo.exists():
        raise SettingsError(f"there is no photo {photo}; a caption is given with --text")


def columns_of(
    image: str | None, text: str | None, hashtags: str | None, id_: str | None, author: str | None, posted: str | None
) -> dict[str, str | None]:
    """The names of columns by role, as readers take them."""
    return {"image": image, "text": text, "hashtags": hashtags, "post_id": id_, "author": author, "posted_at": posted}


def print_json(document: Any) -> None:
    """One line for machines."""
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    sys.stdout.write(json.dumps(document, ensure_ascii=not unicode) + "\n")
