"""Text files in the encoding they turn out to have, line by line."""

import codecs
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...core.advice import KNOWN_ENCODING, NAME_ENCODING, OTHER_ENCODING
from ...core.errors import SourceError

MAX_LINE = 1_000_000  # characters; ten captions of the greatest length
_BLOCK = 1 << 20  # bytes
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class TextFile:
    """A text file: UTF-8, UTF-16 with a byte-order mark, else cp949 (Korean Windows), or as told.

    The whole file is tried at once, so that nothing of it is taken where its end cannot be read.
    Raises SourceError where it cannot be read, or where no encoding fits.
    """

    def __init__(self, path: Path, encoding: str | None) -> None:
        self.path = path
        self._note: str | None = None
        self._encoding = self._told(encoding) if encoding else self._found()

    def lines(self, longest: int = MAX_LINE) -> Iterator[str]:
        """All lines with their ends; of one longer than `longest` characters the first `longest` + 1."""
        try:
            with self.path.open(encoding=self._encoding, newline="") as file:
                while line := file.readline(longest + 1):
                    yield line
                    while line and not line.endswith(("\n", "\r")):
                        line = file.readline(longest)
        except UnicodeError as error:
            raise SourceError(f"{self.path} changed while it was read; try again") from error
        except OSError as error:
            raise SourceError(f"{self.path} cannot be read: {error.strerror}") from error

    def notes(self) -> Sequence[str]:
        """That the encoding was guessed, where it was."""
        return [self._note] if self._note else []

    def _told(self, encoding: str) -> str:
        try:
            io.TextIOWrapper(io.BytesIO(), encoding)  # refuses what is a codec, but none of text
            name = codecs.lookup(encoding).name
        except (LookupError, ValueError):
            raise SourceError(f"the encoding {encoding!r} is not known", KNOWN_ENCODING) from None
        # Either form of UTF-8 may begin with a byte-order mark, which is no part of the first column's name.
        name = "utf-8-sig" if name == "utf-8" else name
        offset = self._misfit(name)
        if offset is not None:
            raise SourceError(f"{self.path} is not {encoding} at byte {offset}", OTHER_ENCODING)
        return name

    def _found(self) -> str:
        try:
            with self.path.open("rb") as file:
                mark = file.read(2)
        except OSError as error:
            raise SourceError(f"{self.path} cannot be read: {error.strerror}") from error
        if mark in _UTF16_MARKS:
            return self._told("utf-16")
        offset = self._misfit("utf-8-sig")
        if offset is None:
            return "utf-8-sig"
        if self._misfit("cp949") is None:
            self._note = f"{self.path} is no UTF-8 and is read as cp949 (Korean); if that is wrong, pass --encoding"
            return "cp949"
        raise SourceError(f"{self.path} is neither UTF-8 (see byte {offset}) nor cp949", NAME_ENCODING)

    def _misfit(self, encoding: str) -> int | None:
        """The offset of the first byte that does not fit, or None where all do."""
        decoder = codecs.getincrementaldecoder(encoding)()
        end = 0
        try:
            with self.path.open("rb") as file:
                while block := file.read(_BLOCK):
                    end += len(block)
                    decoder.decode(block)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            # The decoder counts from the bytes that it had kept from the block before.
            return end - len(error.object) + error.start
        except UnicodeError:  # from codecs that do not tell where
            return 0
        except OSError as error:
            raise SourceError(f"{self.path} cannot be read: {error.strerror}") from error
        return None
