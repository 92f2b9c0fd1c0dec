"""An archive that has grown since its snapshot: the newcomers lie in memory, the snapshot stays as it is."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...core.protocols import Archive, StoredPost
from ...core.results import Neighbour
from .archive import PostTable, make_photo_key, parse_photo_key


class ExtendedArchive:
    """The posts of an archive and, after them, some more, and hashtags that none carries; satisfies core's `Archive`.

    New hashtags and authors come after those known. A hashtag that is known stays as it was shown.
    """

    def __init__(self, archive: Archive, posts: Sequence[StoredPost], hashtags: Sequence[str] = ()) -> None:
        """posts: in the order of the rows that they get. hashtags: normalised; they come last."""
        table = PostTable(archive.hashtags, archive.authors)
        for stored in posts:
            table.add(stored.post)
        pointers, columns = archive.labels
        more = np.asarray(table.pointers)[1:]
        self._archive = archive
        self._posts = posts
        carried = dict.fromkeys(table.hashtags)
        uncarried = [hashtag for hashtag in dict.fromkeys(hashtags) if hashtag not in carried]
        self.hashtags = [*carried, *uncarried]
        self.shown = [*archive.shown, *table.new_shown(), *uncarried]
        self.labels = (
            np.concatenate([pointers, pointers[-1] + more]),
            np.concatenate([columns, np.asarray(table.columns)]),
        )
        self.authors = table.authors
        self.author_of = np.concatenate([archive.author_of, np.asarray(table.author_of)])
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
