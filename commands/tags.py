"""`hashtag tags`."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .. import assembly, console
from ..core.errors import SettingsError
from ..core.hashtags import parse_hashtags
from ..core.post import normalise_hashtag
from ..core.rules import HashtagRule
from .options import AsJson, Db, Home, print_json
from .tree import make_group

if TYPE_CHECKING:
    from ..db.rules import RuleStore

app = make_group("Add, block or allow hashtags, or say which have one meaning.")

SomeHashtags = Annotated[list[str], typer.Argument(help="One or more hashtags.")]


@app.command("add")
def add(hashtags: SomeHashtags, home: Home = None, db: Db = None) -> None:
    """Suggest these hashtags where their names fit, even if no post carries them."""
    named = _named(hashtags)
    with assembly.open_home(home, db=db) as opened:
        rules, notes = assembly.add_hashtags(opened, named)
    console.tell(notes)
    console.show_changed(rules)


@app.command("block")
def block(hashtags: SomeHashtags, home: Home = None, db: Db = None) -> None:
    """Never suggest these hashtags."""
    named = _named(hashtags)
    _rule(home, db, lambda book: [book.block(tag) for tag in named])


@app.command("allow")
def allow(hashtags: SomeHashtags, home: Home = None, db: Db = None) -> None:
    """Suggest these hashtags even if the list in the package blocks them."""
    named = _named(hashtags)
    _rule(home, db, lambda book: [book.allow(tag) for tag in named])


@app.command("apart")
def apart(hashtags: SomeHashtags, home: Home = None, db: Db = None) -> None:
    """Never merge these hashtags with others that seem to mean the same."""
    named = _named(hashtags)
    _rule(home, db, lambda book: [book.apart(tag) for tag in named])


@app.command("alias")
def alias(
    pairs: Annotated[
        list[str] | None, typer.Argument(metavar="PAIRS", help="고양이 cat, or many: 고양이=cat 카페=cafe ...")
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="A file of pairs to store, as --json prints them.")
    ] = None,
    as_json: AsJson = False,
    home: Home = None,
    db: Db = None,
) -> None:
    """Store that hashtags have one meaning; without any, list pairs of the archive that may have."""
    if pairs or source is not None:
        named = [*_pairs(pairs or []), *(_pairs_in(source) if source else [])]
        _rule(home, db, lambda book: book.alias_many(named))
        return
    with assembly.open_home(home, db=db) as opened:
        candidates = assembly.alias_candidates(opened)
    if as_json:
        for candidate in candidates:
            print_json(asdict(candidate))
    else:
        console.show_aliases(candidates)


@app.command("list")
def list_tags(as_json: AsJson = False, home: Home = None, db: Db = None) -> None:
    """Show your rules on hashtags, and how many hashtags the list in the package blocks."""
    with assembly.open_home(home, db=db) as opened:
        rules, shipped = assembly.hashtag_rules(opened)
    if as_json:
        print_json([{"hashtag": r.hashtag, "kind": r.kind, "target": r.target} for r in rules])
    else:
        console.show_rules(rules, shipped)


@app.command("stats")
def stats(
    hashtag: Annotated[str, typer.Argument(metavar="TAG", help="One hashtag.")],
    as_json: AsJson = False,
    home: Home = None,
    db: Db = None,
) -> None:
    """Show how a hashtag was used over time, and the likes of its posts against those of like posts."""
    named = _named([hashtag])
    if len(named) != 1:
        raise SettingsError(f"{hashtag!r} is {len(named)} hashtags; name one")
    with assembly.open_home(home, db=db) as opened:
        told = assembly.hashtag_stats(opened, named[0])
    if as_json:
        print_json(told.to_json())
    else:
        console.show_stats(told)


@app.command("remove")
def remove(hashtags: SomeHashtags, home: Home = None, db: Db = None) -> None:
    """Remove your rules on these hashtags."""
    named = _named(hashtags)
    with assembly.open_home(home, db=db) as opened, assembly.rule_store(opened) as book:
        for tag in named:
            book.remove(tag)
            console.say(f"#{normalise_hashtag(tag)}: no rule any more")


def _rule(home: Path | None, db: str | None, change: "Callable[[RuleStore], Sequence[HashtagRule]]") -> None:
    with assembly.open_home(home, db=db) as opened, assembly.rule_store(opened) as book:
        console.show_changed(change(book))


def _named(fields: list[str]) -> list[str]:
    """The hashtags of a command that is about nothing else; all are looked at before anything is done."""
    named = [(field, parse_hashtags(field)) for field in fields]
    for field, tags in named:
        for tag in tags or [field]:
            if not normalise_hashtag(tag):
                raise SettingsError(f"{tag!r} is no hashtag: it has neither letter nor number")
    return [tag for _, tags in named for tag in tags]


def _pairs(words: list[str]) -> list[tuple[str, str]]:
    """The pairs of `고양이 cat`, or of `고양이=cat 카페=cafe`."""
    if len(words) == 2 and not any("=" in word for word in words):
        return [(words[0], words[1])]
    pairs: list[tuple[str, str]] = []
    for word in words:
        hashtag, _, meaning = word.partition("=")
        if not (hashtag and meaning) or "=" in meaning:
            raise SettingsError(f"which hashtag means the same as {word}? Write {hashtag or 'HASHTAG'}=MEANING")
        pairs.append((hashtag, meaning))
    return pairs


def _pairs_in(file: Path) -> list[tuple[str, str]]:
    """The pairs of a file with a JSON object in each line."""
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} cannot be read: {error}") from error
    pairs: list[tuple[str, str]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
            pair = (fields["alias"], fields["target"])
        except (ValueError, TypeError, KeyError):
            pair = (None, None)
        if not all(isinstance(hashtag, str) for hashtag in pair):
            raise SettingsError(f'{file}, line {number} is no pair; write {{"alias": "고양이", "target": "cat"}}')
        pairs.append(pair)
    if not pairs:
        raise SettingsError(f"{file} holds no pair; `hashtag tags alias --json` prints those that may mean the same")
    return pairs
