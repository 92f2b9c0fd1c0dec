"""Checks a home: files against their checksums, counts against each other, the database against the index."""

from dataclasses import dataclass
from pathlib import Path

from ..core.errors import SnapshotError
from ..core.post import ADDED
from ..core.protocols import PostStore
from .build import read_rows
from .history import read_history
from .kinds import read_index
from .serving import rolled_back, serve
from .snapshot import Snapshot, damage, named_snapshot

FORGET = "posts forget"


@dataclass(frozen=True, slots=True)
class Verdict:
    """problems: what is damaged. notes: what is sound, but not up to date or not finished. One sentence each."""

    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()


def verify(home: Path, store: PostStore) -> Verdict:
    """What there is to say of a home. Raises NoIndexError where no snapshot was published."""
    unfinished = tuple(_unfinished(home))
    try:
        snapshot = named_snapshot(home)
    except SnapshotError as error:
        return Verdict((str(error),), (*_meanwhile(home), *unfinished))
    harmed = [f"{harm}; run `hashtag index build` again" for harm in damage(snapshot)]
    if harmed:
        return Verdict(tuple(harmed), (*_meanwhile(home), *unfinished))
    wrong = _counts(snapshot)
    return Verdict(tuple(wrong), (*([] if wrong else _database(home, snapshot, store)), *unfinished))


def _meanwhile(home: Path) -> list[str]:
    """Which snapshot answers instead of a damaged one."""
    try:
        return [f"{serve(home).snapshot.name} answers meanwhile"]
    except SnapshotError:
        return []


def _unfinished(home: Path) -> list[str]:
    """Whether posts were to be forgotten, and it was stopped before the index was without them."""
    stopped = False
    for run in read_history(home):
        if run.command == FORGET:
            stopped = run.outcome == "killed"
    return [f"`hashtag {FORGET}` was killed before it had finished; run it again"] if stopped else []


def _counts(snapshot: Snapshot) -> list[str]:
    manifest = snapshot.manifest
    wrong = []
    try:
        archive = snapshot.archive
        if len(archive.keys) != manifest.posts:
            wrong.append(f"{snapshot.folder} holds {len(archive.keys)} posts, its manifest says {manifest.posts}")
        if len(archive.hashtags) != manifest.hashtags:
            wrong.append(
                f"{snapshot.folder} holds {len(archive.hashtags)} hashtags, its manifest says {manifest.hashtags}"
            )
        for record in manifest.channels:
            if not record.vectors:
                continue
            folder = snapshot.folder / record.channel
            rows = read_rows(folder, record.vectors)
            if len(rows) and not 0 <= rows.min() <= rows.max() < manifest.posts:
                wrong.append(f"{folder} speaks of posts that the snapshot does not hold")
            vectors = len(read_index(record.index, folder))
            if vectors != record.vectors:
                wrong.append(f"{folder} holds {vectors} vectors, its manifest says {record.vectors}")
    except SnapshotError as error:
        wrong.append(str(error))
    return wrong


def _database(home: Path, snapshot: Snapshot, store: PostStore) -> list[str]:
    """Whether posts have changed since, as after a build that was stopped before it published.

    Those that were added one by one are not told: suggestions know them all the same.
    """
    known = set(snapshot.archive.keys.tolist())
    here = {stored.key: stored.post.source for stored in store.posts()}
    since = {key for key, source in here.items() if source == ADDED and key not in known}
    archive = store.digest(without=since)
    if archive == snapshot.manifest.archive:
        return []
    for manifest in rolled_back(home):
        if manifest.archive == archive:
            return [f"the database holds what {manifest.snapshot} was built from, which was rolled back"]
    new, gone = len(here.keys() - known - since), len(known - here.keys())
    told = [f"{n:,} {'post' if n == 1 else 'posts'} {what}" for n, what in ((new, "new"), (gone, "gone")) if n]
    changed = " and ".join(told) or "posts have changed"
    return [f"the database is ahead of the index: {changed}; run `hashtag index build`"]
