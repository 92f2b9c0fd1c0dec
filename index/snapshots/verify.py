"""Checks a home: files against their checksums, counts against each other, the database against the index."""

from dataclasses import dataclass
from pathlib import Path

from ...core.errors import SnapshotError
from ...core.protocols import PostStore
from ..vectors.registry import read_index
from .build import read_rows
from .history import read_history
from .retention import left_elsewhere
from .serving import held_back, serve, told_of_rollback
from .snapshot import Snapshot, damage, named_snapshot

FORGET = "posts forget"


@dataclass(frozen=True, slots=True)
class Verdict:
    """problems: what is damaged. notes: what is sound, but not up to date or not finished. One sentence each."""

    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()


def verify(home: Path, store: PostStore) -> Verdict:
    """What there is to say of a home. Raises NoIndexError where no snapshot was published."""
    unfinished = (*_unfinished(home), *_left_elsewhere(home))
    try:
        snapshot = named_snapshot(home)
    except SnapshotError as error:
        return Verdict((str(error),), (*_meanwhile(home), *unfinished))
    harmed = [f"{harm}; run `hashtag index build` again" for harm in damage(snapshot)]
    if harmed:
        return Verdict(tuple(harmed), (*_meanwhile(home), *unfinished))
    wrong = count(snapshot)
    return Verdict(tuple(wrong), (*([] if wrong else _database(home, snapshot, store)), *unfinished))


def _meanwhile(home: Path) -> list[str]:
    """Which snapshot answers instead of a damaged one."""
    try:
        return [f"{serve(home).snapshot.name} answers until then"]
    except SnapshotError:
        return []


def _unfinished(home: Path) -> list[str]:
    """Whether posts were to be forgotten, and it was stopped before the index was without them."""
    stopped = False
    for run in read_history(home):
        if run.command == FORGET:
            stopped = run.outcome == "killed"
    return [f"`hashtag {FORGET}` was killed before it had finished; run it again"] if stopped else []


def _left_elsewhere(home: Path) -> list[str]:
    return [
        f"{name} is deleted, but vectors of it are still elsewhere; run `hashtag index gc` when that can be reached"
        for name in left_elsewhere(home)
    ]


def count(snapshot: Snapshot) -> list[str]:
    """What is wrong with the counts of a snapshot, one sentence each."""
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
                wrong.append(f"{folder} has vectors of posts that are not in the snapshot")
            vectors = len(read_index(record.index, folder))
            if vectors != record.vectors:
                wrong.append(f"{folder} holds {vectors} vectors, its manifest says {record.vectors}")
    except SnapshotError as error:
        wrong.append(str(error))
    return wrong


def compare(snapshot: Snapshot, store: PostStore) -> list[str]:
    """Whether posts have changed in the database since, one sentence if they have.

    Those that were added one by one are not told: suggestions know them all the same.
    """
    since = _since(snapshot, store)
    if store.digest(without=since) == snapshot.manifest.archive:
        return []
    known, here = set(snapshot.archive.keys.tolist()), set(store.versions().keys.tolist())
    # Those edited or removed one by one speak no more, though the index still holds them.
    new, gone = len(here - known - since), len(known - here - store.retired())
    told = [f"{n:,} {'post' if n == 1 else 'posts'} {what}" for n, what in ((new, "new"), (gone, "gone")) if n]
    changed = " and ".join(told) or "posts have changed"
    answers = "what is gone is still used; " if gone else ""
    return [f"the database is newer than the index: {changed}; {answers}run `hashtag index refresh`"]


def _since(snapshot: Snapshot, store: PostStore) -> set[int]:
    known = set(snapshot.archive.keys.tolist())
    return {stored.key for stored in store.added() if stored.key not in known}


def _database(home: Path, snapshot: Snapshot, store: PostStore) -> list[str]:
    """As `compare`, as after a build that was stopped before it published; or that a rollback holds."""
    differences = compare(snapshot, store)
    if differences:
        archive = store.digest()
        held = held_back(home, snapshot, store.versions().keys, lambda manifest: manifest.archive == archive)
        if held:
            return [f"the database holds the posts of {held}, {told_of_rollback(snapshot.name, held)}"]
    return differences
