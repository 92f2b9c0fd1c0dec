"""The posts that could not be taken, kept for the person who is to mend them."""

import csv
from array import array
from collections.abc import Iterator, Mapping, Set
from pathlib import Path

from ..core.errors import SourceError
from ..core.post import Post, Reject
from ..core.protocols import PostReader
from .ingest import author_digest

REJECTS = "rejects.csv"  # in a home

_HEADER = ["source", "row", "reason"]
_FORGOTTEN = "its author was forgotten"


class Rejects:
    """Parts a source's posts from its rejects, and writes these into a CSV of source, row and reason."""

    def __init__(self, reader: PostReader, path: Path) -> None:
        """path: of the CSV; what other sources have in there stays."""
        self.path = path
        self._reader = reader
        self._rejects: list[Reject] = []
        self._unreadable: list[Reject] = []
        # Which rows a photo stands in, for those that later turn out not to be photos: 16 bytes a post.
        self._photos = array("Q")
        self._rows = array("Q")

    def __len__(self) -> int:
        return len(self._rejects) + len(self._unreadable)

    def first(self) -> str | None:
        """The first row that was rejected and why, if any was."""
        first = min([*self._rejects, *self._unreadable], key=lambda reject: reject.row, default=None)
        return f"{first.row}: {first.reason}" if first else None

    def sift(self, forgotten: Set[str], to_the_end: bool = False) -> Iterator[Post]:
        """The posts, in order. forgotten: whose posts are rejected, as `SqlPostStore.forgotten` tells.

        to_the_end: the last row must be whole. Raises SourceError at the end where it is not, and where there was no
        post, or none with a hashtag: an archive is not emptied by a wrong path or a wrong column.
        """
        posts = carriers = 0
        last: Reject | None = None
        for row, entry in enumerate(self._reader.read(), start=1):
            last = entry if isinstance(entry, Reject) else None
            if isinstance(entry, Reject):
                self._rejects.append(entry)
                continue
            if entry.author and author_digest(entry.author) in forgotten:
                self._rejects.append(Reject(self._reader.source, row, _FORGOTTEN))
                continue
            posts += 1
            carriers += bool(entry.hashtags)
            if entry.photo:
                self._photos.append(_short(entry.photo.digest))
                self._rows.append(row)
            yield entry
        if self._rejects and not posts:
            raise SourceError(
                f"no post of {self._reader.source} could be taken; row {self.first()}; "
                f"every row and its reason stand in {self.path}"
            )
        if to_the_end and last and last.torn:
            raise SourceError(
                f"{self._reader.source} ends with a broken row, {last.row}: {last.reason}; it looks half written, so "
                "nothing is taken from it until it is whole"
            )
        if not posts:
            raise SourceError(f"{self._reader.source} holds no post; an archive is not emptied by an empty source")
        if not carriers:
            raise SourceError(
                f"{self._reader.source} has {posts} posts and none carries a hashtag, so there is nothing to suggest "
                "from; name the column that holds them with --hashtags-column"
            )

    def set_unreadable(self, reasons: Mapping[str, str]) -> None:
        """Exactly the posts with these photos (digest: reason) are rejected because of their photo."""
        short = {_short(digest): reason for digest, reason in reasons.items()}
        photos = zip(self._photos, self._rows, strict=True)
        self._unreadable = [Reject(self._reader.source, row, short[photo]) for photo, row in photos if photo in short]

    def write(self) -> None:
        """Write the file anew, in the order of the source; no file where there is nothing to tell."""
        rejects = sorted([*self._rejects, *self._unreadable], key=lambda reject: reject.row)
        own = [[reject.source, str(reject.row), reject.reason] for reject in rejects]
        _write(self.path, _lines_of_others(self.path, self._reader.source) + own)


def drop_rejects(path: Path, source: str) -> None:
    """Take the rejects of a source that is read no more out of the CSV."""
    _write(path, _lines_of_others(path, source))


def _write(path: Path, lines: list[list[str]]) -> None:
    if not lines:
        path.unlink(missing_ok=True)
        return
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([_HEADER, *lines])
    partial.replace(path)


def _lines_of_others(path: Path, source: str) -> list[list[str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [line for line in csv.reader(file) if line != _HEADER and line[:1] != [source]]


def _short(digest: str) -> int:
    return int(digest[:16], 16)
