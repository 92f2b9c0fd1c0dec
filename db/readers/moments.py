"""When a post was posted, in the ways archives write it."""

import re
from datetime import UTC, datetime

from .unfit import Unfit, shown

_DOTTED = re.compile(r"(\d{4})[./-] ?(\d{1,2})[./-] ?(\d{1,2})\.?(?!\d)")
_UNIX = re.compile(r"\d{9,13}(\.\d+)?")
_MILLISECONDS_FROM = 10**11  # as seconds this would be the year 5138


def parse_moment(field: str) -> datetime:
    """ISO 8601, `2024.1.5` or `2024/01/05` with or without a time, or Unix seconds or milliseconds; in UTC.

    What tells no zone is taken as UTC. Raises Unfit on anything else.
    """
    try:
        if _UNIX.fullmatch(field):
            seconds = float(field)
            return datetime.fromtimestamp(seconds / 1000 if seconds >= _MILLISECONDS_FROM else seconds, UTC)
        moment = datetime.fromisoformat(_DOTTED.sub(_with_hyphens, field, count=1))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise Unfit(f"posted_at {shown(field)} is no time; write 2024-01-05T18:30:00+09:00") from None


def _with_hyphens(date: re.Match[str]) -> str:
    year, month, day = date.groups()
    return f"{year}-{month:0>2}-{day:0>2}"
