"""The posts that could not be taken, kept for the person who is to mend them."""

import csv
from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..core.post import Post, Reject
from ..core.protocols import PostReader


class Rejects:
    """Parts a source's posts from its rejects, and keeps these for the person who is to mend them."""

    def __init__(self, reader: PostReader) -> None:
        self._reader = reader
        self._rejects: list[Reject] = []
        # Which rows a photo stands in, for those that later turn out not to be photos: 16 bytes a post.
        self._photos = array("Q")
        self._rows = array("Q")

    def sift(self) -> Iterator[Post]:
        """The posts, in order."""
        for row, entry in enumerate(self._reader.read(), start=1):
            if isinstance(entry, Reject):
                self._rejects.append(entry)
                continue
            if entry.photo:
                self._photos.append(_short(entry.photo.digest))
                self._rows.append(row)
            yield entry

    def write(self, path: Path, unreadable: Mapping[str, str]) -> int:
        """Write them all in the order of the source, with those whose photo (by digest) is unreadable; count them."""
        reasons = {_short(digest): reason for digest, reason in unreadable.items()}
        late = [
            Reject(self._reader.source, row, reasons[photo])
            for photo, row in zip(self._photos, self._rows, strict=True)
            if photo in reasons
        ]
        rejects = sorted([*self._rejects, *late], key=lambda reject: reject.row)
        path.unlink(missing_ok=True)
        if rejects:
            with path.open("w", encoding="utf-8", newline="") as file:
                table = csv.writer(file)
                table.writerow(["source", "row", "reason"])
                table.writerows((reject.source, reject.row, reject.reason) for reject in rejects)
        return len(rejects)


def _short(digest: str) -> int:
    return int(digest[:16], 16)
