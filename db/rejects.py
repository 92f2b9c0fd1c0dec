"""The posts that could not be taken, kept for the person who is to mend them."""

import csv
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import NamedTuple

from ..core.advice import Advice, advised
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


class _Line(NamedTuple):
    """What of a row is lost, and why."""

    row: int
    reason: str
    lost: str
    advice: Advice | None = None

    @property
    def words(self) -> str:
        """The reason, and what to do."""
        return advised(self.reason, self.advice)


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
        lost = [line for line in lines if line.lost == _POST]
        rows = {line.row for line in lost}
        incomplete = [line for line in lines if line.row not in rows]
        return RejectCounts(
            len(lost),
            len({line.row for line in incomplete}),
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
            often = _commonest(self._lines())
            advice = next((rows[0].advice for rows in often if rows[0].advice), None)
            raise SourceError(f"no post of {self._reader.source} could be read; {_told(often)}", advice)
        if to_the_end and last and last.torn:
            raise SourceError(
                f"{self._reader.source}: its last row, row {last.row}, {last.reason}; the source looks half written, "
                "so nothing is read from it until it is complete"
            )
        lost_photos = _lost_photos(self._flaws)
        if had_photos and lost_photos and not self._photos:
            raise SourceError(
                f"{self._reader.source}: none of its photos could be read, but its posts had photos before; the first: "
                f"{lost_photos[0].reason}",
                lost_photos[0].advice,
            )
        if not posts:
            raise SourceError(f"{self._reader.source} holds no post, so nothing was changed")
        if not carriers:
            raise SourceError(
                f"{self._reader.source}: none of its {posts:,} posts carries a hashtag, so none can be suggested",
                self._reader.advice,
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
        first = advised(lost[0].reason, lost[0].advice)
        return f"{len(lost):,} of the {named:,} photos that the posts name could not be read, the first: {first}"

    def set_unreadable(self, reasons: Mapping[str, str]) -> None:
        """Exactly these photos (digest: reason) are lost; and with them their posts, if they have nothing else."""
        self._unreadable = {_short(digest): reason for digest, reason in reasons.items()}

    def write(self) -> None:
        """Write the file anew, in the order of the source; no file where there is nothing to tell."""
        own = [[self._reader.source, str(line.row), line.words, line.lost] for line in self._lines()]
        _write(self.path, _lines_of_others(self.path, self._reader.source) + own)

    def _lines(self) -> list[_Line]:
        """In the order of the source."""
        lines = [_Line(reject.row, reject.reason, _POST, reject.advice) for reject in self._rejects]
        lines += [_Line(row, flaw.reason, flaw.part, flaw.advice) for row, flaw in self._flaws]
        lines += self._unreadable_lines() if self._unreadable else ()
        return sorted(lines, key=lambda line: line.row)

    def _unreadable_lines(self) -> Iterator[_Line]:
        photos = list(zip(self._photos, self._rows, self._captioned, strict=True))
        kept = {row for photo, row, captioned in photos if captioned or photo not in self._unreadable}
        told: set[int] = set()
        for photo, row, _ in photos:
            if photo in self._unreadable and (row in kept or row not in told):
                told.add(row)
                yield _Line(row, self._unreadable[photo], _PHOTO if row in kept else _POST)


def _lost_photos(flaws: Iterable[tuple[int, Flaw]]) -> list[Flaw]:
    """The photos that could not be taken. flaws: by row."""
    return [flaw for _, flaw in flaws if flaw.part == _PHOTO]


def _first(lines: Sequence[_Line]) -> str | None:
    return f"{lines[0].row}: {lines[0].words}" if lines else None


def _commonest(lines: Sequence[_Line]) -> list[list[_Line]]:
    """The lines of each reason, the commonest reason first."""
    by_reason: dict[str, list[_Line]] = {}
    for line in lines:
        by_reason.setdefault(line.reason, []).append(line)
    return sorted(by_reason.values(), key=lambda of: -len(of))


def _told(often: Sequence[Sequence[_Line]]) -> str:
    """The first row for each of the commonest reasons, and how many rows there are."""
    told = [
        f"row {of[0].row}: {of[0].reason}" + (f" (and {len(of) - 1:,} more)" if len(of) > 1 else "")
        for of in often[:_TOLD]
    ]
    return "; ".join([*told, *([f"and {len(often) - _TOLD:,} other reasons"] if len(often) > _TOLD else [])])


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
