"""Answers for whole files of a person's new posts."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from ...core.errors import SettingsError
from ...core.files import whole
from ...core.pipeline import batches
from ...core.post import Post, Reject
from ...core.progress import Progress, Silent
from ...core.protocols import PostReader
from ...core.query import Query
from ...core.results import Answer
from ...core.suggest_options import SuggestOptions
from ...retrieval.recommender import ArchiveRecommender

_QUERIES_AT_ONCE = 256


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


def suggest_batch(
    recommender: ArchiveRecommender,
    reader: PostReader,
    out: Path,
    options: SuggestOptions,
    *,
    post: Query = NOTHING_SAID,
    explain: bool = False,
    progress: Progress | None = None,
) -> BatchReport:
    """Write the answer for every post of a file as one line of JSON, in its order.

    post: hashtags given and author, for posts of which the file tells none. explain: see `Suggestion.to_json`.
    The file appears whole or not at all. A post that cannot be read gets a line without hashtags that says why.
    Raises SettingsError where `out` cannot be written.
    """
    posts = rejected = 0
    notes: Counter[str] = Counter()
    removed: Counter[str] = Counter()
    try:
        with _whole_or_not_at_all(out) as lines, (progress or Silent()).stage("Suggesting", None) as stage:
            for entries in batches(reader.read(), _QUERIES_AT_ONCE):
                for answer in _answers(recommender, entries, options, post, explain):
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
    with whole(target) as partial, partial.open("w", encoding="utf-8") as file:
        yield file


def _answers(
    recommender: ArchiveRecommender,
    entries: Sequence[Post | Reject],
    options: SuggestOptions,
    post: Query,
    explain: bool,
) -> Iterator[Answer]:
    queries = [
        Query(
            entry.caption,
            tuple(photo.path for photo in entry.photos),
            entry.hashtags or post.given,
            entry.author or post.author,
        )
        for entry in entries
        if isinstance(entry, Post)
    ]
    answers = iter(recommender.suggest_batch(queries, options, explain=explain))
    for entry in entries:
        yield next(answers) if isinstance(entry, Post) else Answer((), recommender.snapshot, error=entry.reason)
