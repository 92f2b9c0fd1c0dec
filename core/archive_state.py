"""The posts of an archive at one moment, in few bytes, so that two moments can be compared."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from .vectors import Rows


@dataclass(frozen=True, slots=True)
class Changes:
    """How many posts were added, changed and removed between two moments."""

    added: int
    changed: int
    removed: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.added + self.changed + self.removed

    def __add__(self, more: "Changes") -> "Changes":
        return Changes(self.added + more.added, self.changed + more.changed, self.removed + more.removed)

    def to_json(self) -> dict[str, int]:
        """For machines."""
        return asdict(self)


NONE = Changes(0, 0, 0)


def content_number(digest: str) -> int:
    """64 bits of a content digest (hex)."""
    return int(digest[:16], 16)


@dataclass(frozen=True, slots=True)
class ArchiveState:
    """n posts as they were.

    keys: (n,) int64, ascending. contents: uint64 (n,), of each post a number that changes when the post does (64 bits
    of a digest).
    """

    keys: Rows
    contents: NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.keys)

    def changed(self, known: Mapping[int, str | None]) -> "ArchiveState":
        """As if some posts had changed, come back or gone; known: as that of `protocols.Compared`."""
        numbers = {key: content_number(content) for key, content in known.items() if content}
        stay = ~np.isin(self.keys, list(known))
        keys = np.concatenate([self.keys[stay], np.fromiter(numbers, np.int64, len(numbers))])
        contents = np.concatenate([self.contents[stay], np.fromiter(numbers.values(), np.uint64, len(numbers))])
        order = np.argsort(keys)
        return ArchiveState(keys[order], contents[order])

    def changes_to(self, later: "ArchiveState") -> Changes:
        """What became of these posts. A post that came and went in between, or was changed back, has not moved."""
        _, here, there = np.intersect1d(self.keys, later.keys, assume_unique=True, return_indices=True)
        changed = np.count_nonzero(self.contents[here] != later.contents[there])
        return Changes(len(later) - len(there), int(changed), len(self) - len(here))
