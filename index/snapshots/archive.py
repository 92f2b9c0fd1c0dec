"""The posts of a snapshot: the matrix of posts and hashtags, authors, dates, captions and the paths of photos."""

import json
import math
import mmap
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import NotFoundError, PhotoError, SnapshotError
from ...core.post import Post, normalise_author, normalise_hashtag
from ...core.protocols import StoredPost
from ...core.results import Neighbour
from ...core.string_table import Strings, StringTable, Table, write_strings
from ...core.vectors import Numbers, Rows, read_array
from .lease import Hold

_PHOTO_KEY = re.compile(r"([0-9]{1,18})-([0-9]{1,9})")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class PostTable:
    """What the vote sees of posts, collected one after another as numbers: see `Archive` for the columns.

    Hashtags and authors are numbered as they come.
    """

    def __init__(self) -> None:
        self.pointers = array("q", [0])
        self.columns = array("i")
        self.author_of = array("q")
        self.posted = array("d")
        self._column_of: dict[str, int] = {}
        self._place_of: dict[str, int] = {}
        self._forms: defaultdict[int, Counter[str]] = defaultdict(Counter)

    def add(self, post: Post) -> None:
        """One more post."""
        for form in post.hashtags:
            column = self._column_of.setdefault(normalise_hashtag(form), len(self._column_of))
            self._forms[column][form] += 1
            self.columns.append(column)
        self.pointers.append(len(self.columns))
        author = None if post.author is None else normalise_author(post.author)
        self.author_of.append(-1 if author is None else self._place_of.setdefault(author, len(self._place_of)))
        self.posted.append(_days(post.posted_at))

    @property
    def n_hashtags(self) -> int:
        """Distinct hashtags so far."""
        return len(self._column_of)

    @property
    def hashtags(self) -> list[str]:
        """All hashtags so far."""
        return list(self._column_of)

    @property
    def authors(self) -> list[str]:
        """All authors so far."""
        return list(self._place_of)

    def shown(self) -> list[str]:
        """The hashtags as most posted."""
        forms_of = (self._forms[column] for column in range(self.n_hashtags))
        return [max(sorted(forms), key=lambda form, forms=forms: forms[form]) for forms in forms_of]  # type: ignore[misc]


class ArchiveWriter:
    """Writes posts one after another.

    Memory holds their numbers and each distinct hashtag with its forms, not their texts: some 50 bytes a post and 5 a
    hashtag of a post, and at most 1 KB a distinct hashtag.
    """

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
        pointers, columns = _as_scipy(np.asarray(self._table.pointers)), np.asarray(self._table.columns)
        carrier_pointers, carriers = _transpose(pointers, columns, self.n_hashtags)
        for name, numbers in [
            ("posts.offsets", self._offsets),
            ("posts.keys", self._keys),
            ("posts.authors", self._table.author_of),
            ("posts.posted", self._table.posted),
            ("carried.pointers", pointers),
            ("carried.columns", columns),
            ("carriers.pointers", carrier_pointers),
            ("carriers.rows", carriers),
        ]:
            np.save(self._folder / f"{name}.npy", np.asarray(numbers))
        StringTable.of(self._table.hashtags).write(self._folder, "hashtags")
        write_strings(self._folder, "hashtags.shown", self._table.shown())
        StringTable.of(self._table.authors).write(self._folder, "authors")
        return np.frombuffer(self._keys, dtype=np.int64)

    @property
    def n_hashtags(self) -> int:
        """Distinct hashtags so far."""
        return self._table.n_hashtags


class SnapshotArchive:
    """Reads what `ArchiveWriter` wrote; satisfies core's `Archive`.

    All of it is mapped into memory and read where it is used. Releases up to 0.1 wrote hashtags and authors as JSON,
    and which post carries which hashtags in one order only; the rest is made here, as if it had been written.
    """

    def __init__(self, folder: Path, hold: Hold | None = None) -> None:
        """hold: on the snapshot, kept until the archive is closed. Raises SnapshotError on files that do not fit."""
        self._hold = hold
        try:
            self._offsets, self.keys, pointers, columns = (
                read_array(folder / f"{name}.npy")
                for name in ("posts.offsets", "posts.keys", "carried.pointers", "carried.columns")
            )
            self.author_of: Rows = read_array(folder / "posts.authors.npy")
            self.posted: NDArray[np.float64] = read_array(folder / "posts.posted.npy")
            with (folder / "posts.jsonl").open("rb") as lines:
                self._lines = mmap.mmap(lines.fileno(), 0, access=mmap.ACCESS_READ)
            self.hashtags: Table
            self.shown: Sequence[str]
            self.authors: Table
            if not (folder / "hashtags.utf8").exists():
                hashtags = json.loads((folder / "hashtags.json").read_text(encoding="utf-8"))
                self.hashtags, self.shown = StringTable.of(hashtags["normalised"]), hashtags["shown"]
                names = json.loads((folder / "authors.json").read_text(encoding="utf-8"))
                self.authors, self.author_of = _normalise_authors(names, self.author_of)
                carriers = None
            else:
                self.hashtags, self.shown = StringTable.read(folder, "hashtags"), Strings.read(folder, "hashtags.shown")
                self.authors = StringTable.read(folder, "authors")
                carriers = (read_array(folder / "carriers.pointers.npy"), read_array(folder / "carriers.rows.npy"))
        except (OSError, EOFError, ValueError, KeyError) as error:
            raise SnapshotError(f"the posts in {folder} cannot be read: {error}") from error
        n, m = len(self.keys), len(self.hashtags)
        consistent = (
            len(self._offsets) == len(pointers) == n + 1
            and len(self.author_of) == len(self.posted) == n
            and self._offsets[-1] == len(self._lines)
            and pointers[-1] == len(columns)
            and m == len(self.shown)
            and (len(columns) == 0 or columns.max() < m)
            and (n == 0 or -1 <= self.author_of.min() <= self.author_of.max() < len(self.authors))
            and (carriers is None or len(carriers[0]) == m + 1 and carriers[0][-1] == len(carriers[1]) == len(columns))
        )
        if not consistent:
            raise SnapshotError(f"the posts in {folder} and their hashtags do not fit together")
        self.labels = (pointers, columns)
        self.carriers = _transpose(pointers, columns, m) if carriers is None else carriers

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


def _as_scipy(numbers: Rows) -> Numbers:
    """In the type that SciPy takes for the indices of a sparse matrix, so that it makes no copy."""
    return numbers if numbers.max(initial=0) > np.iinfo(np.int32).max else numbers.astype(np.int32)


def _transpose(pointers: Numbers, columns: Numbers, m: int) -> tuple[Numbers, Numbers]:
    """`Archive.carriers` of `Archive.labels`."""
    rows = np.repeat(np.arange(len(pointers) - 1, dtype=np.int32), np.diff(pointers))
    ends = np.cumsum(np.bincount(columns, minlength=m))
    return _as_scipy(np.concatenate([[0], ends])), rows[np.argsort(columns, kind="stable")]


def _normalise_authors(names: Sequence[str], author_of: Rows) -> tuple[StringTable, Rows]:
    """Authors by their normalised names, and whose posts are whose. author_of: by the names as they were posted."""
    place_of: dict[str, int] = {}
    places = [place_of.setdefault(normalise_author(name), len(place_of)) for name in names]
    if author_of.max(initial=-1) >= len(names) or author_of.min(initial=0) < -1:
        raise ValueError("it has posts of unknown authors")
    return StringTable.of(place_of), np.asarray([*places, -1], dtype=np.int64)[author_of]


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
