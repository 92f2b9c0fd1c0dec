"""Making posts of rows: what all formats share."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from hashlib import sha256
from math import isfinite
from pathlib import Path
from uuid import UUID

from ...core.hashtags import parse_hashtags, take_out_hashtags
from ...core.post import MAX_CAPTION, MAX_HASHTAG, Post, Reject, distinct_hashtags
from .columns import Columns
from .moments import parse_moment
from .photos import find_photo
from .rows import BrokenRow, Row
from .unfit import Unfit, shown

MAX_ID = 1_000  # bytes; PostgreSQL's indexes take no more than 2,704 for source and id together


class PostMaker:
    """Makes the posts of one source from its rows, in order. Memory: the ids.

    images: the folder in which photos lie, resolved.
    for_queries: the rows are new posts, so that hashtags of theirs are dropped, and an empty row is one like any other.
    """

    def __init__(self, source: str, images: Path, columns: Columns, for_queries: bool) -> None:
        self._source = source
        self._images = images
        self._columns = columns
        self._for_queries = for_queries
        self._row_of_id: dict[str, int] = {}
        self._copies: dict[str, int] = {}

    def make(self, number: int, row: Row) -> Post | Reject:
        """The post of a row, or why it makes none. number: 1 for the first row."""
        if isinstance(row, BrokenRow):
            return Reject(self._source, number, row.reason, row.torn)
        try:
            return self._post(number, row)
        except Unfit as reason:
            return Reject(self._source, number, str(reason))

    def _post(self, number: int, row: Mapping[str, object]) -> Post:
        columns = self._columns
        text = _text(row, columns.text)
        if len(text) > MAX_CAPTION:
            raise Unfit(f"caption has {len(text):,} characters; {MAX_CAPTION:,} are taken")
        caption, inline = take_out_hashtags(text)
        hashtags = () if self._for_queries else distinct_hashtags(_listed(row, columns.hashtags) + inline)
        for hashtag in hashtags:
            if len(hashtag) > MAX_HASHTAG:
                raise Unfit(f"hashtag {shown(hashtag)} has {len(hashtag):,} characters; {MAX_HASHTAG} are taken")
        image = _text(row, columns.image)
        if not (caption or image or hashtags or self._for_queries):
            raise Unfit("empty row: no text, no photo and no hashtags")
        posted_at = _text(row, columns.posted_at)
        return Post(
            source=self._source,
            caption=caption,
            hashtags=hashtags,
            photos=(find_photo(self._images, image),) if image else (),
            author=_text(row, columns.author) or None,
            posted_at=parse_moment(posted_at) if posted_at else None,
            # Last, so that only a post that is taken takes an id.
            post_id=self._id(number, _text(row, columns.post_id), image or _text_id(caption, hashtags)),
        )

    def _id(self, number: int, told: str, otherwise: str) -> str:
        """The id that the row tells; else one from its content, told apart from earlier ones by `~2`, `~3` and so on.

        So adding rows to an archive does not give other ids to the posts that were there.
        """
        if told in self._row_of_id:
            raise Unfit(f"id {shown(told)} stands in row {self._row_of_id[told]} already")
        post_id = told or otherwise
        while post_id in self._row_of_id:
            self._copies[otherwise] = self._copies.get(otherwise, 1) + 1
            post_id = f"{otherwise}~{self._copies[otherwise]}"
        if len(post_id.encode()) > MAX_ID:
            raise Unfit(f"id {shown(post_id)} has more than {MAX_ID:,} bytes")
        self._row_of_id[post_id] = number
        return post_id


def _text_id(caption: str, hashtags: tuple[str, ...]) -> str:
    """An id by the caption, which stays when hashtags change; by the hashtags where there is nothing else."""
    known_by = caption or "\n".join(["", *hashtags])  # no caption begins with a line end
    return "text-" + sha256(known_by.encode()).hexdigest()[:12]


def _text(row: Mapping[str, object], column: str | None) -> str:
    """A field as text without space around it, "" where it is absent; numbers and times as they are written."""
    value = row.get(column) if column else None
    if value is None:
        return ""
    if isinstance(value, date):  # or a moment, which is one
        return value.isoformat()
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal | UUID):
        raise Unfit(f"column {column!r} holds no text but {_kind(value)}")
    if isinstance(value, float) and not isfinite(value):
        raise Unfit(f"column {column!r} holds a number that is too large")
    return _storable(str(value), column).strip()


def _listed(row: Mapping[str, object], column: str | None) -> list[str]:
    """The hashtags of a field: text in any of the usual forms, or a list of texts."""
    value = row.get(column) if column else None
    if not isinstance(value, list):
        return parse_hashtags(_text(row, column))
    if not all(isinstance(tag, str | int) and not isinstance(tag, bool) for tag in value):
        raise Unfit(f"column {column!r} holds a list of more than texts")
    return [_storable(str(tag), column) for tag in value]


def _storable(text: str, column: str | None) -> str:
    """The same text; raises Unfit where it holds what no database takes."""
    if "\0" in text:
        raise Unfit(f"column {column!r} holds a NUL byte")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Unfit(f"column {column!r} holds half a character (a lone surrogate)") from None
    return text


def _kind(value: object) -> str:
    return {list: "a list", dict: "an object", bool: "true or false"}.get(type(value), type(value).__name__)
