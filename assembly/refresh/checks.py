"""Holding a new snapshot against its gates: gathers what they are worked out from."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from ...core.errors import RefusedError, SnapshotError
from ...core.post import ADDED
from ...core.protocols import PostStore
from ...core.settings import Thresholds
from ...core.sources import KnownSource
from ...core.vectors import Rows
from ...index.snapshots import gates
from ...index.snapshots.build import Draft, read_rows
from ...index.snapshots.gates import Gate, HeldOut
from ...index.snapshots.history import RunRecord
from ...index.snapshots.snapshot import Snapshot, damage
from ...index.snapshots.verify import compare, count
from ...index.vectors.recall import recall
from ...index.vectors.registry import is_exact, read_index
from ...retrieval.learned import learned_report


def check_soundness(draft: Draft, store: PostStore) -> list[Gate]:
    """Whether a snapshot is what was written, finds what it should find, and is of the database."""
    snapshot = draft.snapshot
    speaking = [channel for channel in draft.channels if channel.record.vectors]
    found, least = {}, {}
    for channel in speaking:
        record = channel.record
        found[record.channel] = recall(read_index(record.index, snapshot.folder / record.channel), channel.vectors)
        least[record.channel] = gates.LEAST_EXACT if is_exact(record.index) else record.limits.recall
    return [
        gates.checksums(damage(snapshot), len(snapshot.manifest.files)),
        gates.recall(found, least),
        gates.database([*count(snapshot), *compare(snapshot, store)], snapshot.manifest.posts),
    ]


def check_quality(draft: Draft, serving: Snapshot | None, thresholds: Thresholds) -> list[Gate]:
    """Whether what was learned anew is as good as what serves; nothing where it was carried over."""
    lineage = draft.snapshot.manifest.learned
    if serving is None or lineage is None or lineage.snapshot != draft.snapshot.name:
        return []
    before, after = _held_out(serving.folder), _held_out(draft.snapshot.folder)
    return [gates.quality(before, after, thresholds.max_quality_drop)]


def check_shrink(posts: Rows, serving: Snapshot | None, leaving: Collection[str], thresholds: Thresholds) -> list[Gate]:
    """Whether too many posts are gone, leaving aside the sources that are to leave; nothing where none serves.

    posts: (n,) keys of those of the new snapshot.
    """
    if serving is None:
        return []
    rows = np.flatnonzero(~np.isin(serving.archive.keys, posts))
    gone = Counter(serving.archive.neighbour(row, "", 0, 0).source for row in rows.tolist())
    before = staying(serving.manifest.sources, leaving)
    return [gates.shrink(before, staying(gone, leaving), thresholds.max_shrink)]


def check_photos(draft: Draft, serving: Snapshot | None, thresholds: Thresholds) -> list[Gate]:
    """Whether too many photos are gone from posts that stay; nothing if none serves."""

    def photos(snapshot: Snapshot, other: Snapshot) -> int:
        record = next((record for record in snapshot.manifest.channels if record.channel == "image"), None)
        if record is None or not record.vectors:
            return 0
        keys = snapshot.archive.keys[read_rows(snapshot.folder / record.channel, record.vectors)]
        return int(np.isin(keys, other.archive.keys).sum())

    if serving is None:
        return []
    had, has = photos(serving, draft.snapshot), photos(draft.snapshot, serving)
    return [gates.photos(had, max(0, had - has), thresholds.max_shrink)]


def leaving_of(known: Sequence[KnownSource], serving: Snapshot | None) -> set[str]:
    """The sources whose posts leave by a person's word.

    Those are the sources that were removed, also if nothing is left of them but the posts in service, and that of the
    posts added one by one.
    """
    removed = {source.name for source in known if source.leaves_at}
    served = serving.manifest.sources.keys() if serving else set()
    return removed | (served - {source.name for source in known})


def staying(posts: Mapping[str, int], leaving: Collection[str]) -> dict[str, int]:
    """Posts by source, without the sources that are to leave, and those added one by one, which a person removes."""
    return {source: n for source, n in posts.items() if source not in leaving and source != ADDED}


def refuse(found: Sequence[Gate], run: RunRecord) -> None:
    """Raises RefusedError where a gate was not passed, and records why."""
    for gate in found:
        if not gate.passed:
            reason = f"the new snapshot is refused ({gate.name}): {gate.words}; the previous one stays in service"
            run.refuse(reason)
            raise RefusedError(reason)


def _held_out(folder: Path) -> HeldOut | None:
    try:
        report = learned_report(folder)
    except SnapshotError:
        return None
    if report is None:
        return None
    best = report.reranker_f1 if report.ships else report.vote_f1
    return HeldOut(report.posts, best[5], report.auto_f1)
