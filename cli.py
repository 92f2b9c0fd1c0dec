"""The `hashtag` command: parse, call, print."""

import json
import os
import sys
import warnings
from collections.abc import Callable
from dataclasses import asdict
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import console
from .core.errors import HashtagError, SettingsError
from .core.feedback import Verdict
from .core.post import Query, normalise_hashtag, parse_hashtags
from .core.rules import HashtagRule
from .core.settings import Settings, resolve_settings

if TYPE_CHECKING:
    from .db.rules import RuleBook

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Suggests hashtags for a new post from the posts of your own archive that look and read like it.",
)
index_app = typer.Typer(no_args_is_help=True, help="Build and check the index of an archive.")
posts_app = typer.Typer(no_args_is_help=True, help="Add single posts, and forget an author's.")
tags_app = typer.Typer(no_args_is_help=True, help="Rule which hashtags are blocked, and which mean the same.")
feedback_app = typer.Typer(no_args_is_help=True, help="Tell which suggestions were right.")
models_app = typer.Typer(no_args_is_help=True, help="List and fetch model weights.")
app.add_typer(index_app, name="index")
app.add_typer(posts_app, name="posts")
app.add_typer(tags_app, name="tags")
app.add_typer(feedback_app, name="feedback")
app.add_typer(models_app, name="models")


_INTERRUPTED = 130  # the exit code after Ctrl-C


class Encoders(StrEnum):
    """Profiles of encoders."""

    auto = "auto"
    clip = "clip"
    compact = "compact"


class Mix(StrEnum):
    """What `Wishes.mix` can be."""

    niche = "niche"
    balanced = "balanced"
    broad = "broad"


class Pullable(StrEnum):
    """Profiles whose weights are fetched."""

    clip = "clip"


Home = Annotated[
    Path | None, typer.Option(help="The folder of database and index (default: HASHTAG_HOME, else ./.hashtag).")
]
Db = Annotated[str | None, typer.Option(help="SQLAlchemy URL of the database (default: SQLite in the home folder).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
NewPhoto = Annotated[Path | None, typer.Argument(metavar="PHOTO", help="The photo of the post.")]
Text = Annotated[str, typer.Option(help="Its caption.")]
JudgedHashtags = Annotated[str, typer.Option(help="The hashtags, apart by spaces.")]
SomeHashtags = Annotated[list[str], typer.Argument(help="One or more hashtags.")]
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
    """Tell what the index holds, which encoders made it, and how well what it learned does."""
    from .assembly import index_info

    info = index_info(_settings(home))
    if as_json:
        _print_json(info.to_json())
    else:
        console.show_info(info)


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
    photo: NewPhoto = None,
    text: Text = "",
    count: Annotated[
        str | None,
        typer.Option(metavar="N|auto", help="How many hashtags at most (default: 5); auto: as many as deserve it."),
    ] = None,
    platform: Annotated[
        str | None, typer.Option(help="No more than it takes: instagram, threads, x, tiktok, ...")
    ] = None,
    min_score: Annotated[float, typer.Option(help="The least probability.")] = 0.0,
    given: Annotated[list[str] | None, typer.Option(help="Hashtags the post has already; may be repeated.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="Hashtags not to suggest; may be repeated.")] = None,
    lang: Annotated[str | None, typer.Option(help="Languages apart by commas: ko,en.")] = None,
    mix: Annotated[Mix | None, typer.Option(help="Favour hashtags few use, many use, or each in turn.")] = None,
    diverse: Annotated[bool, typer.Option("--diverse", help="Rather hashtags that tell different things.")] = False,
    author: Annotated[str | None, typer.Option(help="Whose own history is to count.")] = None,
    half_life: Annotated[float | None, typer.Option(help="Days after which a post counts half.")] = None,
    raw: Annotated[bool, typer.Option("--raw", help="As the archive posts them: nothing blocked or merged.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Show why, and the posts behind each hashtag.")] = False,
    as_json: AsJson = False,
    home: Home = None,
    db: Db = None,
    batch: Annotated[Path | None, typer.Option(help="A CSV, TSV or JSONL file of new posts.")] = None,
    out: Annotated[Path | None, typer.Option(help="With --batch: the JSONL file to write, one line a post.")] = None,
    images: Images = None,
    encoding: Encoding = None,
    image_column: ImageColumn = None,
    text_column: TextColumn = None,
) -> None:
    """Suggest hashtags for a new post, from its photo, its caption or both."""
    from .assembly import make_wishes, open_recommender, read_posts, suggest_batch

    settings = _settings(home, db=db)
    wishes, notes = make_wishes(
        settings,
        count=count,
        platform=platform,
        min_score=min_score,
        exclude=_hashtags(exclude),
        languages=lang,
        mix=mix.value if mix else None,
        diverse=diverse,
        half_life=half_life,
        raw=raw,
    )
    known = _hashtags(given)
    if batch is None:
        _check_one(photo, text, {"--out": out, "--images": images, "--encoding": encoding})
        recommender = open_recommender(settings.home, db=settings.db)
        answer = recommender.suggest(photo, text, wishes=wishes, given=known, author=author, explain=explain)
        console.tell((*notes, *recommender.notes, *answer.notes))
        if as_json:
            _print_json(answer.to_json(explain))
        else:
            console.show_answer(answer, explain)
        return
    if photo is not None or text:
        raise SettingsError("--batch takes its photos and captions from the file; leave PHOTO and --text out")
    if out is None:
        raise SettingsError("--batch needs --out OUT.jsonl")
    if out.resolve() == batch.resolve():
        raise SettingsError(f"--out {out} would overwrite the posts it is made from; name another file")
    columns = _columns(image_column, text_column, None, None, None, None)
    reader = read_posts(batch, images=images, encoding=encoding, columns=columns, for_queries=True)
    recommender = open_recommender(settings.home, db=settings.db)
    console.tell((*notes, *reader.notes(), *recommender.notes))
    report = suggest_batch(
        recommender,
        reader,
        out,
        wishes,
        post=Query(given=tuple(known), author=author),
        explain=explain,
        progress=console.progress(),
    )
    if as_json:
        _print_json(report.to_json())
    else:
        console.show_batch(report)


@posts_app.command("add")
def add_post(
    photo: NewPhoto = None,
    text: Text = "",
    hashtags: Annotated[str, typer.Option(help="Its hashtags, apart by spaces.")] = "",
    author: Annotated[str | None, typer.Option(help="Who posted it.")] = None,
    posted_at: Annotated[str | None, typer.Option(help="When: 2024-01-05 or 2024-01-05T18:30:00+09:00.")] = None,
    as_json: AsJson = False,
    home: Home = None,
    db: Db = None,
) -> None:
    """Put one post into the archive at once; the next suggestion finds it, without building anew."""
    from .assembly import add_post as add

    _check_one(photo, text, {})
    report = add(_settings(home, db=db), photo, text, hashtags, author=author, posted_at=posted_at)
    if as_json:
        _print_json(report.to_json())
    else:
        console.show_added(report)


@posts_app.command("forget")
def forget_posts(
    author: Annotated[str, typer.Option(help="Whose posts are to be deleted.")],
    as_json: AsJson = False,
    home: Home = None,
    db: Db = None,
) -> None:
    """Delete all posts of an author from database and index, and never take them in again."""
    from .assembly import forget_author

    report = forget_author(_settings(home, db=db), author, console.progress())
    if as_json:
        _print_json(report.to_json())
    else:
        console.show_forgotten(report)


@feedback_app.command("accept")
def accept(
    photo: NewPhoto = None,
    text: Text = "",
    hashtags: JudgedHashtags = "",
    as_json: AsJson = False,
    home: Home = None,
    db: Db = None,
) -> None:
    """Tell that hashtags fit a post; counts when the index is built again."""
    _judge("accept", photo, text, hashtags, as_json, _settings(home, db=db))


@feedback_app.command("reject")
def reject(
    photo: NewPhoto = None,
    text: Text = "",
    hashtags: JudgedHashtags = "",
    as_json: AsJson = False,
    home: Home = None,
    db: Db = None,
) -> None:
    """Tell that hashtags do not fit a post; counts when the index is built again."""
    _judge("reject", photo, text, hashtags, as_json, _settings(home, db=db))


def _judge(verdict: Verdict, photo: Path | None, text: str, hashtags: str, as_json: bool, settings: Settings) -> None:
    from .assembly import judge

    _check_one(photo, text, {})
    judgements = judge(settings, verdict, photo, text, parse_hashtags(hashtags))
    if as_json:
        _print_json([{"hashtag": j.hashtag, "verdict": j.verdict, "score": round(j.score, 6)} for j in judgements])
    else:
        console.show_judgements(judgements)


@tags_app.command("block")
def block(hashtags: SomeHashtags, home: Home = None, db: Db = None) -> None:
    """Never suggest these hashtags."""
    named = _named(hashtags)
    _rule(home, db, lambda book: [book.block(tag) for tag in named])


@tags_app.command("allow")
def allow(hashtags: SomeHashtags, home: Home = None, db: Db = None) -> None:
    """Suggest these hashtags even if the list that ships blocks them."""
    named = _named(hashtags)
    _rule(home, db, lambda book: [book.allow(tag) for tag in named])


@tags_app.command("alias")
def alias(
    hashtag: Annotated[str | None, typer.Argument(help="This hashtag ...")] = None,
    target: Annotated[str | None, typer.Argument(help="... means the same as this one.")] = None,
    as_json: AsJson = False,
    home: Home = None,
    db: Db = None,
) -> None:
    """Let two hashtags mean the same; without any, list pairs of the archive that may do so."""
    if hashtag is not None and target is not None:
        _rule(home, db, lambda book: [book.alias(hashtag, target)])
        return
    if hashtag is not None:
        raise SettingsError(f"which hashtag means the same as {hashtag}? Name it, or none to see what may")
    from .assembly import alias_candidates

    candidates = alias_candidates(_settings(home, db=db))
    if as_json:
        _print_json([asdict(candidate) for candidate in candidates])
    else:
        console.show_aliases(candidates)


@tags_app.command("list")
def list_tags(as_json: AsJson = False, home: Home = None, db: Db = None) -> None:
    """Show your rules on hashtags, and how many the list that ships blocks."""
    from .assembly import hashtag_rules

    rules, shipped = hashtag_rules(_settings(home, db=db))
    if as_json:
        _print_json([{"hashtag": r.hashtag, "kind": r.kind, "target": r.target} for r in rules])
    else:
        console.show_rules(rules, shipped)


@tags_app.command("remove")
def remove(hashtags: SomeHashtags, home: Home = None, db: Db = None) -> None:
    """Take back your rule on each of these hashtags."""
    from .assembly import rule_book

    named = _named(hashtags)
    with rule_book(_settings(home, db=db)) as book:
        for tag in named:
            book.remove(tag)
            console.say(f"#{normalise_hashtag(tag)}: no rule any more")


def _rule(home: Path | None, db: str | None, change: "Callable[[RuleBook], list[HashtagRule]]") -> None:
    from .assembly import rule_book

    with rule_book(_settings(home, db=db)) as book:
        console.show_changed(change(book))


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


def _hashtags(fields: list[str] | None) -> list[str]:
    return [tag for field in fields or () for tag in parse_hashtags(field)]


def _named(fields: list[str]) -> list[str]:
    """The hashtags of a command that is about nothing else; all are looked at before anything is done."""
    named = [(field, parse_hashtags(field)) for field in fields]
    for field, tags in named:
        for tag in tags or [field]:
            if not normalise_hashtag(tag):
                raise SettingsError(f"{tag!r} is no hashtag: it has neither letter nor number")
    return [tag for _, tags in named for tag in tags]


def _check_one(photo: Path | None, text: str, of_batches: dict[str, object]) -> None:
    """Whether the options describe one post."""
    if photo is None and not text.strip():
        raise SettingsError('nothing to go by: give a photo, a caption (--text "..."), or both')
    for option, value in of_batches.items():
        if value is not None:
            raise SettingsError(f"{option} belongs to --batch; leave it out for a single post")
    if photo is not None and not photo.exists():
        raise SettingsError(f"there is no photo {photo}; a caption is given with --text")


def _columns(
    image: str | None, text: str | None, hashtags: str | None, id_: str | None, author: str | None, posted: str | None
) -> dict[str, str | None]:
    return {"image": image, "text": text, "hashtags": hashtags, "post_id": id_, "author": author, "posted_at": posted}


def _print_json(document: Any) -> None:
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    sys.stdout.write(json.dumps(document, ensure_ascii=not unicode) + "\n")


if __name__ == "__main__":
    main()
