"""Making posts of rows: what all formats share."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from hashlib import sha256
from math import inf
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from ...core.hashtags import NO_VALUE, read_hashtags, take_out_hashtags
from ...core.post import (
    MAX_CAPTION,
    MAX_HASHTAG,
    MEASURES,
    Flaw,
    Measure,
    Photo,
    Post,
    Reject,
    Response,
    distinct_hashtags,
)
from .columns import Columns
from .counts import parse_count
from .dates import parse_moment
from .invalid_row import InvalidRow, shown
from .photos import PhotoFinder
from .rows import BrokenRow, FlawedRow, Row

MAX_ID = 1_000  # bytes; PostgreSQL's indexes take no more than 2,704 for source and id together

_EXACT = 2**53  # whole numbers up to here are told apart by a float
_ROUNDED = re.compile(r"\d(\.\d+)?[eE]\+\d{1,3}")  # 1.29403E+18, as spreadsheets show long numbers
_WHOLE = re.compile(r"(\d{1,15})\.0+")
# Where an object of a row holds its name, the surest first.
_NAMES_OF_AUTHORS = ("username", "screen_name", "acct", "name", "id")
_NAMES_OF_PHOTOS = ("path", "file", "filename", "file_name", "uri", "name", "image", "photo")

_Value = TypeVar("_Value")


class _Flaws:
    """What of a row is lost. strict: whether nothing may be, so that it makes no post."""

    def __init__(self, flaws: tuple[Flaw, ...], strict: bool) -> None:
        self.found = list(flaws)
        self._strict = strict

    def without(self, part: str, read: Callable[[], _Value], otherwise: _Value) -> _Value:
        """What is read, or `otherwise` if that cannot be."""
        try:
            return read()
        except InvalidRow as reason:
            if self._strict:
                raise
            self.found.append(Flaw(part, str(reason), reason.advice))
            return otherwise


class PostMaker:
    """Makes the posts of one source from its rows, in order. Memory: the ids.

    A part that cannot be taken costs no more than itself, as long as a caption or a photo is left.
    images: the folder in which photos lie, resolved. further_images: the columns of a post's further photos.
    for_queries: the rows are new posts: their hashtags are those given, captions stay as they are, with the hashtags
    in them, an empty row is one like any other, and one whose caption or photo cannot be taken is rejected.
    """

    def __init__(
        self, source: str, images: Path, columns: Columns, for_queries: bool, further_images: Sequence[str] = ()
    ) -> None:
        self._source = source
        self._finder = PhotoFinder(images)
        self._columns = columns
        self._images = [column for column in (columns.image, *further_images) if column]
        self._for_queries = for_queries
        self._row_of_id: dict[str, int] = {}
        self._copies: dict[str, int] = {}

    def make(self, number: int, row: Row) -> Post | Reject:
        """The post of a row, or why it makes none. number: 1 for the first row."""
        if isinstance(row, BrokenRow):
            return Reject(self._source, number, row.reason, row.torn)
        fields, of_row = (row.fields, row.flaws) if isinstance(row, FlawedRow) else (row, ())
        flaws = _Flaws(of_row, self._for_queries)
        try:
            return self._post(number, fields, flaws)
        except InvalidRow as reason:
            return Reject(self._source, number, str(reason), flaws=tuple(flaws.found), advice=reason.advice)

    def _post(self, number: int, row: Mapping[str, object], flaws: _Flaws) -> Post:
        columns = self._columns
        text = flaws.without("caption", lambda: _caption(row, columns.text), "")
        caption, inline = (text, []) if self._for_queries else take_out_hashtags(text)
        hashtags = self._hashtags(row, inline, flaws)
        names = self._names(row, flaws)
        photos = tuple(photo for name in names if (photo := self._photo(name, flaws)))
        # Hashtags alone are a post, but not what is left of one whose photo or caption is lost.
        lost_content = any(flaw.part in ("photo", "caption") for flaw in flaws.found)
        if not (caption or photos or hashtags and not lost_content or self._for_queries):
            for flaw in flaws.found[:1]:
                raise InvalidRow(flaw.reason, flaw.advice)
            raise InvalidRow("empty row: no text, no photo and no hashtags")
        told = flaws.without("id", lambda: _told_id(row, columns.post_id), "")
        author = flaws.without("author", lambda: _author(row, columns.author), None)
        moment = flaws.without("date", lambda: _moment(row, columns.posted_at), None)
        counts = {measure: self._count(row, measure, flaws) for measure in MEASURES}
        # Last, so that only a post that is taken takes an id.
        known_by = _name_id(names[0]) if names else ""
        if not known_by or len(known_by.encode()) > MAX_ID:
            known_by = _text_id(caption, hashtags)
        post_id = self._id(number, told, known_by)
        told_flaws, response = tuple(flaws.found), Response(**counts)
        return Post(self._source, post_id, caption, hashtags, photos, author, moment, told_flaws, response)

    def _count(self, row: Mapping[str, object], measure: Measure, flaws: _Flaws) -> int | None:
        column: str | None = getattr(self._columns, measure)
        return flaws.without(measure, lambda: parse_count(row.get(column), column), None) if column else None

    def _hashtags(self, row: Mapping[str, object], inline: list[str], flaws: _Flaws) -> tuple[str, ...]:
        column = self._columns.given if self._for_queries else self._columns.hashtags
        listed = flaws.without("hashtags", partial(_listed, row, column), list[str]())
        kept = []
        for hashtag in distinct_hashtags(listed + inline):
            if len(hashtag) <= MAX_HASHTAG:
                kept.append(hashtag)
            else:
                reason = f"hashtag {shown(hashtag)} has {len(hashtag):,} characters; at most {MAX_HASHTAG} are allowed"
                flaws.found.append(Flaw("hashtags", reason))
        return tuple(kept)

    def _names(self, row: Mapping[str, object], flaws: _Flaws) -> list[str | Path]:
        """The names of all photos of a row."""
        names: list[str | Path] = []
        for column in self._images:
            value = row.get(column)
            for entry in value if isinstance(value, list | tuple) else [value]:
                names += flaws.without("photo", partial(self._named, entry, column), list[str | Path]())
        return names

    def _named(self, entry: object, column: str) -> list[str | Path]:
        if isinstance(entry, Path):
            return [entry]
        if isinstance(entry, dict):
            entry = next((entry[name] for name in _NAMES_OF_PHOTOS if entry.get(name)), entry)
        name = _text(entry, column, strip=False)
        return [*self._finder.names(name)] if name else []

    def _photo(self, name: str | Path, flaws: _Flaws) -> Photo | None:
        return flaws.without("photo", lambda: self._finder.find(name), None)

    def _id(self, number: int, told: str, otherwise: str) -> str:
        """The id that the row tells; else one from its content, told apart from earlier ones by `~2`, `~3` and so on.

        So adding rows to an archive does not give other ids to the posts that were there.
        """
        if told in self._row_of_id:
            raise InvalidRow(f"id {shown(told)} is already in row {self._row_of_id[told]}")
        post_id = told or otherwise
        while post_id in self._row_of_id:
            self._copies[otherwise] = self._copies.get(otherwise, 1) + 1
            post_id = f"{otherwise}~{self._copies[otherwise]}"
        if len(post_id.encode()) > MAX_ID:
            raise InvalidRow(f"id {shown(post_id)} has more than {MAX_ID:,} bytes")
        self._row_of_id[post_id] = number
        return post_id


def _name_id(name: str | Path) -> str:
    """An id by the name of a photo; a name on disk that is no UTF-8 shows its bytes."""
    if isinstance(name, Path):
        return str(name).encode(errors="surrogateescape").decode(errors="backslashreplace")
    return name.strip()


def _text_id(caption: str, hashtags: tuple[str, ...]) -> str:
    """An id by the caption, which stays when hashtags change; by the hashtags where there is nothing else."""
    known_by = caption or "\n".join(["", *hashtags])  # no caption begins with a line end
    return "text-" + sha256(known_by.encode()).hexdigest()[:12]


def _caption(row: Mapping[str, object], column: str | None) -> str:
    text = _field(row, column)
    if len(text) > MAX_CAPTION:
        raise InvalidRow(f"caption has {len(text):,} characters; at most {MAX_CAPTION:,} are allowed")
    return text


def _told_id(row: Mapping[str, object], column: str | None) -> str:
    """The id of a row, "" if it has none. Raises InvalidRow if a program rounded it: others may be the same then."""
    told = _field(row, column)
    value = row.get(column) if column else None
    if _ROUNDED.fullmatch(told) or isinstance(value, float) and abs(value) >= _EXACT:
        raise InvalidRow(f"id {shown(told)} is rounded, so the post is known by its content; write ids as text")
    if len(told.encode()) > MAX_ID:
        raise InvalidRow(f"id {shown(told)} has more than {MAX_ID:,} bytes")
    whole = _WHOLE.fullmatch(told)
    return whole[1] if whole else told


def _author(row: Mapping[str, object], column: str | None) -> str | None:
    value = row.get(column) if column else None
    if isinstance(value, dict):
        value = next((value[name] for name in _NAMES_OF_AUTHORS if value.get(name)), value)
    return _text(value, column) or None


def _moment(row: Mapping[str, object], column: str | None) -> datetime | None:
    told = _field(row, column)
    return parse_moment(told) if told else None


def _field(row: Mapping[str, object], column: str | None) -> str:
    return _text(row.get(column) if column else None, column)


def _text(value: object, column: str | None, strip: bool = True) -> str:
    """A value as text without space around it, "" if it is absent; numbers and times as they are written."""
    if value is None or isinstance(value, float | Decimal) and value != value:
        return ""
    if isinstance(value, date):  # or a moment, which is one
        return value.isoformat()
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal | UUID):
        raise InvalidRow(f"column {column!r} holds no text but {_kind(value)}")
    if isinstance(value, float) and abs(value) == inf:
        raise InvalidRow(f"column {column!r} holds a number that is too large")
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        value = int(value)
    text = _storable(str(value), column)
    if text.strip() in NO_VALUE:
        return ""
    return text.strip() if strip else text


def _listed(row: Mapping[str, object], column: str | None) -> list[str]:
    """The hashtags of a field in any of the usual forms, or of a list."""
    value = row.get(column) if column else None
    if not isinstance(value, list | tuple | dict):
        value = _text(value, column)
    try:
        return [_storable(hashtag, column) for hashtag in read_hashtags(value)]
    except ValueError as error:
        raise InvalidRow(f"column {column!r} holds {error}") from None


def _storable(text: str, column: str | None) -> str:
    """The same text; raises InvalidRow where it holds what no database takes."""
    if "\0" in text:
        raise InvalidRow(f"column {column!r} holds a NUL byte")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidRow(f"column {column!r} holds half a character (a lone surrogate)") from None
    return text


def _kind(value: object) -> str:
    return {list: "a list", dict: "an object", bool: "true or false"}.get(type(value), type(value).__name__)
