"""Numbers of likes, comments and views, as programs and people write them."""

import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from decimal import Decimal
from itertools import islice
from unicodedata import normalize

from ...core.advice import name_column
from ...core.hashtags import NO_VALUE
from ...core.post import MEASURES
from .columns import OPTIONS, Columns
from .invalid_row import InvalidRow, shown
from .rows import Table

_LOOKED_AT = 200  # rows
MAX_COUNT = 10**12  # no post has as many; a database holds them, and a float tells them apart

_THOUSANDS = {
    "": 1,
    **dict.fromkeys("k 천 千".split(), 10**3),
    **dict.fromkeys("만 万 萬".split(), 10**4),
    **dict.fromkeys("m mio".split(), 10**6),
    **dict.fromkeys("억 億 亿".split(), 10**8),
    **dict.fromkeys("b bn".split(), 10**9),
}
# `1.234` may be either of two numbers, so a point before three digits is a sign of thousands only if it comes twice.
_GROUPED = re.compile(r"\d{1,3}(?:(?:,\d{3})+|(?:['’ ]\d{3})+|(?:\.\d{3}){2,})")
_WHOLE = re.compile(r"(\d+)(?:\.0+)?")
_SHORT = re.compile(r"(\d+)(?:[.,](\d{1,2}|\d{4}))? ?(\D{1,3})")
_WORD = (
    r"(?:likes?|views?|comments?|repl(?:y|ies)|plays?|좋아요|조회수?|댓글|개|회|명|번|건|いいね!?|件|回|次|人|赞|讚)"
)
_WORDS = re.compile(rf"^{_WORD}:?|{_WORD}$", re.IGNORECASE)
# Where an object of a row holds a number: Instagram's, and Facebook's.
_IN_OBJECTS = ("count", "total_count", "summary")


def parse_count(value: object, column: str) -> int | None:
    """A count of 0 or more; None where none is told. Raises InvalidRow on what is none, or may be either of two.

    Taken are whole numbers, thousands apart (`1,234`, `1 234`), short forms (`1.2k`, `3.4만`), and a word beside one
    (`12 likes`, `좋아요 12개`). An object tells it in `count`.
    """
    if isinstance(value, dict):
        inner = next((value[name] for name in _IN_OBJECTS if value.get(name) is not None), None)
        if inner is not None:
            return parse_count(inner, column)
    if value is None or isinstance(value, float | Decimal) and value != value:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise InvalidRow(f"column {column!r} holds {_kind(value)} instead of a number")
    if isinstance(value, str):
        count = _told(value, column)
        if count is None:
            return None
    else:
        count = Decimal(value)
    if count < 0:
        raise InvalidRow(f"column {column!r} holds {shown(str(value))}; a count is 0 or more")
    if count > MAX_COUNT:
        raise InvalidRow(f"column {column!r} holds {shown(str(value))}; no count is so large")
    if count != count.to_integral_value():
        raise InvalidRow(f"column {column!r} holds {shown(str(value))}, which is no whole number")
    return int(count)


def without_texts(table: Table, columns: Columns, named: Columns) -> tuple[Columns, Mapping[str, str]]:
    """The same columns without those of a usual name that hold something else, such as the texts of comments.

    A column counts as one of texts if the first rows hold no count in it, but something. named: by options; these stay.
    Returns a note on each that goes, by its name. Raises SourceError where the rows cannot be read.
    """
    doubtful = {measure: asdict(columns)[measure] for measure in MEASURES if getattr(named, measure) is None}
    doubtful = {measure: column for measure, column in doubtful.items() if column}
    found: dict[str, str] = {}
    for row in islice(table.rows(), _LOOKED_AT) if doubtful else ():
        fields = row if isinstance(row, Mapping) else getattr(row, "fields", {})
        for measure, column in list(doubtful.items()):
            try:
                if parse_count(fields.get(column), column) is not None:
                    del doubtful[measure]
            except InvalidRow as reason:
                found.setdefault(measure, str(reason))
        if not doubtful:
            break
    texts = {measure: reason for measure, reason in found.items() if measure in doubtful}
    notes = {
        doubtful[measure]: f"{reason}; {measure} are not read; {name_column(OPTIONS[measure])}"
        for measure, reason in texts.items()
    }
    return replace(columns, **dict.fromkeys(texts)), notes


def _told(text: str, column: str) -> Decimal | None:
    """The number that a text tells, of any sign; None of an empty one."""
    if not text.strip() or text.strip() in NO_VALUE:
        return None
    written = normalize("NFKC", text).strip()
    negative = re.fullmatch(r"[-−](\d.*)", written)
    number = " ".join(_WORDS.sub("", negative[1] if negative else written).casefold().split())
    if whole := _WHOLE.fullmatch(number):
        found = Decimal(whole[1])
    elif _GROUPED.fullmatch(number):
        found = Decimal(re.sub(r"\D", "", number))
    elif (short := _SHORT.fullmatch(number)) and short[3] in _THOUSANDS:
        found = Decimal(f"{short[1]}.{short[2] or 0}") * _THOUSANDS[short[3]]
    else:
        raise InvalidRow(f"column {column!r} holds {shown(text)}, which is no number that is certain")
    return -found if negative else found


def _kind(value: object) -> str:
    return {list: "a list", dict: "an object", bool: "true or false"}.get(type(value), type(value).__name__)
