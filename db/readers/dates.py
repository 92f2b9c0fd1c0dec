"""When a post was posted, in the ways archives write it."""

import re
from datetime import UTC, datetime, timedelta, timezone

from .invalid_row import InvalidRow, shown

_DOTTED = re.compile(r"(\d{4})[./-] ?(\d{1,2})[./-] ?(\d{1,2})\.?(?!\d)")
_UNIX = re.compile(r"\d{9,10}(\.\d+)?|\d{11,13}(\.\d+)?|\d{15,16}|\d{18,19}")
_COMPACT = re.compile(r"(?:19|20)\d{10}(?:\d\d)?")  # 20240105183000; as milliseconds this would be 1976
_SECOND = 10**11  # what is more are milliseconds, microseconds or nanoseconds: as seconds this would be the year 5138

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ZONES = {  # hours before UTC, those of RFC 2822 and two more
    **dict.fromkeys(("Z", "UTC", "UT", "GMT"), 0),
    **{"KST": 9, "JST": 9, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7},
}
_AFTER_NOON = ("pm", "오후", "午後", "下午")
_WEEKDAY = (
    r"(?:\(?(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?|[월화수목금토일](?:요일)?|[月火水木金土日](?:曜日?)?"
    r"|(?:星期|周)[一二三四五六日天])\)?,?\s*)?"
)
_TIME = (
    r"(?:(?P<before>오전|오후|午前|午後|上午|下午|[ap]\.?m\.?)\s?)?(?P<hour>\d{1,2})(?::|시\s?|時|时|点)(?P<minute>\d{1,2})?"
    r"(?:(?::|분\s?|分)(?P<second>\d{1,2})?)?(?:[.,]\d+)?[초秒]?(?:\s?(?P<after>[ap]\.?m\.?))?"
    r"(?:\s?(?P<zone>Z|UTC|UT|GMT|[A-Z]{3})?(?P<offset>[+-]\d\d:?\d\d)?)?"
)
_YEAR = r"(?P<year>\d{4})"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_MONTH_NAME = r"(?P<name>[a-z]{3,9})\.?"
_WRITTEN = [
    re.compile(_WEEKDAY + date + r",?\s*" + _WEEKDAY + r"(?:(?:at\s)?" + _TIME + r")?" + end, re.IGNORECASE)
    for date, end in (
        (_YEAR + r"\s?[./년年-]\s?(?P<month>\d{1,2})\s?[./월月-]\s?(?P<day>\d{1,2})(?!\d)\s?[.일日]?", ""),
        (_DAY + r"[ .-]\s?" + _MONTH_NAME + r",?[ -]" + _YEAR, ""),
        (_MONTH_NAME + r"\s" + _DAY + r",?\s" + _YEAR, ""),
        (_MONTH_NAME + r"\s+" + _DAY, r"\s" + _YEAR),  # Twitter: Wed Oct 10 20:19:24 +0000 2018
    )
]


def parse_moment(field: str) -> datetime:
    """ISO 8601, dates written in words or figures (`2024년 1월 5일 오후 3:20`, RFC 2822, Twitter's), or Unix; in UTC.

    Unix: seconds, or parts of them down to nanoseconds, by how many figures they have. A day comes before or after its
    month only if that is written in letters, or if the year stands first. What tells no zone is taken as UTC.
    Raises InvalidRow on anything else.
    """
    try:
        if _COMPACT.fullmatch(field):
            return datetime.strptime(field.ljust(14, "0"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        if _UNIX.fullmatch(field):
            seconds = float(field)
            while seconds >= _SECOND:
                seconds /= 1000
            return datetime.fromtimestamp(seconds, UTC)
        moment = _iso(field) or _written(field)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise InvalidRow(f"posted_at {shown(field)} is no time; write 2024-01-05T18:30:00+09:00") from None


def _iso(field: str) -> datetime | None:
    try:
        return datetime.fromisoformat(_DOTTED.sub(_with_hyphens, field, count=1))
    except ValueError:
        return None


def _with_hyphens(date: re.Match[str]) -> str:
    year, month, day = date.groups()
    return f"{year}-{month:0>2}-{day:0>2}"


def _written(field: str) -> datetime:
    """A moment in words. Raises ValueError if it is none."""
    found = next((match for pattern in _WRITTEN if (match := pattern.fullmatch(field))), None)
    if found is None:
        raise ValueError(f"{field} is no time")
    part = found.groupdict()
    month = int(part["month"]) if part.get("month") else _MONTHS.index(part["name"][:3].lower()) + 1
    hour = int(part["hour"] or 0)
    if half := (part["before"] or part["after"] or "").lower().replace(".", ""):
        if not 0 <= hour <= 12:
            raise ValueError(f"{hour} is no hour of half a day")
        hour = hour % 12 + (12 if half in _AFTER_NOON else 0)
    moment = datetime(
        int(part["year"]), month, int(part["day"]), hour, int(part["minute"] or 0), int(part["second"] or 0)
    )
    return moment.replace(tzinfo=_zone(part["zone"], part["offset"]))


def _zone(name: str | None, offset: str | None) -> timezone | None:
    if offset:
        minutes = int(offset[1:3]) * 60 + int(offset[-2:])
        return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))
    if not name:
        return None
    if name.upper() not in _ZONES:
        raise ValueError(f"{name} is no zone that is known")
    return timezone(timedelta(hours=_ZONES[name.upper()]))
