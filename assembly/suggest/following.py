"""A recommender for processes that live long: it goes on to what is published while it runs."""

import os
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from ...core.captions import CaptionAnswer, CaptionOptions
from ...core.closing import Closing
from ...core.errors import DatabaseError, HashtagError
from ...core.protocols import CaptionRecommender, Recommender
from ...core.query import AnyPhoto, Query
from ...core.results import Answer, KnownHashtag, Neighbour
from ...core.suggest_options import SuggestOptions, accepts_wishes
from ...index.snapshots.snapshot import CURRENT
from ...retrieval.recommender import DEFAULT, DEFAULT_CAPTIONS, ArchiveRecommender
from ...retrieval.selection.lists import SPAM
from ..home import Home, open_home
from .recommender import recommender_of

_EVERY = 1.0  # seconds between two looks


def follow_recommender(home: str | Path | None = None, *, db: str | None = None) -> "FollowingRecommender":
    """As `open_recommender`, for a process that lives long: it takes up new snapshots, rules and added posts.

    Raises what `open_recommender` raises.
    """
    return FollowingRecommender(open_home(home, db=db))


class FollowingRecommender(Recommender, CaptionRecommender, Closing):
    """Asks the `ArchiveRecommender` of what is in service; several threads may ask it at once, as they may ask that.

    Before an answer it looks, once a second at most, whether CURRENT names another snapshot, or whether the lists,
    rules, added posts or responses to posts have changed. What is new is opened whole before it takes over; where it
    cannot be opened, what was open answers on and `notes` says so.
    """

    def __init__(self, home: Home) -> None:
        """home: closed with it. Opens what is in service; see `open_recommender` for what that raises."""
        self._home = home
        self._looking = Lock()
        self._had_database = False
        self._seen = self._look_first()
        self._recommender = recommender_of(home)
        self._looked_at = time.monotonic()
        self._trouble: tuple[str, ...] = ()

    def close(self) -> None:
        """Let go of the snapshot, and close the home."""
        self._recommender.close()
        self._home.close()

    @property
    def snapshot(self) -> str:
        """Which one answered last."""
        return self._recommender.snapshot

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of what answers."""
        return (*self._trouble, *self._recommender.notes)

    @property
    def has_probabilities(self) -> bool:
        """See `ArchiveRecommender.has_probabilities`."""
        return self._recommender.has_probabilities

    @accepts_wishes
    def suggest(
        self,
        photo: AnyPhoto | Sequence[AnyPhoto] | None = None,
        text: str = "",
        *,
        options: SuggestOptions = DEFAULT,
        given: Collection[str] = (),
        author: str | None = None,
        explain: bool = False,
    ) -> Answer:
        """See `ArchiveRecommender.suggest`."""
        recommender = self._newest()
        return recommender.suggest(photo, text, options=options, given=given, author=author, explain=explain)

    @accepts_wishes
    def suggest_batch(
        self,
        queries: Sequence[Query],
        options: SuggestOptions | Sequence[SuggestOptions] = DEFAULT,
        *,
        explain: bool | Sequence[bool] = False,
    ) -> list[Answer]:
        """See `ArchiveRecommender.suggest_batch`; one snapshot answers them all."""
        return self._newest().suggest_batch(queries, options, explain=explain)

    def caption(
        self,
        photo: AnyPhoto | Sequence[AnyPhoto] | None = None,
        text: str = "",
        *,
        options: CaptionOptions = DEFAULT_CAPTIONS,
        given: Collection[str] = (),
    ) -> CaptionAnswer:
        """See `ArchiveRecommender.caption`."""
        return self._newest().caption(photo, text, options=options, given=given)

    def caption_batch(
        self, queries: Sequence[Query], options: CaptionOptions | Sequence[CaptionOptions] = DEFAULT_CAPTIONS
    ) -> list[CaptionAnswer]:
        """See `ArchiveRecommender.caption_batch`; one snapshot answers them all."""
        return self._newest().caption_batch(queries, options)

    def check_options(self, options: SuggestOptions) -> None:
        """See `ArchiveRecommender.check_options`."""
        self._recommender.check_options(options)

    def neighbours(
        self, photo: AnyPhoto | Sequence[AnyPhoto] | None = None, text: str = "", *, k: int = 10
    ) -> dict[str, tuple[Neighbour, ...]]:
        """See `ArchiveRecommender.neighbours`."""
        return self._newest().neighbours(photo, text, k=k)

    def knows(self, hashtag: str) -> bool:
        """See `ArchiveRecommender.knows`."""
        return self._newest().knows(hashtag)

    def hashtags(self, prefix: str = "", count: int = 50) -> list[KnownHashtag]:
        """See `ArchiveRecommender.hashtags`."""
        return self._newest().hashtags(prefix, count)

    def photo(self, key: str) -> Path:
        """See `ArchiveRecommender.photo`; keys that an earlier snapshot gave hold as long as the post is there."""
        return self._newest().photo(key)

    def follow(self) -> None:
        """Look now, and open what is new before the next answer.

        A process that has just written need not wait for its turn; and if a thread of its own calls this more often
        than once a second, no answer ever waits until something is opened.
        """
        with self._looking:
            self._look_and_open()

    def _newest(self) -> ArchiveRecommender:
        # One thread looks, and opens what is new; the others go on with what is open.
        if time.monotonic() - self._looked_at >= _EVERY and self._looking.acquire(blocking=False):
            try:
                self._look_and_open()
            finally:
                self._looking.release()
        return self._recommender

    def _look_and_open(self) -> None:
        try:
            self._catch_up()
        finally:
            self._looked_at = time.monotonic()

    def _catch_up(self) -> None:
        try:
            seen = self._look()
            if seen != self._seen:
                # What is in use elsewhere lives until its answer is given, and with it its hold on the snapshot.
                self._recommender = recommender_of(self._home)
            self._seen, self._trouble = seen, ()
        except HashtagError as error:
            self._trouble = (f"{error}; {self._recommender.snapshot}, which was open before, continues to answer",)

    def _look_first(self) -> tuple[Any, ...]:
        try:
            return self._look()
        except DatabaseError as error:  # as in `open_recommender`, the snapshot then answers alone
            return (str(error),)

    def _look(self) -> tuple[Any, ...]:
        """What is different exactly if there is something new: most of what is written to a database is not.

        Raises DatabaseError if the database cannot be read, or is gone: without it, rules and added posts would be.
        """
        files = _stat(self._home.folder / CURRENT), _stat(self._home.folder / SPAM)
        if not self._home.has_database:
            if self._had_database:
                raise DatabaseError(f"the database of {self._home.folder} is gone")
            return files
        with self._home.database() as database:
            seen = (*files, database.revision())
        self._had_database = True
        return seen


def _stat(path: Path) -> tuple[int, int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - may be missing
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
