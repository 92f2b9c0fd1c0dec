"""An archive that has grown since its snapshot: the newcomers lie in memory, the snapshot stays as it is."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...core.protocols import Archive, StoredPost
from ...core.results import Neighbour
from ...core.string_table import ExtendedStrings, extend
from ...core.vectors import Numbers, Rows
from .archive import PostTable, make_photo_key, parse_photo_key


class ExtendedArchive:
    """The posts of an archive and, after them, some more, and hashtags that none carries; satisfies core's `Archive`.

    New hashtags and authors come after those known. A hashtag that is known stays as it was shown.
    """

    def __init__(self, archive: Archive, posts: Sequence[StoredPost], hashtags: Sequence[str] = ()) -> None:
        """posts: in the order of the rows that they get. hashtags: normalised; they come last."""
        table = PostTable()
        for stored in posts:
            table.add(stored.post)
        self._archive = archive
        self._posts = posts
        carried, shown = table.hashtags, table.shown()
        self.hashtags, column_of = extend(archive.hashtags, carried)
        new = np.flatnonzero(column_of >= len(archive.hashtags)).tolist()
        known = self.hashtags.find(hashtags)
        uncarried = list(dict.fromkeys(hashtags[i] for i in np.flatnonzero(known < 0).tolist()))
        self.hashtags, _ = extend(self.hashtags, uncarried)
        self.shown = ExtendedStrings(archive.shown, [*(shown[i] for i in new), *uncarried])
        n, m = len(archive.author_of), len(self.hashtags)
        more, columns = np.asarray(table.pointers), column_of[np.asarray(table.columns)]
        self.labels = _append(archive.labels, more, columns)
        self.carriers = _insert(archive.carriers, n + np.repeat(np.arange(len(posts)), np.diff(more)), columns, m)
        self.authors, place_of = extend(archive.authors, table.authors)
        author_of = np.append(place_of, -1)[np.asarray(table.author_of)]
        self.author_of = np.concatenate([archive.author_of, author_of])
        self.posted = np.concatenate([archive.posted, np.asarray(table.posted)])

    def close(self) -> None:
        """See `Archive.close`."""
        self._archive.close()

    def neighbour(self, row: int, channel: str, similarity: float, share: float, photo: int = 0) -> Neighbour:
        """See `Archive.neighbour`."""
        known = len(self.author_of) - len(self._posts)
        if row < known:
            return self._archive.neighbour(row, channel, similarity, share, photo)
        if row >= len(self.author_of):
            raise IndexError(f"row {row} of {len(self.author_of)} posts")
        stored = self._posts[row - known]
        post = stored.post
        return Neighbour(
            source=post.source,
            post=post.post_id,
            channel=channel,
            similarity=similarity,
            share=share,
            caption=post.caption,
            photo=post.photos[photo].path if post.photos else None,
            photo_key=make_photo_key(stored.key, photo) if post.photos else None,
        )

    def photo(self, key: str) -> Path:
        """See `Archive.photo`."""
        wanted, number = parse_photo_key(key)
        for stored in self._posts:
            if stored.key == wanted and number < len(stored.post.photos):
                return stored.post.photos[number].path
        return self._archive.photo(key)


def _append(labels: tuple[Numbers, Numbers], pointers: Numbers, columns: Rows) -> tuple[Numbers, Numbers]:
    """`Archive.labels` with more posts after the others. pointers, columns: theirs."""
    known, carried = labels
    more = (known[-1] + pointers[1:]).astype(known.dtype)
    return np.concatenate([known, more]), np.concatenate([carried, columns.astype(carried.dtype)])


def _insert(carriers: tuple[Numbers, Numbers], rows: Rows, columns: Rows, m: int) -> tuple[Numbers, Numbers]:
    """`Archive.carriers` with more posts behind those of each of m hashtags. rows, columns: (p,) who carries what."""
    known, posts = carriers
    order = np.argsort(columns, kind="stable")
    pointers = np.pad(known, (0, m + 1 - len(known)), mode="edge")
    together = np.insert(posts, pointers[columns[order] + 1], rows[order].astype(posts.dtype))
    added = np.concatenate([[0], np.cumsum(np.bincount(columns, minlength=m))])
    return (pointers + added).astype(known.dtype), together
