"""The posts of a snapshot: a matrix of who carries what, and the text that evidence quotes."""

import json
import mmap
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from ..core.errors import SnapshotError
from ..core.post import Post, normalise_hashtag
from ..core.protocols import StoredPost
from ..core.results import Neighbour
from ..core.vectors import Rows

_QUOTED = 200  # characters of a caption that evidence shows


class ArchiveWriter:
    """Writes posts one after another; memory holds their numbers and the hashtags, not their texts."""

    def __init__(self, folder: Path) -> None:
        """folder: of the snapshot under way."""
        self._folder = folder
        self._keys = array("q")
        self._pointers = array("q", [0])
        self._columns = array("q")
        self._offsets = array("q", [0])
        self._column_of: dict[str, int] = {}
        self._forms: list[Counter[str]] = []
        self.sources: Counter[str] = Counter()

    def write(self, posts: Iterable[StoredPost]) -> Rows:
        """Write all posts. Returns their keys (n,) int64 in the order of rows."""
        with (self._folder / "posts.jsonl").open("wb") as lines:
            for stored in posts:
                self._offsets.append(self._offsets[-1] + lines.write(_line(stored.post)))
                self._add(stored)
        for name, numbers in [
            ("posts.offsets", self._offsets),
            ("posts.keys", self._keys),
            ("carried.pointers", self._pointers),
            ("carried.columns", self._columns),
        ]:
            np.save(self._folder / f"{name}.npy", np.frombuffer(numbers, dtype=np.int64))
        shown = [max(sorted(forms), key=lambda form, forms=forms: forms[form]) for forms in self._forms]  # type: ignore[misc]
        hashtags = {"normalised": list(self._column_of), "shown": shown}
        (self._folder / "hashtags.json").write_text(json.dumps(hashtags, ensure_ascii=False), encoding="utf-8")
        return np.frombuffer(self._keys, dtype=np.int64)

    @property
    def n_hashtags(self) -> int:
        """Distinct hashtags so far."""
        return len(self._column_of)

    def _add(self, stored: StoredPost) -> None:
        self._keys.append(stored.key)
        self.sources[stored.post.source] += 1
        for form in stored.post.hashtags:
            column = self._column_of.setdefault(normalise_hashtag(form), len(self._column_of))
            if column == len(self._forms):
                self._forms.append(Counter())
            self._forms[column][form] += 1
            self._columns.append(column)
        self._pointers.append(len(self._columns))


class SnapshotArchive:
    """Reads what `ArchiveWriter` wrote; satisfies core's `Archive`."""

    def __init__(self, folder: Path) -> None:
        """Raises SnapshotError where the files contradict each other."""
        try:
            hashtags = json.loads((folder / "hashtags.json").read_text(encoding="utf-8"))
            self._hashtags: list[str] = hashtags["normalised"]
            self._shown: list[str] = hashtags["shown"]
            self._offsets, self.keys, pointers, columns = (
                np.load(folder / f"{name}.npy", allow_pickle=False)
                for name in ("posts.offsets", "posts.keys", "carried.pointers", "carried.columns")
            )
            with (folder / "posts.jsonl").open("rb") as lines:
                self._lines = mmap.mmap(lines.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError, KeyError) as error:
            raise SnapshotError(f"the posts in {folder} cannot be read: {error}") from error
        self._carried = (pointers, columns)
        n = len(self.keys)
        consistent = (
            len(self._offsets) == len(pointers) == n + 1
            and self._offsets[-1] == len(self._lines)
            and pointers[-1] == len(columns)
            and len(self._hashtags) == len(self._shown)
            and (len(columns) == 0 or columns.max() < len(self._hashtags))
        )
        if not consistent:
            raise SnapshotError(f"the posts in {folder} and their hashtags do not fit together")

    @property
    def hashtags(self) -> Sequence[str]:
        """See `Archive.hashtags`."""
        return self._hashtags

    @property
    def shown(self) -> Sequence[str]:
        """See `Archive.shown`."""
        return self._shown

    @property
    def carried(self) -> tuple[Rows, Rows]:
        """See `Archive.carried`."""
        return self._carried

    def neighbour(self, row: int, channel: str, similarity: float, share: float) -> Neighbour:
        """See `Archive.neighbour`."""
        if not 0 <= row < len(self.keys):
            raise IndexError(f"row {row} of {len(self.keys)} posts")
        post = json.loads(self._lines[self._offsets[row] : self._offsets[row + 1]])
        return Neighbour(
            source=post["source"],
            post=post["post"],
            channel=channel,
            similarity=similarity,
            share=share,
            caption=post["caption"],
            photo=Path(post["photo"]) if post["photo"] else None,
        )


def _line(post: Post) -> bytes:
    quoted = {
        "source": post.source,
        "post": post.post_id,
        "caption": post.caption[:_QUOTED],
        "photo": str(post.photo.path) if post.photo else None,
    }
    return json.dumps(quoted, ensure_ascii=False).encode() + b"\n"
