"""How a hashtag was used over time, and how its posts were responded to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np

from ...core.errors import NotFoundError, SettingsError
from ...core.periods import Periods, Unit, find_periods
from ...core.post import MEASURES, Measure, normalise_hashtag
from ...core.reach import NoReach, Reach
from ...core.vectors import Rows
from ...index.snapshots.snapshot import current_snapshot
from ...retrieval.reach import Responses
from ..home import Home
from ..reach import carriers_of, read_counts
from .rules import rules_with_merging

_NO_DATES = "no post of the archive has a date, so there is no course over time, and posts cannot be compared"
_NO_RESPONSE = "no post of the archive has likes, comments or views"


@dataclass(frozen=True, slots=True)
class PeriodStats:
    """One period. start: its first day in UTC. posts: of the archive. uses: posts with the hashtag; medians: theirs."""

    start: date
    posts: int
    uses: int
    medians: Mapping[Measure, float | None]

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {"start": self.start.isoformat(), "posts": self.posts, "uses": self.uses} | dict(self.medians)


@dataclass(frozen=True, slots=True)
class HashtagStats:
    """What an archive shows of a hashtag.

    hashtag: as the archive posts it most often. same: other hashtags (normalised) that have the same meaning by a rule,
    or as answers merge them; posts with one of them count, too. uses, posts: with it, and of the archive. unit,
    periods: from the first post of the archive to the last; None and empty if no post has a date. medians: over all
    posts with it, by measure that the archive knows. reach: by measure, against like posts. knows_authors: whether like
    posts are of the same author. notes: what could not be told.
    """

    hashtag: str
    same: tuple[str, ...]
    uses: int
    posts: int
    unit: Unit | None
    periods: tuple[PeriodStats, ...]
    medians: Mapping[Measure, float | None]
    reach: Mapping[Measure, Reach | NoReach]
    knows_authors: bool
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The documented shape."""
        return {
            "hashtag": self.hashtag,
            "same": list(self.same),
            "uses": self.uses,
            "posts": self.posts,
            "unit": self.unit,
            "periods": [period.to_json() for period in self.periods],
            "medians": dict(self.medians),
            "reach": {measure: reach.to_json() for measure, reach in self.reach.items()},
            "compared_by": ["author", "time"] if self.knows_authors else ["time"],
            "notes": list(self.notes),
        }


def hashtag_stats(home: Home, hashtag: str) -> HashtagStats:
    """What the posts of the index that serves show of a hashtag, in any spelling.

    Raises SettingsError on what is no hashtag, NotFoundError if no post carries it, NoIndexError if no index was built,
    DatabaseError where the database cannot be read.
    """
    tag = normalise_hashtag(hashtag)
    if not tag:
        raise SettingsError(f"{hashtag!r} is no hashtag: it has neither letter nor number")
    snapshot = current_snapshot(home.existing())
    archive, (rules, _) = snapshot.archive, rules_with_merging(home, snapshot)
    same = rules.same_as(tag)
    rows = carriers_of(archive, [tag, *same])
    if not len(rows):
        raise NotFoundError(f"no post of the archive carries #{tag}")
    home.check_database()
    responses = Responses(archive, read_counts(home, archive.keys, len(archive.posted)))
    [column] = archive.hashtags.find([tag]).tolist()
    periods = find_periods(archive.posted)
    notes = [*([] if periods else [_NO_DATES]), *([] if responses.measures else [_NO_RESPONSE])]
    return HashtagStats(
        hashtag=archive.shown[column] if column >= 0 else tag,
        same=tuple(other for other in same if len(carriers_of(archive, [other]))),
        uses=len(rows),
        posts=len(archive.posted),
        unit=periods.unit if periods else None,
        periods=_by_period(periods, rows, responses) if periods else (),
        medians=_medians(responses, rows),
        reach={measure: responses.compare(measure, rows) for measure in responses.measures},
        knows_authors=responses.knows_authors,
        notes=tuple(notes),
    )


def _by_period(periods: Periods, rows: Rows, responses: Responses) -> tuple[PeriodStats, ...]:
    """rows: of the posts with the hashtag."""
    posts = np.bincount(periods.of[periods.of >= 0], minlength=len(periods.starts)).tolist()
    rows = rows[np.argsort(periods.of[rows], kind="stable")]
    ends = np.searchsorted(periods.of[rows], np.arange(len(posts) + 1))
    within = [rows[start:end] for start, end in pairwise(ends.tolist())]
    told = zip(periods.starts, posts, within, strict=True)
    return tuple(PeriodStats(start, n, len(some), _medians(responses, some)) for start, n, some in told)


def _medians(responses: Responses, rows: Rows) -> dict[Measure, float | None]:
    """By measure; None where none of the posts has it."""
    counts = {measure: responses.counts[rows, MEASURES.index(measure)] for measure in responses.measures}
    known = {measure: some[~np.isnan(some)] for measure, some in counts.items()}
    return {measure: float(np.median(some)) if len(some) else None for measure, some in known.items()}
