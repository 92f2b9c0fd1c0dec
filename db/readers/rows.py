"""What every format yields: rows of named fields, or the reason why one cannot be told apart."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from ...core.post import Flaw


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that its format does not allow. torn: whether it looks as one does in whose middle its file ends."""

    reason: str
    torn: bool = False


@dataclass(frozen=True, slots=True)
class FlawedRow:
    """A row of which some parts could not be read; the others stand in its fields."""

    fields: Mapping[str, object]
    flaws: tuple[Flaw, ...]


# A path among the fields is one that was read from disk, relative to the images folder; text is as somebody wrote it.
Row: TypeAlias = Mapping[str, object] | FlawedRow | BrokenRow


class Table(Protocol):
    """Anything that holds rows of named fields: a file, a folder, the answer to a query."""

    @property
    def columns(self) -> Sequence[str]:
        """The names of all fields that rows may have."""
        ...

    def rows(self) -> Iterator[Row]:
        """Every row in order, blank lines left out; the same ones in the same order each time."""
        ...

    def notes(self) -> Sequence[str]:
        """What a person should know of how it is read."""
        ...
