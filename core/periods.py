"""The time that an archive spans, in periods of one length: days, weeks, months, quarters or years."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from .vectors import Rows

Unit = Literal["day", "week", "month", "quarter", "year"]
UNITS: tuple[Unit, ...] = get_args(Unit)

_LONGEST = {"day": 31, "week": 183, "month": 4 * 366, "quarter": 12 * 366}  # days that are parted into these
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Periods:
    """Periods one after another.

    starts: the first day of each, in UTC. of: (n,) the period of each post, -1 where it has no date.
    """

    unit: Unit
    starts: tuple[date, ...]
    of: Rows


def find_periods(posted: NDArray[np.float64]) -> Periods | None:
    """The periods from the first of n posts to the last; None where none has a date.

    posted: (n,) days since 1970-01-01 UTC, NaN where a post has no date.
    """
    dated = ~np.isnan(posted)
    if not dated.any():
        return None
    days = np.floor(posted[dated]).astype(np.int64)
    span = int(days.max() - days.min())
    unit = next((unit for unit in UNITS if span < _LONGEST.get(unit, span + 1)), UNITS[-1])
    numbers = _numbers(days, unit)
    first = int(numbers.min())
    of = np.full(len(posted), -1, dtype=np.int64)
    of[dated] = numbers - first
    return Periods(unit, tuple(_start(number, unit) for number in range(first, int(numbers.max()) + 1)), of)


def _numbers(days: Rows, unit: Unit) -> Rows:
    """The number of the period of each day, counted from 1970; weeks begin on Mondays."""
    if unit == "day":
        return days
    if unit == "week":
        return (days + 3) // 7
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months // {"month": 1, "quarter": 3, "year": 12}[unit]


def _start(number: int, unit: Unit) -> date:
    if unit in ("day", "week"):
        return _EPOCH + timedelta(days=number if unit == "day" else 7 * number - 3)
    months = number * {"month": 1, "quarter": 3, "year": 12}[unit]
    return date(1970 + months // 12, 1 + months % 12, 1)
