"""Tables of strings that are read from disk only where they are asked for, and found by their hashes.

A table of a million strings opens in no time, and memory holds what was read of it. In files a string table `name` is
`name.utf8`, all strings one after another, and arrays: `name.offsets.npy`, where each begins; `name.hashes.npy`, the
hashes, ascending, and `name.by_hash.npy`, whose they are; `name.by_name.npy`, the strings in their order.
"""

import mmap
from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from .vectors import Numbers, Rows, read_array

_BASIS, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
_AT_ONCE = 4096  # strings that are read at once, where all are

_Hashes: TypeAlias = NDArray[np.uint64]
_Codes: TypeAlias = NDArray[np.uint32]


class _Strings(Sequence[str], ABC):
    """Strings that are taken one by one."""

    @abstractmethod
    def _at(self, place: int) -> str:
        """The string at a place from 0 on, which there is."""

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(len(self)))]
        if not -len(self) <= place < len(self):
            raise IndexError(f"string {place} of {len(self)}")
        return self._at(place % len(self))


class Strings(_Strings):
    """m strings that lie in a file or in memory; each is decoded when it is asked for."""

    def __init__(self, text: bytes | mmap.mmap, offsets: NDArray[np.integer[Any]]) -> None:
        """text: UTF-8. offsets: (m + 1,) where each begins, and the end. Raises ValueError if they do not fit."""
        if not len(offsets) or offsets[0] != 0 or offsets[-1] != len(text):
            raise ValueError("its text and offsets do not fit together")
        self._text = text
        self._offsets = offsets

    @classmethod
    def read(cls, folder: Path, name: str) -> "Strings":
        """What `write_strings` wrote. Raises OSError, EOFError or ValueError."""
        return cls(*_read_strings(folder, name))

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def _at(self, place: int) -> str:
        return self._text[self._offsets[place] : self._offsets[place + 1]].decode()

    def take(self, places: Numbers) -> list[str]:
        """The strings at n places from 0 on, faster than one by one."""
        text, starts, ends = self._text, self._offsets[places].tolist(), self._offsets[places + 1].tolist()
        return [text[start:end].decode() for start, end in zip(starts, ends, strict=True)]

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), _AT_ONCE):
            offsets = self._offsets[start : start + _AT_ONCE + 1].tolist()
            read = self._text[offsets[0] : offsets[-1]]
            for begins, ends in pairwise(offsets):
                yield read[begins - offsets[0] : ends - offsets[0]].decode()


class StringTable(Strings):
    """Strings, each once, that are found by what they are; the number of a string is its column."""

    def __init__(
        self,
        text: bytes | mmap.mmap,
        offsets: NDArray[np.integer[Any]],
        hashes: _Hashes,
        by_hash: NDArray[np.integer[Any]],
        by_name: NDArray[np.integer[Any]],
    ) -> None:
        """hashes: (m,) ascending. by_hash: (m,) the column of each. by_name: (m,) columns in the order of strings."""
        super().__init__(text, offsets)
        if not len(hashes) == len(by_hash) == len(by_name) == len(self):
            raise ValueError("its strings and their order do not fit together")
        self._hashes = hashes
        self._by_hash = by_hash
        self._by_name = by_name

    @classmethod
    def of(cls, strings: Iterable[str]) -> "StringTable":
        """A table in memory."""
        known = list(strings)
        encoded = [string.encode() for string in known]
        offsets = np.cumsum([0, *map(len, encoded)])
        hashes = _hash(known)
        by_hash = np.argsort(hashes, kind="stable").astype(np.int32)
        by_name = np.asarray(sorted(range(len(known)), key=known.__getitem__), dtype=np.int32)
        return cls(b"".join(encoded), offsets, hashes[by_hash], by_hash, by_name)

    @classmethod
    def read(cls, folder: Path, name: str) -> "StringTable":
        """What `write` wrote. Raises OSError, EOFError or ValueError."""
        arrays = (read_array(folder / f"{name}.{part}.npy") for part in ("hashes", "by_hash", "by_name"))
        return cls(*_read_strings(folder, name), *arrays)

    def write(self, folder: Path, name: str) -> None:
        """Write into files of that name."""
        _write(folder, name, self._text[:], self._offsets)
        for part, array in [("hashes", self._hashes), ("by_hash", self._by_hash), ("by_name", self._by_name)]:
            np.save(folder / f"{name}.{part}.npy", array)

    def find(self, strings: Sequence[str]) -> Rows:
        """The column of each of n strings: int64 (n,), -1 if it is not in the table."""
        columns = np.full(len(strings), -1, dtype=np.int64)
        for i, place in self._find_hashes(_hash(strings)):
            columns[i] = self._column_of(place, strings[i])
        return columns

    def find_within(self, text: str, starts: Sequence[int], longest: int) -> list[tuple[int, int, int]]:
        """The strings of at most `longest` characters that begin at some places of a text: start, length, column."""
        if not len(starts):
            return []
        lengths = np.arange(1, longest + 1)
        hashes = _hash_prefixes(_codes(text), np.asarray(starts), longest)
        whole = np.asarray(starts)[:, None] + lengths <= len(text)
        begins, length = (np.broadcast_to(part, whole.shape)[whole] for part in (np.asarray(starts)[:, None], lengths))
        found = []
        for i, place in self._find_hashes(hashes[whole]):
            start, end = int(begins[i]), int(begins[i] + length[i])
            column = self._column_of(place, text[start:end])
            if column >= 0:
                found.append((start, end - start, column))
        return found

    def find_beginning(self, prefix: str) -> Rows:
        """The columns of the strings that begin with a prefix, in the order of strings: int64."""
        least = bisect_left(self._by_name, prefix, key=self._take)
        most = bisect_right(self._by_name, prefix, lo=least, key=lambda column: self._take(column)[: len(prefix)])
        return np.asarray(self._by_name[least:most], dtype=np.int64)

    def _take(self, column: "np.integer[Any]") -> str:
        return self[int(column)]

    def _find_hashes(self, hashes: _Hashes) -> list[tuple[int, int]]:
        """Those of n hashes that the table has, by number, each with the first place where it stands there."""
        if not len(self) or not len(hashes):
            return []
        places = np.minimum(np.searchsorted(self._hashes, hashes), len(self) - 1)
        known = np.flatnonzero(self._hashes[places] == hashes)
        return list(zip(known.tolist(), places[known].tolist(), strict=True))

    def _column_of(self, place: int, string: str) -> int:
        """The column of a string whose hash stands at a place; -1 if only the hash is the same."""
        same = self._hashes[place]
        while place < len(self) and self._hashes[place] == same:
            column = int(self._by_hash[place])
            if self[column] == string:
                return column
            place += 1
        return -1


class ExtendedStrings(_Strings):
    """Strings, and after them some more in memory."""

    def __init__(self, known: Sequence[str], more: Sequence[str]) -> None:
        self._known = known
        self._more = more

    def __len__(self) -> int:
        return len(self._known) + len(self._more)

    def _at(self, place: int) -> str:
        return self._known[place] if place < len(self._known) else self._more[place - len(self._known)]

    def __iter__(self) -> Iterator[str]:
        yield from self._known
        yield from self._more


class ExtendedTable(ExtendedStrings):
    """A table of strings, and after them some more, which it does not have."""

    def __init__(self, known: "Table", more: Sequence[str]) -> None:
        super().__init__(known, more)
        self._table = known
        self._newer = StringTable.of(more)

    def take(self, places: Numbers) -> list[str]:
        """See `Strings.take`."""
        n = len(self._table)
        known = iter(self._table.take(places[places < n]))
        return [next(known) if place < n else self._more[place - n] for place in places.tolist()]

    def find(self, strings: Sequence[str]) -> Rows:
        """See `StringTable.find`."""
        newer = self._newer.find(strings)
        return np.where(newer >= 0, newer + len(self._table), self._table.find(strings))

    def find_within(self, text: str, starts: Sequence[int], longest: int) -> list[tuple[int, int, int]]:
        """See `StringTable.find_within`."""
        newer = self._newer.find_within(text, starts, longest)
        after = [(start, length, column + len(self._table)) for start, length, column in newer]
        return [*self._table.find_within(text, starts, longest), *after]

    def find_beginning(self, prefix: str) -> Rows:
        """See `StringTable.find_beginning`."""
        known, newer = self._table.find_beginning(prefix), self._newer.find_beginning(prefix)
        places = [bisect_left(known, self._newer[int(column)], key=lambda known: self[int(known)]) for column in newer]
        return np.insert(known, places, newer + len(self._table))


Table: TypeAlias = StringTable | ExtendedTable


def extend(table: Table, strings: Sequence[str]) -> tuple[Table, Rows]:
    """The table with those of n strings, each once, that it does not have after its own; and the column of each."""
    columns = table.find(strings)
    new = np.flatnonzero(columns < 0)
    columns[new] = len(table) + np.arange(len(new))
    return (ExtendedTable(table, [strings[i] for i in new.tolist()]) if len(new) else table), columns


def write_strings(folder: Path, name: str, strings: Iterable[str]) -> None:
    """Write strings that are only read by their number, for `Strings.read`."""
    encoded = [string.encode() for string in strings]
    _write(folder, name, b"".join(encoded), np.cumsum([0, *map(len, encoded)]))


def _write(folder: Path, name: str, text: bytes, offsets: NDArray[np.integer[Any]]) -> None:
    (folder / f"{name}.utf8").write_bytes(text)
    np.save(folder / f"{name}.offsets.npy", offsets)


def _read_strings(folder: Path, name: str) -> tuple[bytes | mmap.mmap, NDArray[Any]]:
    offsets = read_array(folder / f"{name}.offsets.npy")
    with (folder / f"{name}.utf8").open("rb") as file:
        if not file.seek(0, 2):  # an empty file cannot be mapped
            return b"", offsets
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), offsets


def _codes(text: str) -> _Codes:
    """The code points of a text; half of a surrogate pair, which no table has, is one, too."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _hash(strings: Sequence[str]) -> _Hashes:
    """FNV-1a (Fowler, Noll and Vo) of the code points of n strings: (n,)."""
    codes = _codes("".join(strings))
    lengths = np.fromiter(map(len, strings), dtype=np.int64, count=len(strings))
    starts = np.cumsum(lengths) - lengths
    hashes = np.full(len(strings), _BASIS)
    for place in range(int(lengths.max(initial=0))):
        longer = np.flatnonzero(lengths > place)
        hashes[longer] = _add(hashes[longer], codes[starts[longer] + place])
    return hashes


def _hash_prefixes(codes: _Codes, starts: NDArray[np.integer[Any]], longest: int) -> _Hashes:
    """The hashes of the first 1 to `longest` characters from each of s starts on: (s, longest).

    What would go beyond the end of the text is hashed as if the text began anew.
    """
    hashes = np.empty((len(starts), longest), dtype=np.uint64)
    before = np.full(len(starts), _BASIS)
    for place in range(longest):
        before = _add(before, codes[(starts + place) % len(codes)])
        hashes[:, place] = before
    return hashes


def _add(hashes: _Hashes, codes: _Codes) -> _Hashes:
    return np.asarray((hashes ^ codes) * _PRIME)
