"""`hashtag suggest`."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

from .. import assembly, console
from ..core.errors import SettingsError
from ..core.query import Query
from ..core.suggest_options import SuggestOptions
from .options import (
    AsJson,
    AuthorColumn,
    Db,
    Encoding,
    Home,
    ImageColumn,
    Images,
    NewPhotos,
    Text,
    TextColumn,
    check_one,
    hashtags_of,
    print_json,
)


class Mix(StrEnum):
    """What `SuggestOptions.mix` can be."""

    niche = "niche"
    balanced = "balanced"
    broad = "broad"


def suggest(
    photos: NewPhotos = None,
    text: Text = "",
    count: Annotated[
        str | None,
        typer.Option(
            metavar="N|auto", help="How many hashtags at most (default: 5, none weak); auto: all likely ones."
        ),
    ] = None,
    platform: Annotated[
        str | None, typer.Option(metavar="NAME", help="Not more than a platform takes: instagram, threads, x, ...")
    ] = None,
    min_score: Annotated[float, typer.Option(metavar="P", help="Only hashtags of at least this score (0 to 1).")] = 0.0,
    given: Annotated[
        list[str] | None, typer.Option(metavar="TAG", help="Hashtags the post has already; may be repeated.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(metavar="TAG", help="Hashtags not to suggest; may be repeated.")
    ] = None,
    languages: Annotated[
        str,
        typer.Option("--languages", "--lang", metavar="ko,en", help="Only hashtags written as these languages are."),
    ] = "",
    mix: Annotated[Mix | None, typer.Option(help="niche: prefer rare hashtags; balanced: each in turn.")] = None,
    diverse: Annotated[bool, typer.Option("--diverse", help="Prefer hashtags with different meanings.")] = False,
    author: Annotated[
        str | None, typer.Option(metavar="NAME", help="Hashtags that this author uses count more.")
    ] = None,
    half_life: Annotated[
        float | None, typer.Option(metavar="DAYS", help="A post so much older than the newest counts half.")
    ] = None,
    no_new: Annotated[
        bool, typer.Option("--no-new", help="No hashtags out of the caption that no post has yet.")
    ] = False,
    raw: Annotated[bool, typer.Option("--raw", help="As they are in the archive, none blocked or merged.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Show why, and the posts behind each hashtag.")] = False,
    as_json: AsJson = False,
    home: Home = None,
    db: Db = None,
    batch: Annotated[Path | None, typer.Option(help="A CSV, TSV or JSONL file of new posts.")] = None,
    out: Annotated[Path | None, typer.Option(help="With --batch: the JSONL file to write, a line a post.")] = None,
    images: Images = None,
    encoding: Encoding = None,
    image_column: ImageColumn = None,
    text_column: TextColumn = None,
    author_column: AuthorColumn = None,
    given_column: Annotated[str | None, typer.Option(help="Column of the given hashtags.")] = None,
) -> None:
    """Suggest hashtags for a new post, from its photo, its caption or both."""
    options = SuggestOptions(
        count=_count(count),
        platform=platform,
        min_score=min_score,
        exclude=hashtags_of(exclude),
        languages=languages,
        mix=mix.value if mix else None,
        diverse=diverse,
        half_life=half_life,
        raw=raw,
        new=not no_new,
    )
    known = hashtags_of(given)
    if batch is None:
        columns = {"--image-column": image_column, "--text-column": text_column}
        columns |= {"--author-column": author_column, "--given-column": given_column}
        check_one(photos, text, {"--out": out, "--images": images, "--encoding": encoding, **columns})
        recommender = assembly.open_recommender(home, db=db)
        answer = recommender.suggest(photos, text, options=options, given=known, author=author, explain=explain)
        console.tell((*recommender.notes, *answer.notes))
        if as_json:
            print_json(answer.to_json(explain))
        else:
            console.show_answer(answer, explain)
        return
    if photos or text:
        raise SettingsError("--batch takes its photos and captions from the file; leave PHOTO and --text out")
    if out is None:
        raise SettingsError("--batch needs --out OUT.jsonl")
    if out.resolve() == batch.resolve():
        raise SettingsError(f"--out {out} would overwrite the posts it is made from; name another file")
    columns = {"image": image_column, "text": text_column, "author": author_column, "given": given_column}
    reader = assembly.read_posts(batch, images=images, encoding=encoding, columns=columns, for_queries=True)
    recommender = assembly.open_recommender(home, db=db)
    console.tell((*reader.notes(), *recommender.notes))
    report = assembly.suggest_batch(
        recommender,
        reader,
        out,
        options,
        post=Query(given=tuple(known), author=author),
        explain=explain,
        progress=console.progress(),
    )
    if as_json:
        print_json(report.to_json())
    else:
        console.show_batch(report)


def _count(told: str | None) -> int | Literal["auto"] | None:
    if told is None or told == "auto":
        return told  # type: ignore[return-value]
    if not re.fullmatch(r"-?\d{1,9}", told):
        raise SettingsError(f"count is {told!r}; it must be a number, or auto")
    return int(told)
