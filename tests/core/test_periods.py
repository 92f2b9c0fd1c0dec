"""Time in periods."""

from datetime import UTC, date, datetime

import numpy as np
import pytest

from hashtag_recommender.core.periods import find_periods

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def days(*moments: str) -> np.ndarray:
    told = [(datetime.fromisoformat(moment).replace(tzinfo=UTC) - EPOCH).total_seconds() / 86_400 for moment in moments]
    return np.asarray(told)


@pytest.mark.parametrize(
    ("first", "last", "unit", "starts", "n"),
    [
        ("2024-01-30", "2024-02-02T23:59", "day", ["2024-01-30", "2024-01-31"], 4),
        ("2024-01-01", "2024-03-31", "week", ["2024-01-01", "2024-01-08"], 13),
        ("2024-01-07T23:59", "2024-03-31", "week", ["2024-01-01", "2024-01-08"], 13),
        ("2023-11-30", "2024-12-01", "month", ["2023-11-01", "2023-12-01"], 14),
        ("2018-05-05", "2024-12-01", "quarter", ["2018-04-01", "2018-07-01"], 27),
        ("1969-12-31", "2024-12-01", "year", ["1969-01-01", "1970-01-01"], 56),
        ("0001-01-01", "9999-12-31", "year", ["0001-01-01", "0002-01-01"], 9999),
    ],
)
def test_the_unit_is_that_of_the_time_spanned(first: str, last: str, unit: str, starts: list[str], n: int) -> None:
    periods = find_periods(np.concatenate([days(last), [np.nan], days(first)]))
    assert periods is not None
    assert periods.unit == unit and [day.isoformat() for day in periods.starts[:2]] == starts
    assert len(periods.starts) == n and periods.of.tolist() == [n - 1, -1, 0]


def test_one_post_is_one_period_and_none_is_none() -> None:
    periods = find_periods(days("2024-02-29T12:00"))
    assert periods is not None and periods.starts == (date(2024, 2, 29),) and periods.unit == "day"
    assert find_periods(np.asarray([np.nan])) is None and find_periods(np.zeros(0)) is None
