"""One trial: a home is struck in the middle of a command, looked at, and the command is run again."""

import random
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from hashtag_recommender.assembly import verify_index
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.core.errors import HashtagError, NoIndexError
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.index.snapshots.retention import snapshot_folders
from hashtag_recommender.index.snapshots.snapshot import whole_snapshot

from .operations import Operation, run
from .scenes import content_of, copy_home
from .strikes import DISKS, Failures, Moments, SmallFiles, Struck, strike

SIZES = (0, 1_000, 5_000, 40_000, 1_000_000, 40, 200, 20_000)  # bytes beyond which no file grows


@dataclass(frozen=True)
class Trial:
    """What came of one. how: the strike in words. wrong: what should not be; empty when all is well."""

    operation: str
    how: str
    struck: Struck
    wrong: tuple[str, ...]


class Trials:
    """Trials of one operation, each in a home of its own within a folder."""

    def __init__(self, operation: Operation, folder: Path) -> None:
        self._operation, self._folder = operation, folder
        self._home = folder / "home"
        whole = self._strike(Moments())
        self.moments, self.seconds = whole.moments, whole.seconds
        self.steps = self._strike(Failures(0, 0, False)).moments

    def at_moment(self, at: int) -> Trial:
        """Killed at the moment of this number, 1 the first."""
        return self._judged(f"killed at moment {at} of {self.moments}", self._strike(Moments(at)))

    def at_random(self, rng: random.Random) -> Trial:
        """Killed at any time of the run, drawn uniformly."""
        after = rng.uniform(0, self.seconds)
        return self._judged(f"killed after {after:.4f} s of {self.seconds:.4f}", self._strike(Moments(), after))

    def on_disk(self, disk: str, at: int) -> Trial:
        """On a disk that is full or read-only from the durable step of this number on, or broken just there."""
        failures = Failures(at, DISKS[disk], lasting=disk != "broken")
        return self._judged(f"{disk} disk at step {at} of {self.steps}", self._strike(failures))

    def in_small_files(self, size: int) -> Trial:
        """Where no file grows beyond a size."""
        return self._judged(f"no file beyond {size} bytes", self._strike(SmallFiles(size)))

    def _strike(self, watch: Moments | Failures | SmallFiles, after: float | None = None) -> Struck:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        copy_home(self._operation.home, self._home)
        return strike(self._operation.words_for(self._home), watch, after)

    def _judged(self, how: str, struck: Struck) -> Trial:
        try:
            wrong = [*self._wrong_of_end(struck), *self._wrong_now(struck), *self._wrong_again()]
        except HashtagError as error:
            wrong = [f"{type(error).__name__}: {error}"]
        return Trial(self._operation.name, how, struck, tuple(wrong))

    def _wrong_of_end(self, struck: Struck) -> Iterator[str]:
        if struck.killed or not struck.code:
            return
        if struck.code != 2 or "Traceback" in struck.told or not struck.told.strip():
            yield f"it ended with code {struck.code} and said {struck.told!r}"

    def _wrong_now(self, struck: Struck) -> Iterator[str]:
        """What is wrong with the home before anything else is done to it."""
        old, new, now = self._operation.old, self._operation.new, content_of(self._home)
        if now.suggestions not in (old.suggestions, new.suggestions):
            yield "what answers is neither the old index nor the new one"
        if now.posts not in (old.posts, new.posts):
            yield "the database holds neither the old posts nor the new ones"
        if not struck.killed and not struck.code and now != new:
            yield "it said that all went well, and it did not"
        yield from self._unsound()
        for folder in snapshot_folders(self._home):
            with closing(whole_snapshot(folder).archive):
                pass

    def _unsound(self) -> Iterator[str]:
        try:
            yield from verify_index(Home(Settings(self._home))).problems
        except (NoIndexError, HashtagError) as error:
            if self._operation.old.suggestions is not None:
                yield f"verify: {error}"

    def _wrong_again(self) -> Iterator[str]:
        """What is wrong once the command has been run again."""
        ran = run(self._operation.words_for(self._home))
        if ran.code not in self._operation.repeats:
            yield f"the command run again ended with code {ran.code}: {ran.told}"
        now, new = content_of(self._home), self._operation.new
        if now.suggestions != new.suggestions:
            yield "the command run again came to another index than one that was never struck"
        if now.posts != new.posts:
            yield "the command run again came to other posts than one that was never struck"
        verdict = verify_index(Home(Settings(self._home)))
        if verdict.problems or verdict.notes != self._operation.notes:
            yield f"after the command was run again: {verdict}"
        left = [path.name for path in self._home.rglob("*") if ".tmp" in path.name or ".partial" in path.name]
        if left:
            yield f"left behind: {', '.join(left)}"
