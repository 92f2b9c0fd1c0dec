"""Asks a student as one asks the product."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import PhotoError
from ...core.pipeline import batches
from ...core.post import normalise_hashtag
from ...core.protocols import Recommender
from ...core.query import Query
from ...core.results import Answer, Suggestion
from ...core.suggest_options import SuggestOptions
from ...core.tiers import TIERS, tiers_of
from ..encoders.efficientnet import SIDE, square
from ..encoders.photos import read_photo
from .ngrams import HashedNgrams
from .onnx_file import NGRAMS, PHOTO, OnnxStudent

_AT_ONCE = 64  # posts, whose pixels take memory


@dataclass(frozen=True, slots=True)
class Seen:
    """Posts as a student sees them.

    inputs: n rows of each, by name. known: (n,) whether there is anything to see. failures: why the photo of a post
    cannot be read.
    """

    inputs: dict[str, NDArray[Any]]
    known: NDArray[np.bool_]
    failures: dict[int, str]


class StudentRecommender(Recommender):
    """The hashtags of a student in an ONNX file, from a post's first photo and, if it reads captions, its caption."""

    def __init__(self, path: Path) -> None:
        """Raises UnusableError if the file cannot be read or is no student."""
        self._student = OnnxStudent(path)
        metadata = self._student.metadata
        self._tiers = tiers_of(np.asarray(metadata["uses"], dtype=np.int64))
        self._threshold = float(metadata["threshold"])
        self._ngrams = HashedNgrams.from_json(metadata[NGRAMS]) if self._student.reads_captions else None

    def suggest_batch(self, queries: Sequence[Query], options: SuggestOptions) -> list[Answer]:
        """The likeliest hashtags; with `count="auto"` those from the student's threshold on.

        Of the options it heeds `count`, `min_score` and `exclude`. A post with nothing to see gets no hashtags.
        """
        return [answer for some in batches(queries, _AT_ONCE) for answer in self._answer(some, options)]

    def _answer(self, queries: Sequence[Query], options: SuggestOptions) -> list[Answer]:
        seen = see(queries, self._ngrams)
        probabilities = self._student.probabilities(seen.inputs)
        name = str(self._student.metadata["snapshot"])
        return [
            Answer((), name, error=seen.failures[row])
            if row in seen.failures
            else Answer(self._suggest(probabilities[row], options) if seen.known[row] else (), name)
            for row in range(len(queries))
        ]

    def _suggest(self, probabilities: NDArray[np.float32], options: SuggestOptions) -> tuple[Suggestion, ...]:
        least = max(options.min_score, self._threshold if options.limit is None else 0.0)
        hashtags, uses = self._student.hashtags, self._student.metadata["uses"]
        found = [
            column
            for column in np.argsort(-probabilities, kind="stable").tolist()
            if probabilities[column] >= least and normalise_hashtag(hashtags[column]) not in options.exclude
        ]
        return tuple(
            Suggestion(hashtags[column], float(probabilities[column]), (), uses[column], TIERS[self._tiers[column]])
            for column in found[: options.limit or len(found)]
        )


def see(queries: Sequence[Query], ngrams: HashedNgrams | None) -> Seen:
    """What a student takes of posts. ngrams: how captions are read; None if they are not."""
    failures: dict[int, str] = {}
    photos = np.zeros((len(queries), SIDE, SIDE, 3), dtype=np.uint8)
    known = np.zeros(len(queries), dtype=np.bool_)
    for row, query in enumerate(queries):
        try:
            for photo in query.photos[:1]:
                photos[row] = square(read_photo(photo, SIDE)).transpose(1, 2, 0)
                known[row] = True
        except PhotoError as error:
            failures[row] = str(error)
    inputs: dict[str, NDArray[Any]] = {PHOTO: photos}
    if ngrams is not None:
        inputs[NGRAMS] = ngrams.bags([query.caption for query in queries])
        known |= inputs[NGRAMS].any(axis=1)
    return Seen(inputs, known, failures)
