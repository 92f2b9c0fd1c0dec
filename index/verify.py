"""Checks a home: files against their checksums, counts against each other, the database against the index."""

from pathlib import Path

from ..core.errors import SnapshotError
from ..core.protocols import PostStore
from .build import read_rows
from .kinds import read_index
from .snapshot import Snapshot, damage, named_snapshot


def verify(home: Path, store: PostStore) -> list[str]:
    """What is wrong, one sentence each; empty when all is well.

    Raises NoIndexError where no snapshot was published.
    """
    try:
        snapshot = named_snapshot(home)
    except SnapshotError as error:
        return [str(error)]
    harmed = [f"{harm}; run `hashtag index build` again" for harm in damage(snapshot)]
    return (harmed or count(snapshot)) + compare(snapshot, store)


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
                wrong.append(f"{folder} speaks of posts that the snapshot does not hold")
            vectors = len(read_index(record.index, folder))
            if vectors != record.vectors:
                wrong.append(f"{folder} holds {vectors} vectors, its manifest says {record.vectors}")
    except SnapshotError as error:
        wrong.append(str(error))
    return wrong


def compare(snapshot: Snapshot, store: PostStore) -> list[str]:
    """Whether a snapshot is of the posts that the database holds; what is wrong, one sentence each.

    Posts that were added one by one since the index was built are no fault: suggestions know them all the same.
    """
    known = set(snapshot.archive.keys.tolist())
    since = {stored.key for stored in store.added() if stored.key not in known}
    if store.digest(without=since) == snapshot.manifest.archive:
        return []
    n = sum(1 for stored in store.posts() if stored.key not in since)
    if n != snapshot.manifest.posts:
        return [f"the database holds {n} posts, the index {snapshot.manifest.posts}; run `hashtag index build` again"]
    return ["posts have changed in the database since the index was built; run `hashtag index build` again"]
