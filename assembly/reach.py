"""The responses to the posts of an archive: read from the database, as they are now, and compared."""

import logging
from collections.abc import Sequence
from functools import cached_property
from threading import Lock

import numpy as np

from ..core.errors import DatabaseError
from ..core.post import MEASURES
from ..core.protocols import Archive
from ..core.reach import Reach
from ..core.rules import Rules
from ..core.vectors import Floats, Rows
from ..retrieval.reach import Responses
from .home import Home

_log = logging.getLogger(__name__)


def carriers_of(archive: Archive, hashtags: Sequence[str]) -> Rows:
    """The rows of posts with any of some hashtags (normalised), ascending."""
    columns = archive.hashtags.find(list(hashtags))
    pointers, rows = archive.carriers
    posts = [rows[pointers[column] : pointers[column + 1]] for column in columns.tolist() if column >= 0]
    return np.unique(np.concatenate(posts)).astype(np.int64) if posts else np.zeros(0, dtype=np.int64)


def read_counts(home: Home, keys: Rows, n: int) -> Floats:
    """The counts of n posts by measure, (n, 3), NaN where they are not known. keys: those of the first of them.

    Raises DatabaseError.
    """
    counts = np.full((n, len(MEASURES)), np.nan)
    with home.database() as database:
        told, responses = database.posts.responses()
    if len(told):
        place = np.minimum(np.searchsorted(told, keys), len(told) - 1)
        known = np.flatnonzero(told[place] == keys)
        counts[known] = responses[place[known]]
    return counts


class ArchiveReach:
    """The reach of hashtags, for explanations: read when it is first asked for, and each hashtag compared once.

    Several threads may ask at once. Where the database cannot be read, that is logged, and there is none.
    """

    def __init__(self, home: Home, archive: Archive, keys: Rows, rules: Rules) -> None:
        """keys: of the first posts of the archive; those after them have no responses."""
        self._home = home
        self._archive = archive
        self._keys = keys
        self._rules = rules
        self._found: dict[str, tuple[Reach, ...]] = {}
        self._reading = Lock()

    def __call__(self, hashtags: Sequence[str]) -> list[tuple[Reach, ...]]:
        """Of each of some hashtags (normalised) what is known of its reach, by measure."""
        with self._reading:
            responses = self._responses
        return [() if responses is None else self._compare(hashtag, responses) for hashtag in hashtags]

    @cached_property
    def _responses(self) -> Responses | None:
        """None where no post has any."""
        if not self._home.has_responses():
            return None
        try:
            return Responses(self._archive, read_counts(self._home, self._keys, len(self._archive.posted)))
        except DatabaseError as error:
            _log.warning("%s; likes, comments and views are left out", error)
            return None

    def _compare(self, hashtag: str, responses: Responses) -> tuple[Reach, ...]:
        if hashtag not in self._found:
            rows = carriers_of(self._archive, [hashtag, *self._rules.same_as(hashtag)])
            compared = (responses.compare(measure, rows) for measure in responses.measures)
            self._found[hashtag] = tuple(reach for reach in compared if isinstance(reach, Reach))
        return self._found[hashtag]
