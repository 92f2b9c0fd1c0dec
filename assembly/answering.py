"""Answers for a person's new posts: what is wished for, and whole files of posts."""

import json
import re
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

from ..core.errors import SettingsError
from ..core.pipeline import batches
from ..core.post import Post, Query, Reject, normalise_hashtag
from ..core.progress import Progress, Silent
from ..core.protocols import PostReader
from ..core.results import Answer
from ..core.settings import Settings
from ..core.wishes import MOST, Mix, Wishes

if TYPE_CHECKING:
    from ..retrieval.recommender import ArchiveRecommender

_QUERIES_AT_ONCE = 256
_USUAL = 5  # hashtags, where nothing else is said


NOTHING_SAID = Query()


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What `suggest_batch` did.

    posts: lines written. rejected: of these, posts that could not be read. notes: how many answers came with which.
    removed: how many hashtags were blocked, by reason.
    """

    posts: int
    rejected: int
    notes: Mapping[str, int]
    removed: Mapping[str, int]
    out: Path

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self) | {"out": str(self.out)}


def make_wishes(
    settings: Settings,
    *,
    count: str | None = None,
    platform: str | None = None,
    languages: str | None = None,
    mix: str | None = None,
    exclude: Sequence[str] = (),
    **others: Any,
) -> tuple[Wishes, list[str]]:
    """What is wished for, as the options of `hashtag suggest` say it, and what a person should know of the platform.

    count: a number, or `auto`. languages: apart by commas. others: fields of `Wishes` as they are. Raises SettingsError
    on wishes that nothing can fulfil.
    """
    most, notes = MOST, list[str]()
    number = _number(count)
    if platform is not None:
        if others.get("raw"):
            raise SettingsError("--raw shows hashtags as the archive posts them, --platform caps them; leave one out")
        most, notes = _cap(settings, platform, number)
    wishes = Wishes(
        count=min(_USUAL, most) if count is None else number,
        most=most,
        exclude=frozenset(map(normalise_hashtag, exclude)),
        languages=frozenset(filter(None, (code.strip().lower() for code in (languages or "").split(",")))),
        mix=cast("Mix | None", mix),
        **others,
    )
    return wishes, notes


def _number(count: str | None) -> int | None:
    if count is None or count == "auto":
        return None
    if not re.fullmatch(r"-?\d{1,9}", count):
        raise SettingsError(f"count is {count!r}; it must be a number, or auto")
    return int(count)


def _cap(settings: Settings, name: str, count: int | None) -> tuple[int, list[str]]:
    """How many hashtags a platform takes at most, and what it says of that."""
    from ..retrieval.choosing.lists import PLATFORMS, platform

    preset = platform(name, settings.home / PLATFORMS)
    since = f" since {preset.since}" if preset.since else ""
    if preset.most is None:
        return MOST, [f"{preset.name}: {preset.note}"]
    if preset.basis == "rule":
        if count is not None and count > preset.most:
            raise SettingsError(
                f"count is {count}, but {preset.name} takes at most {preset.most} hashtags{since}; "
                "leave --count out, or ask for no more"
            )
        return min(MOST, preset.most), []
    return (preset.most if count is None else MOST), [f"{preset.name}: {preset.note}"]


def suggest_batch(
    recommender: "ArchiveRecommender",
    reader: PostReader,
    out: Path,
    wishes: Wishes,
    *,
    post: Query = NOTHING_SAID,
    explain: bool = False,
    progress: Progress | None = None,
) -> BatchReport:
    """Write the answer for every post of a file as one line of JSON, in its order.

    post: what holds for all of them, hashtags given or their author. explain: see `Suggestion.to_json`.
    The file appears whole or not at all. A post that cannot be read gets a line without hashtags that says why.
    Raises SettingsError where `out` cannot be written.
    """
    posts = rejected = 0
    notes: Counter[str] = Counter()
    removed: Counter[str] = Counter()
    try:
        with _whole_or_not_at_all(out) as lines, (progress or Silent()).stage("Suggesting", None) as stage:
            for entries in batches(reader.read(), _QUERIES_AT_ONCE):
                for answer in _answers(recommender, entries, wishes, post, explain):
                    lines.write(json.dumps(answer.to_json(explain), ensure_ascii=False) + "\n")
                    posts += 1
                    notes.update(answer.notes)
                    removed.update(gone.reason for gone in answer.removed if gone.step == "blocked")
                    rejected += answer.error is not None
                stage.advance(len(entries))
    except OSError as error:
        raise SettingsError(f"{out} cannot be written: {error.strerror}") from error
    return BatchReport(posts, rejected, dict(notes), dict(removed), out)


@contextmanager
def _whole_or_not_at_all(out: Path) -> Iterator[TextIO]:
    """A text file that takes its place when all of it is written; pipes and devices are written as they are."""
    target = out.resolve()
    if target.exists() and not target.is_file():
        with target.open("w", encoding="utf-8") as file:
            yield file
        return
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    try:
        with partial.open("w", encoding="utf-8") as file:
            yield file
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _answers(
    recommender: "ArchiveRecommender",
    entries: Sequence[Post | Reject],
    wishes: Wishes,
    post: Query,
    explain: bool,
) -> Iterator[Answer]:
    queries = [
        replace(post, caption=entry.caption, photos=tuple(photo.path for photo in entry.photos))
        for entry in entries
        if isinstance(entry, Post)
    ]
    answers = iter(recommender.suggest_batch(queries, wishes, explain=explain))
    for entry in entries:
        yield next(answers) if isinstance(entry, Post) else Answer((), recommender.snapshot, error=entry.reason)
