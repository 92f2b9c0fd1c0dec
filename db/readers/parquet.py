"""Parquet."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...core.errors import SourceError
from .rows import Row

_BATCH = 500  # rows


class ParquetTable:
    """The columns of texts, numbers and times, and of lists and objects of texts and numbers; the others are not read.

    Memory: `_BATCH` rows, and what the file keeps together of a column. Raises SourceError where it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with _opened(path) as file:
            self.length = file.metadata.num_rows
            fields = list(file.schema_arrow)
        names = [field.name for field in fields]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise SourceError(f"{path} has two columns {twice!r}; rename one of them")
        self._names = [field.name for field in fields if _is_readable(field.type)]
        self._unread = [f"{field.name} ({field.type})" for field in fields if not _is_readable(field.type)]

    @property
    def columns(self) -> Sequence[str]:
        """The names of those that can be read."""
        return self._names

    def rows(self) -> Iterator[Row]:
        """Every row. Raises SourceError where the file is damaged, or has changed since it was opened."""
        with _opened(self._path) as file:
            for batch in file.iter_batches(_BATCH, columns=self._names):
                columns = [_plain(column).to_pylist() for column in batch.columns]
                for values in zip(*columns, strict=True):
                    yield dict(zip(batch.schema.names, values, strict=True))

    def notes(self) -> Sequence[str]:
        """Which columns cannot be read."""
        if not self._unread:
            return []
        unread = ", ".join(self._unread)
        return [f"{self._path} has columns that hold no text, number, time, list or object of these: {unread}"]


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path) as file:
            yield file
    except UnicodeDecodeError:
        raise SourceError(f"{path} has a text that is not UTF-8, as Parquet requires; write the file again") from None
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise SourceError(f"{path} cannot be read as Parquet: {reason.rstrip('.')}; get it again") from error


def _is_readable(kind: Any) -> bool:
    from pyarrow import types

    if types.is_dictionary(kind):
        return _is_readable(kind.value_type)
    if _is_nested(kind):
        return all(map(_is_part, _parts(kind)))
    number = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
    return _is_text(kind) or number or types.is_timestamp(kind) or types.is_date(kind)


def _is_nested(kind: Any) -> bool:
    from pyarrow import types

    return bool(
        types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind) or types.is_struct(kind)
    )


def _parts(kind: Any) -> list[Any]:
    return [kind.field(i).type for i in range(kind.num_fields)]


def _is_part(kind: Any) -> bool:
    """Whether this may stand within a list or an object."""
    from pyarrow import types

    if _is_nested(kind):
        return all(map(_is_part, _parts(kind)))
    return _is_text(kind) or types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)


def _is_text(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_null(kind))


def _plain(column: Any) -> Any:
    """The same column; times in microseconds, since Python's have no nanoseconds."""
    import pyarrow as pa

    if not pa.types.is_timestamp(column.type):
        return column
    zone = "UTC" if column.type.tz else None
    return column.cast(pa.timestamp("us", zone), safe=column.type.unit != "ns")
