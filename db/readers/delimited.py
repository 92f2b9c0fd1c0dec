"""CSV and TSV."""

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain, islice

from ...core.errors import SourceError
from .rows import BrokenRow, Row
from .textfile import TextFile

MAX_RECORD = 16_000_000  # characters; a quote that is open still counts as one that never closes
_DELIMITERS = ",;\t|*"  # of a `.csv`, the usual one first
_SEPARATOR_LINE = re.compile(r'"?sep=([^\r\n])"?[,;\t]*[\r\n]*', re.IGNORECASE)


class DelimitedFile:
    """Rows of fields under a header, quoted as RFC 4180 tells.

    delimiter: told by a first line `sep=;`, as Excel writes it; else by the suffix; of a `.csv` the one of
    `, ; tab | *` that parts its header into the most names.
    Raises SourceError where there is no header.
    """

    def __init__(self, text: TextFile) -> None:
        self._text = text
        first = next((line for line in text.lines() if line.strip()), "")
        told = _SEPARATOR_LINE.fullmatch(first)
        self._header_at = 1 if told else 0  # which record
        self._delimiter = told[1] if told else self._find_delimiter(first)
        header = next(islice(self._records(), self._header_at, None), None)
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
        for record in islice(self._records(), self._header_at + 1, None):
            if isinstance(record, BrokenRow):
                yield record
            elif len(record) != len(self._header):
                fewer = len(record) < len(self._header)
                yield BrokenRow(f"has {len(record)} fields, the header has {len(self._header)}", torn=fewer)
            else:
                yield {name: record[i] for name, i in positions.items()}

    def notes(self) -> Sequence[str]:
        """Which encoding was found, where that is not certain."""
        return self._text.notes()

    def _find_delimiter(self, header: str) -> str:
        if self._text.path.suffix.lower() != ".csv":
            return "\t"
        return max(_DELIMITERS, key=lambda delimiter: len(next(csv.reader([header], delimiter=delimiter), ())))

    def _records(self) -> Iterator[list[str] | BrokenRow]:
        lines = _Lines(self._text.lines(MAX_RECORD), self._delimiter)
        reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
        while True:
            lines.begin_record()
            try:
                record = next(reader)
            except StopIteration:
                return
            except csv.Error:
                try:
                    reason = lines.skip_record()
                except csv.Error as error:
                    reason = f"is no valid {self._text.path.suffix[1:].upper()}: {error}"
                yield BrokenRow(reason, torn=True)
                continue
            if len(record) > 1 or record and record[0].strip():
                yield record


class _Lines:
    """Feeds csv.reader line by line, and finds out where a record ends that it gives up on.

    A quote that never closes would turn the rest of the file into one field, and a field that is too long would fall
    into rows that nobody wrote. Memory: the lines of one record, MAX_RECORD characters and a line at most.
    """

    def __init__(self, lines: Iterator[str], delimiter: str) -> None:
        self._lines = lines
        self._pattern = _line_pattern(delimiter)
        self._waiting: deque[str] = deque()
        self._taken: list[str] = []
        self._size = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else next(self._lines)
        self._taken.append(line)
        self._size += len(line)
        if self._size > MAX_RECORD:
            raise csv.Error(f"a quote opens and does not close within {MAX_RECORD:,} characters")
        return line

    def begin_record(self) -> None:
        """What comes now belongs to a new record."""
        self._taken.clear()
        self._size = 0

    def skip_record(self) -> str:
        """Go to the end of a record that csv.reader did not take; returns what is too long in it.

        Raises csv.Error where it has no end, since a quote is misplaced or never closes: then only its first line is
        gone, and the others come once more.
        """
        try:
            self._find_end()
        except csv.Error:
            self._waiting.extendleft(reversed(self._taken[1:]))
            raise
        if self._size > MAX_RECORD:
            return f"is longer than {MAX_RECORD:,} characters"
        return f"has a field of more than {csv.field_size_limit():,} characters"

    def _find_end(self) -> None:
        quote = ""  # what a line begins with when a quoted field goes on in it
        for line in chain(self._taken.copy(), self):
            found = self._pattern.fullmatch(quote + line)
            if found is None:
                raise csv.Error("text follows a closing quote")
            if found["open"] is None:
                return
            quote = '"'
        raise csv.Error("a quote opens and never closes")


def _line_pattern(delimiter: str) -> re.Pattern[str]:
    """Matches a line as csv.reader takes it, however long; `open` is the field whose quote it leaves open.

    Nothing is tried twice, so the time it takes grows with the line alone. Groups are atomic instead of possessive,
    which Python gets wrong before 3.11.5.
    """
    delimiter = re.escape(delimiter)
    quoted = r'"[^"]*+(?>(?:""[^"]*+)*)'
    field = rf'(?>(?:{quoted}"|[^"{delimiter}\r\n][^{delimiter}\r\n]*+)?)'
    return re.compile(rf"(?>(?:{field}{delimiter})*)(?:{field}[\r\n]*|(?P<open>{quoted}))")
