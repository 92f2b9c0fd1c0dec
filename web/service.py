"""What all requests share: the home, the recommender that follows it, and the queues in front of it."""

import asyncio
import logging
import re
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from PIL import Image
from starlette.concurrency import run_in_threadpool

from .. import assembly
from ..core.captions import CaptionAnswer, CaptionOptions
from ..core.closing import Closing
from ..core.errors import NotFoundError, PhotoError
from ..core.query import Query
from ..core.results import Answer
from ..core.suggest_options import SuggestOptions
from ..retrieval.drafts import split_hashtags
from .batching import Lane
from .metrics import Metrics
from .problems import busy, nothing_to_look_at
from .settings import Limits
from .uploads import Thumbnails, UploadedPhotos

_LOOKS = 0.4  # seconds between two looks for what is new; below the second after which an answer would look itself
_ARCHIVE_PHOTO = re.compile(r"[0-9]{1,18}-[0-9]{1,9}")

_LAST_LOOK = 5.0
_THREADS = 2  # of each lane
_DATABASE_THREADS = 16
_LONG = 5_000  # characters of a caption which others would have to wait for
_SIDE_BY_SIDE = 8  # posts of one batch request that wait at a time, so that others have their turn between them

P = ParamSpec("P")
R = TypeVar("R")

_log = logging.getLogger(__name__)


class Service(Closing):
    """One home, served to many. Close it to answer what waits, and let go of all."""

    def __init__(self, home: "assembly.Home", limits: Limits) -> None:
        """home: closed with it. Opens the index and loads the models; see `open_recommender` for what that raises."""
        self.home = home
        self.limits = limits
        self.metrics = Metrics()
        self.recommender = assembly.FollowingRecommender(home)
        self._warm_up()
        self.uploads = UploadedPhotos(limits.uploads)
        self.thumbnails = Thumbnails(limits.thumbnails, self.metrics)
        # Texts alone never wait behind photos, which take several times as long.
        self._photos, self._texts = self._lane("photo"), self._lane("text")
        self._database_threads = CapacityLimiter(_DATABASE_THREADS)
        self._ending = threading.Event()
        self._follower = threading.Thread(target=self._follow, name="follow", daemon=True)
        self._follower.start()

    def close(self) -> None:
        """Answer what waits, and close the home."""
        self._ending.set()
        for lane in (self._photos, self._texts):
            lane.close()
        self._follower.join(_LAST_LOOK)  # a database that does not answer holds nobody up
        self.recommender.close()

    async def suggest(self, query: Query, options: SuggestOptions, explain: bool) -> Answer:
        """The answer for one post, together with what waits beside it.

        Raises Problem if there is neither photo nor caption, or if it takes too long; SettingsError, PhotoError.
        """
        await self._check(query)
        answer = await self._ask(query, options, explain)
        if answer.error is not None:
            raise PhotoError(answer.error)
        return answer

    async def suggest_each(self, queries: Sequence[Query], options: SuggestOptions, explain: bool) -> list[Answer]:
        """The answer for each of several posts; one whose photo cannot be read has an `error`, one that has neither
        photo nor caption a note.
        """
        free = asyncio.Semaphore(_SIDE_BY_SIDE)

        async def answer(query: Query) -> Answer:
            async with free:
                return await self._ask(query, options, explain)

        return await asyncio.gather(*map(answer, queries))

    async def caption(self, query: Query, options: CaptionOptions) -> CaptionAnswer:
        """Captions for one post, together with what waits beside it.

        Raises Problem if there is neither photo nor draft nor hashtag, or if it takes too long; PhotoError.
        """
        await self._check(query, hashtags_suffice=True)
        lane = self._photos if query.photos else self._texts
        answer = await lane.ask(self._caption_batch, (query, options), self.limits.seconds)
        if answer.error is not None:
            raise PhotoError(answer.error)
        return answer

    async def _check(self, query: Query, *, hashtags_suffice: bool = False) -> None:
        """Raises Problem if there is nothing to look at. hashtags_suffice: as in `drafts.make_query`."""
        if query.photos:
            return
        split = partial(split_hashtags, [query])
        queries, _ = split() if len(query.caption) < _LONG else await run_in_threadpool(split)
        if not queries[0].caption and not (hashtags_suffice and queries[0].given):
            raise nothing_to_look_at(hashtags_suffice)

    async def _ask(self, query: Query, options: SuggestOptions, explain: bool) -> Answer:
        self.recommender.check_options(options)
        lane = self._photos if query.photos else self._texts
        return await lane.ask(self._suggest_batch, (query, options, explain), self.limits.seconds)

    async def photo(self, name: str) -> bytes | Path:
        """A photo by its id: one that was uploaded, a photo of the archive, or the first photo of one of its posts.

        Raises NotFoundError.
        """
        uploaded = self.uploads.get(name)
        return uploaded if uploaded is not None else await self._with_home(partial(self._photo_of_archive, name))

    async def contents(self, photos: Sequence[bytes | Path]) -> list[bytes]:
        """The bytes of photos: of what is stored by its path, an error would tell the path.

        Raises NotFoundError if a file is gone.
        """
        return [photo if isinstance(photo, bytes) else await run_in_threadpool(_content, photo) for photo in photos]

    async def read(
        self, of: Callable[Concatenate["assembly.Home", P], R], *arguments: P.args, **keywords: P.kwargs
    ) -> R:
        """What a function of `assembly` tells or keeps of the home; other requests go on meanwhile."""
        return await self._with_home(partial(of, self.home, *arguments, **keywords))

    async def write(
        self, change: Callable[Concatenate["assembly.Home", P], R], *arguments: P.args, **keywords: P.kwargs
    ) -> R:
        """Change what is stored by a function of `assembly`, and let the next answer know it."""
        changed = await self._with_home(partial(change, self.home, *arguments, **keywords))
        await self._with_home(self.recommender.follow)
        return changed

    async def _with_home(self, call: Callable[[], R]) -> R:
        """Run what reads the database, apart from all else: if that does not answer, suggestions still do.

        Raises Problem if it takes too long.
        """
        try:
            async with asyncio.timeout(self.limits.seconds):
                return await to_thread.run_sync(call, abandon_on_cancel=True, limiter=self._database_threads)
        except TimeoutError:
            raise busy("database", f"the database did not answer within {self.limits.seconds:g} seconds") from None

    def _photo_of_archive(self, name: str) -> Path:
        if _ARCHIVE_PHOTO.fullmatch(name):
            try:
                return self.recommender.photo(name)
            except NotFoundError:
                pass  # an id of a post may look so, too
        photos = assembly.show_post(self.home, name).post.photos
        if not photos:
            raise NotFoundError(f"the post {name!r} has no photo")
        return photos[0].path

    def _lane(self, name: str) -> Lane:
        return Lane(name, self.metrics, self.limits.at_once, self.limits.queue, _THREADS)

    def _suggest_batch(self, asked: Sequence[tuple[Query, SuggestOptions, bool]]) -> list[Answer]:
        queries, options, explain = zip(*asked, strict=True)
        return self.recommender.suggest_batch(queries, options, explain=explain)

    def _caption_batch(self, asked: Sequence[tuple[Query, CaptionOptions]]) -> list[CaptionAnswer]:
        queries, options = zip(*asked, strict=True)
        return self.recommender.caption_batch(queries, options)

    def _follow(self) -> None:
        told: tuple[str, ...] = ()
        while not self._ending.wait(_LOOKS):
            try:
                self.recommender.follow()
            except Exception:  # whatever it is, what is open answers on
                _log.exception("looking for a new snapshot failed")
            if self.recommender.notes != told:
                told = self.recommender.notes
                for note in told:
                    _log.warning("%s", note)

    def _warm_up(self) -> None:
        """Load all models, so that no request waits for them."""
        self.recommender.suggest(Image.new("RGB", (64, 64)), "a caption")


def _content(photo: Path) -> bytes:
    try:
        return photo.read_bytes()
    except OSError:
        raise NotFoundError("the file of a photo of the archive is gone") from None
