"""JSONL: one JSON object a line."""

import json
from collections.abc import Iterator, Mapping, Sequence

from ...core.errors import SourceError
from .rows import BrokenRow, Row
from .textfile import MAX_LINE, TextFile


class JsonLinesFile:
    """Objects whose names are the columns; an object may leave some of them out.

    The file is read once beforehand to know all names. Raises SourceError where it holds nothing.
    """

    def __init__(self, text: TextFile) -> None:
        self._text = text
        names: dict[str, None] = {}
        empty = True
        for row in self.rows():
            empty = False
            if isinstance(row, Mapping):
                names.update(dict.fromkeys(row))
        if empty:
            raise SourceError(f"{text.path} is empty; write one JSON object a line")
        self._names = list(names)

    @property
    def columns(self) -> Sequence[str]:
        """The names that occur in any object, the first one first."""
        return self._names

    def rows(self) -> Iterator[Row]:
        """Every line that is not blank."""
        for line in self._text.lines():
            if line.strip():
                yield _row(line)

    def notes(self) -> Sequence[str]:
        """Which encoding was found, where that is not certain."""
        return self._text.notes()


def _row(line: str) -> Row:
    if len(line) > MAX_LINE:
        return BrokenRow(f"is longer than {MAX_LINE:,} characters")
    try:
        row = json.loads(line, parse_constant=float)
    except json.JSONDecodeError as error:
        return BrokenRow(f"is no JSON: {error.msg} at character {error.pos + 1}", torn=True)
    except (ValueError, RecursionError) as error:
        return BrokenRow(f"is no JSON that can be read: {error}")
    return row if isinstance(row, dict) else BrokenRow("is no JSON object")
