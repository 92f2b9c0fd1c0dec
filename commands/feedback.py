"""`hashtag feedback`."""

from pathlib import Path
from typing import Annotated

import typer

from .. import assembly, console
from ..core.feedback import Verdict
from ..core.hashtags import parse_hashtags
from .options import AsJson, Db, Home, NewPhotos, Text, check_one, print_json
from .tree import make_group

app = make_group("Store which suggestions were right.")

JudgedHashtags = Annotated[str, typer.Option(help="The hashtags, separated by spaces.")]


@app.command("accept")
def accept(
    photos: NewPhotos = None,
    text: Text = "",
    hashtags: JudgedHashtags = "",
    as_json: AsJson = False,
    home: Home = None,
    db: Db = None,
) -> None:
    """Store that hashtags fit a post; the next build or refresh uses it."""
    with assembly.open_home(home, db=db) as opened:
        _judge("accept", photos, text, hashtags, as_json, opened)


@app.command("reject")
def reject(
    photos: NewPhotos = None,
    text: Text = "",
    hashtags: JudgedHashtags = "",
    as_json: AsJson = False,
    home: Home = None,
    db: Db = None,
) -> None:
    """Store that hashtags do not fit a post; the next build or refresh uses it."""
    with assembly.open_home(home, db=db) as opened:
        _judge("reject", photos, text, hashtags, as_json, opened)


def _judge(
    verdict: Verdict, photos: list[Path] | None, text: str, hashtags: str, as_json: bool, home: "assembly.Home"
) -> None:
    check_one(photos, text, {})
    with assembly.recommender_of(home) as recommender:
        judgements = assembly.judge(home, recommender, verdict, photos or (), text, parse_hashtags(hashtags))
    if as_json:
        print_json([{"hashtag": j.hashtag, "verdict": j.verdict, "score": round(j.score, 6)} for j in judgements])
    else:
        console.show_judgements(judgements)
