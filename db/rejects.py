"""The posts that could not be taken, kept for the person who is to mend them."""

import csv
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path

from ..core.errors import SourceError
from ..core.post import Flaw, Post, Reject
from ..core.protocols import PostReader, RejectCounts
from .ingest import author_digest

REJECTS = "rejects.csv"  # in a home

_HEADER = ["source", "row", "reason", "lost"]
_POST = "post"  # what is lost with a reject
_PHOTO = "photo"
_TOLD = 3  # reasons in an error
_FORGOTTEN = "its author was forgotten"


class Rejects:
    """Parts a source's posts from its rejects, and writes these into a CSV of source, row, reason and what is lost."""

    def __init__(self, reader: PostReader, path: Path) -> None:
        """path: of the CSV; what other sources have in there stays."""
        self.path = path
        self._reader = reader
        self._rejects: list[Reject] = []
        self._flaws: list[tuple[int, Flaw]] = []
        self._unreadable: dict[int, str] = {}
        # Which rows a photo stands in, for those that later turn out not to be photos: 16 bytes a photo.
        self._photos = array("Q")
        self._rows = array("Q")
        self._captioned = bytearray()  # by photo, whether its post has a caption

    def counts(self) -> RejectCounts:
        """How many posts could not be taken, or not whole."""
        lines = self._lines()
        lost = [line for line in lines if line[2] == _POST]
        rows = {row for row, _, _ in lost}
        incomplete = [line for line in lines if line[0] not in rows]
        return RejectCounts(
            len(lost),
            len({row for row, _, _ in incomplete}),
            _first(lost),
            _first(incomplete),
            self.path if lines else None,
        )

    def sift(self, forgotten: Set[str], to_the_end: bool = False, had_photos: bool = False) -> Iterator[Post]:
        """The posts, in order. forgotten: whose posts are rejected, as `SqlPostStore.forgotten` tells.

        to_the_end: the last row must be whole. had_photos: whether the source had photos before. Raises SourceError at
        the end if that row is not whole, and if there was no post, none with a hashtag, or none of the photos that are
        named: an archive is not emptied by a wrong path or a wrong column.
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
            self._flaws += ((row, flaw) for flaw in entry.flaws)
            for photo in entry.photos:
                self._photos.append(_short(photo.digest))
                self._rows.append(row)
                self._captioned.append(bool(entry.caption))
            yield entry
        if self._rejects and not posts:
            raise SourceError(f"no post of {self._reader.source} could be read; {_told(self._lines())}")
        if to_the_end and last and last.torn:
            raise SourceError(
                f"{self._reader.source} ends with a broken row, {last.row}: {last.reason}; it looks half written, so "
                "nothing is read from it until it is complete"
            )
        lost_photos = _lost_photos(self._flaws)
        if had_photos and lost_photos and not self._photos:
            raise SourceError(
                f"none of the photos that {self._reader.source} names is there, and its posts had some before; "
                f"{lost_photos[0]}"
            )
        if not posts:
            raise SourceError(f"{self._reader.source} holds no post; an archive is not emptied by an empty source")
        if not carriers:
            raise SourceError(
                f"{self._reader.source} has {posts} posts and none carries a hashtag, so there is nothing to suggest "
                f"from; {self._reader.advice}"
            )

    def note_of_photos(self, tolerated: float) -> str | None:
        """What a person should know if more than this share of the photos that the posts name could not be taken.

        Those of rejects count, too: a post of photos alone is rejected if they are missing.
        """
        of_rejects = [(reject.row, flaw) for reject in self._rejects for flaw in reject.flaws]
        lost = _lost_photos(sorted([*self._flaws, *of_rejects], key=lambda line: line[0]))
        named = len(lost) + len(self._photos)
        if len(lost) <= tolerated * named:
            return None
        return f"{len(lost):,} of the {named:,} photos that the posts name could not be read, the first: {lost[0]}"

    def set_unreadable(self, reasons: Mapping[str, str]) -> None:
        """Exactly these photos (digest: reason) are lost; and with them their posts, if they have nothing else."""
        self._unreadable = {_short(digest): reason for digest, reason in reasons.items()}

    def write(self) -> None:
        """Write the file anew, in the order of the source; no file where there is nothing to tell."""
        own = [[self._reader.source, str(row), reason, lost] for row, reason, lost in self._lines()]
        _write(self.path, _lines_of_others(self.path, self._reader.source) + own)

    def _lines(self) -> list[tuple[int, str, str]]:
        """Row, reason and what is lost, in the order of the source."""
        lines = [(reject.row, reject.reason, _POST) for reject in self._rejects]
        lines += [(row, flaw.reason, flaw.part) for row, flaw in self._flaws]
        lines += self._unreadable_lines() if self._unreadable else ()
        return sorted(lines, key=lambda line: line[0])

    def _unreadable_lines(self) -> Iterator[tuple[int, str, str]]:
        photos = list(zip(self._photos, self._rows, self._captioned, strict=True))
        kept = {row for photo, row, captioned in photos if captioned or photo not in self._unreadable}
        told: set[int] = set()
        for photo, row, _ in photos:
            if photo in self._unreadable and (row in kept or row not in told):
                told.add(row)
                yield row, self._unreadable[photo], _PHOTO if row in kept else _POST


def _lost_photos(flaws: Iterable[tuple[int, Flaw]]) -> list[str]:
    """Why each photo that could not be taken was not. flaws: by row."""
    return [flaw.reason for _, flaw in flaws if flaw.part == _PHOTO]


def _first(lines: Sequence[tuple[int, str, str]]) -> str | None:
    return f"{lines[0][0]}: {lines[0][1]}" if lines else None


def _told(lines: Sequence[tuple[int, str, str]]) -> str:
    """The first row for each of the commonest reasons, and how many rows there are."""
    rows: dict[str, list[int]] = {}
    for row, reason, _ in lines:
        rows.setdefault(reason, []).append(row)
    often = sorted(rows.items(), key=lambda told: -len(told[1]))[:_TOLD]
    told = [f"row {of[0]}: {reason}" + (f" (and {len(of) - 1:,} more)" if len(of) > 1 else "") for reason, of in often]
    return "; ".join([*told, *([f"and {len(rows) - _TOLD:,} other reasons"] if len(rows) > _TOLD else [])])


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
        return [line for line in csv.reader(file) if line[:3] != _HEADER[:3] and line[:1] != [source]]


def _short(digest: str) -> int:
    return int(digest[:16], 16)
