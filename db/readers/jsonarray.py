"""A JSON array in a file, element by element."""

import json
from collections.abc import Iterator
from pathlib import Path

from ...core.errors import SourceError

MAX_ELEMENT = 4_000_000  # characters; a post with twenty photos has some 20,000
_BLOCK = 1 << 20
_SPACE = " \t\n\r"
_AFTER = tuple(",]" + _SPACE)


def read_array(path: Path) -> Iterator[object]:
    """The elements of the array that a file in UTF-8 holds. Memory: a block and an element, MAX_ELEMENT at most.

    Raises SourceError where the file holds anything else, or breaks off.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from _Scanner(path, iter(lambda: file.read(_BLOCK), "")).elements()
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is no JSON in UTF-8: {error.reason}; get it again") from error
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from error


class _Scanner:
    """What of a text has been read and not been told yet: `_text` from `_position` on."""

    def __init__(self, path: Path, blocks: Iterator[str]) -> None:
        self._path = path
        self._blocks = blocks
        self._text = ""
        self._position = 0
        self._decoder = json.JSONDecoder()

    def elements(self) -> Iterator[object]:
        self._expect("[")
        if self._peek() == "]":
            self._position += 1
        else:
            yield self._element()
            while self._expect(",]") == ",":
                yield self._element()
        if self._peek():
            raise self._broken("something follows the end of its array")

    def _element(self) -> object:
        self._peek()
        while True:
            try:
                element, end = self._decoder.raw_decode(self._text, self._position)
            except RecursionError:
                raise self._broken("it is nested too deeply") from None
            except ValueError as error:
                reason = error.msg if isinstance(error, json.JSONDecodeError) else "it holds a number that is too large"
                if not self._read_on():
                    raise self._broken(reason) from None
            else:
                # A number that seems to end with the block may go on in the next one.
                if self._text[end : end + 1].startswith(_AFTER) or not self._read_on():
                    self._position = end
                    return element
            if len(self._text) > MAX_ELEMENT + _BLOCK:
                raise self._broken(f"an element has more than {MAX_ELEMENT:,} characters, or is no JSON")

    def _expect(self, characters: str) -> str:
        found = self._peek()
        if not found:
            raise self._broken("it ends too early")
        if found not in characters:
            raise self._broken(f"{found!r} stands where {' or '.join(characters)} belongs")
        self._position += 1
        return found

    def _peek(self) -> str:
        """The next character that is no space; "" at the end."""
        while True:
            while self._position < len(self._text) and self._text[self._position] in _SPACE:
                self._position += 1
            if self._position < len(self._text):
                return self._text[self._position]
            if not self._read_on():
                return ""

    def _read_on(self) -> bool:
        block = next(self._blocks, "")
        if block:
            self._text = self._text[self._position :] + block
            self._position = 0
        return bool(block)

    def _broken(self, reason: str) -> SourceError:
        return SourceError(f"{self._path} is no JSON array of posts: {reason}; get it again")
