"""`hashtag caption`."""

from typing import Annotated

import typer

from .. import assembly, console
from ..core.captions import CaptionOptions
from .options import AsJson, Db, Home, NewPhotos, check_photos, hashtags_of, print_json


def caption(
    photos: NewPhotos = None,
    text: Annotated[str, typer.Option(metavar="DRAFT", help="A draft of the caption.")] = "",
    hashtags: Annotated[
        list[str] | None, typer.Option(metavar="TAG", help="Hashtags of the post; may be repeated.")
    ] = None,
    count: Annotated[int, typer.Option(metavar="N", help="How many captions at most.")] = 3,
    languages: Annotated[
        str,
        typer.Option("--languages", "--lang", metavar="ko,en", help="Only captions written as these languages are."),
    ] = "",
    min_length: Annotated[int, typer.Option(metavar="N", help="Only captions of so many characters or more.")] = 1,
    max_length: Annotated[
        int | None, typer.Option(metavar="N", help="Only captions of so many characters or less.")
    ] = None,
    as_json: AsJson = False,
    home: Home = None,
    db: Db = None,
) -> None:
    """Suggest captions for a new post: captions of similar posts of the archive, and whose they are."""
    options = CaptionOptions(count=count, languages=languages, min_length=min_length, max_length=max_length)
    check_photos(photos)
    recommender = assembly.open_recommender(home, db=db)
    answer = recommender.caption(photos, text, options=options, given=hashtags_of(hashtags))
    console.tell((*recommender.notes, *answer.notes))
    if as_json:
        print_json(answer.to_json())
    else:
        console.show_captions(answer)
