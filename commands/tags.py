"""`hashtag tags`."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .. import console
from ..core.errors import SettingsError
from ..core.post import normalise_hashtag, parse_hashtags
from ..core.rules import HashtagRule
from ..core.settings import resolve_settings
from .options import AsJson, Db, Home, print_json

if TYPE_CHECKING:
    from ..db.rules import RuleBook

app = typer.Typer(no_args_is_help=True, help="Rule which hashtags are blocked, and which mean the same.")

SomeHashtags = Annotated[list[str], typer.Argument(help="One or more hashtags.")]


@app.command("block")
def block(hashtags: SomeHashtags, home: Home = None, db: Db = None) -> None:
    """Never suggest these hashtags."""
    named = _named(hashtags)
    _rule(home, db, lambda book: [book.block(tag) for tag in named])


@app.command("allow")
def allow(hashtags: SomeHashtags, home: Home = None, db: Db = None) -> None:
    """Suggest these hashtags even if the list that ships blocks them."""
    named = _named(hashtags)
    _rule(home, db, lambda book: [book.allow(tag) for tag in named])


@app.command("alias")
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
    from ..assembly import alias_candidates

    candidates = alias_candidates(resolve_settings(home, {"db": db}))
    if as_json:
        print_json([asdict(candidate) for candidate in candidates])
    else:
        console.show_aliases(candidates)


@app.command("list")
def list_tags(as_json: AsJson = False, home: Home = None, db: Db = None) -> None:
    """Show your rules on hashtags, and how many the list that ships blocks."""
    from ..assembly import hashtag_rules

    rules, shipped = hashtag_rules(resolve_settings(home, {"db": db}))
    if as_json:
        print_json([{"hashtag": r.hashtag, "kind": r.kind, "target": r.target} for r in rules])
    else:
        console.show_rules(rules, shipped)


@app.command("remove")
def remove(hashtags: SomeHashtags, home: Home = None, db: Db = None) -> None:
    """Take back your rule on each of these hashtags."""
    from ..assembly import rule_book

    named = _named(hashtags)
    with rule_book(resolve_settings(home, {"db": db})) as book:
        for tag in named:
            book.remove(tag)
            console.say(f"#{normalise_hashtag(tag)}: no rule any more")


def _rule(home: Path | None, db: str | None, change: "Callable[[RuleBook], list[HashtagRule]]") -> None:
    from ..assembly import rule_book

    with rule_book(resolve_settings(home, {"db": db})) as book:
        console.show_changed(change(book))


def _named(fields: list[str]) -> list[str]:
    """The hashtags of a command that is about nothing else; all are looked at before anything is done."""
    named = [(field, parse_hashtags(field)) for field in fields]
    for field, tags in named:
        for tag in tags or [field]:
            if not normalise_hashtag(tag):
                raise SettingsError(f"{tag!r} is no hashtag: it has neither letter nor number")
    return [tag for _, tags in named for tag in tags]
