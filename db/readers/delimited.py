"""CSV and TSV."""

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice

from ...core.errors import SourceError
from .rows import BrokenRow, Row
from .textfile import MAX_LINE, TextFile

# What csv.reader says at the end of a file, in words that help to find the place.
_UNCLOSED = {"unexpected end of data": "a quote opens and never closes"}


class DelimitedFile:
    """Rows of fields under a header, quoted as RFC 4180 tells.

    delimiter: told by the file's suffix; a `.csv` whose header has no comma but a semicolon or tab goes by that.
    Raises SourceError where there is no header.
    """

    def __init__(self, text: TextFile) -> None:
        self._text = text
        self._delimiter = self._find_delimiter()
        header = next(self._records(), None)
        if header is None:
            raise SourceError(f"{text.path} is empty; its first line must name its columns")
        if isinstance(header, BrokenRow):
            raise SourceError(f"the header of {text.path} {header.reason}")
        self._header = [name.strip() for name in header]

    @property
    def columns(self) -> Sequence[str]:
        """The names in the header."""
        return self._header

    def rows(self) -> Iterator[Row]:
        """Every row below the header; one with more or fewer fields than it is broken."""
        # Of two columns with one name the first counts.
        positions = {name: i for i, name in reversed(list(enumerate(self._header)))}
        for record in islice(self._records(), 1, None):
            if isinstance(record, BrokenRow):
                yield record
            elif len(record) != len(self._header):
                yield BrokenRow(f"has {len(record)} fields, the header has {len(self._header)}")
            else:
                yield {name: record[i] for name, i in positions.items()}

    def _find_delimiter(self) -> str:
        if self._text.path.suffix.lower() != ".csv":
            return "\t"
        header = next((line for line in self._text.lines() if line.strip()), "")
        if "," in header:
            return ","
        return next((delimiter for delimiter in ";\t" if delimiter in header), ",")

    def _records(self) -> Iterator[list[str] | BrokenRow]:
        lines = _Lines(self._text.lines())
        reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
        while True:
            lines.begin_record()
            try:
                record = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                lines.push_back()
                reason = _UNCLOSED.get(str(error), str(error))
                yield BrokenRow(f"is no valid {self._text.path.suffix[1:].upper()}: {reason}")
                continue
            if len(record) > 1 or record and record[0].strip():
                yield record


class _Lines:
    """Feeds csv.reader line by line, and takes back what a broken record has swallowed.

    Without that a quote that never closes would turn the rest of the file into one field.
    """

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._waiting: deque[str] = deque()
        self._taken: list[str] = []
        self._size = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else next(self._lines)
        self._taken.append(line)
        self._size += len(line)
        if self._size > MAX_LINE:
            raise csv.Error(f"longer than {MAX_LINE:,} characters")
        return line

    def begin_record(self) -> None:
        """What comes now belongs to a new record."""
        self._taken.clear()
        self._size = 0

    def push_back(self) -> None:
        """Give all lines of this record but its first once more."""
        self._waiting.extendleft(reversed(self._taken[1:]))
