"""The posts of a snapshot: the matrix of posts and hashtags, authors, dates, captions and the paths of photos."""

import json
import math
import mmap
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import NotFoundError, PhotoError, SnapshotError
from ...core.post import Post, normalise_hashtag
from ...core.protocols import StoredPost
from ...core.results import Neighbour
from ...core.vectors import Rows, read_array
from .lease import Hold

_PHOTO_KEY = re.compile(r"([0-9]{1,18})-([0-9]{1,9})")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class PostTable:
    """What the vote sees of posts, collected one after another as numbers: see `Archive` for the columns.

    Hashtags and authors are numbered on from those that are known before the first post.
    """

    def __init__(self, hashtags: Iterable[str] = (), authors: Iterable[str] = ()) -> None:
        """hashtags: (m,) normalised, and authors: (a,), that are known already."""
        self.pointers = array("q", [0])
        self.columns = array("q")
        self.author_of = array("q")
        self.posted = array("d")
        self._column_of = {hashtag: column for column, hashtag in enumerate(hashtags)}
        self._place_of = {author: place for place, author in enumerate(authors)}
        self._known = len(self._column_of)
        self._forms: defaultdict[int, Counter[str]] = defaultdict(Counter)

    def add(self, post: Post) -> None:
        """One more post."""
        for form in post.hashtags:
            column = self._column_of.setdefault(normalise_hashtag(form), len(self._column_of))
            self._forms[column][form] += 1
            self.columns.append(column)
        self.pointers.append(len(self.columns))
        author = post.author
        self.author_of.append(-1 if author is None else self._place_of.setdefault(author, len(self._place_of)))
        self.posted.append(_days(post.posted_at))

    @property
    def hashtags(self) -> list[str]:
        """All hashtags so far, those known before and then the new ones."""
        return list(self._column_of)

    @property
    def authors(self) -> list[str]:
        """All authors so far, in the same way."""
        return list(self._place_of)

    def new_shown(self) -> list[str]:
        """The new hashtags as most posted."""
        new = (self._forms[column] for column in range(self._known, len(self._column_of)))
        return [max(sorted(forms), key=lambda form, forms=forms: forms[form]) for forms in new]  # type: ignore[misc]


class ArchiveWriter:
    """Writes posts one after another; memory holds their numbers and the hashtags, not their texts."""

    def __init__(self, folder: Path) -> None:
        """folder: of the snapshot under way."""
        self._folder = folder
        self._keys = array("q")
        self._offsets = array("q", [0])
        self._table = PostTable()
        self.sources: Counter[str] = Counter()

    def write(self, posts: Iterable[StoredPost]) -> Rows:
        """Write all posts. Returns their keys (n,) int64 in the order of rows."""
        with (self._folder / "posts.jsonl").open("wb") as lines:
            for stored in posts:
                self._offsets.append(self._offsets[-1] + lines.write(_line(stored.post)))
                self._keys.append(stored.key)
                self._table.add(stored.post)
                self.sources[stored.post.source] += 1
        for name, numbers in [
            ("posts.offsets", self._offsets),
            ("posts.keys", self._keys),
            ("posts.authors", self._table.author_of),
            ("posts.posted", self._table.posted),
            ("carried.pointers", self._table.pointers),
            ("carried.columns", self._table.columns),
        ]:
            np.save(self._folder / f"{name}.npy", np.asarray(numbers))
        hashtags = {"normalised": self._table.hashtags, "shown": self._table.new_shown()}
        for name, document in [("hashtags", hashtags), ("authors", self._table.authors)]:
            text = json.dumps(document, ensure_ascii=False)
            (self._folder / f"{name}.json").write_text(text, encoding="utf-8")
        return np.frombuffer(self._keys, dtype=np.int64)

    @property
    def n_hashtags(self) -> int:
        """Distinct hashtags so far."""
        return len(self._table.hashtags)


class SnapshotArchive:
    """Reads what `ArchiveWriter` wrote; satisfies core's `Archive`."""

    def __init__(self, folder: Path, hold: Hold | None = None) -> None:
        """hold: on the snapshot, kept until the archive is closed. Raises SnapshotError on files that do not fit."""
        self._hold = hold
        try:
            hashtags = json.loads((folder / "hashtags.json").read_text(encoding="utf-8"))
            self.hashtags: list[str] = hashtags["normalised"]
            self.shown: list[str] = hashtags["shown"]
            self.authors: list[str] = json.loads((folder / "authors.json").read_text(encoding="utf-8"))
            self._offsets, self.keys, pointers, columns = (
                read_array(folder / f"{name}.npy")
                for name in ("posts.offsets", "posts.keys", "carried.pointers", "carried.columns")
            )
            self.author_of: Rows = read_array(folder / "posts.authors.npy")
            self.posted: NDArray[np.float64] = read_array(folder / "posts.posted.npy")
            with (folder / "posts.jsonl").open("rb") as lines:
                self._lines = mmap.mmap(lines.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, EOFError, ValueError, KeyError) as error:
            raise SnapshotError(f"the posts in {folder} cannot be read: {error}") from error
        self.labels = (pointers, columns)
        n = len(self.keys)
        consistent = (
            len(self._offsets) == len(pointers) == n + 1
            and len(self.author_of) == len(self.posted) == n
            and self._offsets[-1] == len(self._lines)
            and pointers[-1] == len(columns)
            and len(self.hashtags) == len(self.shown)
            and (len(columns) == 0 or columns.max() < len(self.hashtags))
            and (n == 0 or -1 <= self.author_of.min() <= self.author_of.max() < len(self.authors))
        )
        if not consistent:
            raise SnapshotError(f"the posts in {folder} and their hashtags do not fit together")

    def close(self) -> None:
        """See `Archive.close`."""
        if self._hold is not None:
            self._hold.close()

    def neighbour(self, row: int, channel: str, similarity: float, share: float, photo: int = 0) -> Neighbour:
        """See `Archive.neighbour`."""
        if not 0 <= row < len(self.keys):
            raise IndexError(f"row {row} of {len(self.keys)} posts")
        post = self._post(row)
        photos = _photos(post)
        return Neighbour(
            source=post["source"],
            post=post["post"],
            channel=channel,
            similarity=similarity,
            share=share,
            caption=post["caption"],
            photo=Path(photos[photo]) if photos else None,
            photo_key=make_photo_key(int(self.keys[row]), photo) if photos else None,
        )

    def photo(self, key: str) -> Path:
        """See `Archive.photo`."""
        post, number = parse_photo_key(key)
        rows = np.flatnonzero(self.keys == post)
        photos = _photos(self._post(int(rows[0]))) if len(rows) else []
        if number >= len(photos):
            raise NotFoundError(f"the archive has no photo {key}")
        return Path(photos[number])

    def _post(self, row: int) -> dict[str, Any]:
        post: dict[str, Any] = json.loads(self._lines[self._offsets[row] : self._offsets[row + 1]])
        return post


def make_photo_key(post: int, number: int) -> str:
    """`Neighbour.photo_key` of a post's photo. post: `StoredPost.key`. number: which of its photos, from 0."""
    return f"{post}-{number}"


def parse_photo_key(key: str) -> tuple[int, int]:
    """Post and number of a photo, as `make_photo_key` takes them. Raises PhotoError on any other text."""
    match = _PHOTO_KEY.fullmatch(key)
    if match is None:
        raise PhotoError(f"{key!r} is no key of a photo")
    return int(match[1]), int(match[2])


def _photos(post: Mapping[str, Any]) -> list[str]:
    # Before a post could have several, a snapshot had the one or null.
    return post["photos"] if "photos" in post else [post["photo"]] if post["photo"] else []


def _days(moment: datetime | None) -> float:
    """Since 1970-01-01 UTC; NaN for None. A moment without a zone is taken as UTC, as in the database."""
    if moment is None:
        return math.nan
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) / timedelta(days=1)


def _line(post: Post) -> bytes:
    fields = {
        "source": post.source,
        "post": post.post_id,
        "caption": post.caption,
        "photos": [str(photo.path) for photo in post.photos],
    }
    return json.dumps(fields, ensure_ascii=False).encode() + b"\n"
