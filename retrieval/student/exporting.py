"""From what a student has learned to its file: as large as may be, checked, and with all that a program needs."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.advice import LARGER_LIMIT, QUANTISE_OR_LARGER_LIMIT
from ...core.errors import SettingsError
from ...core.query import Query
from ...core.units import size_in_words
from ..encoders.efficientnet import load_efficientnet
from .distillation import FEWEST_HASHTAGS, DistillationSet, Vocabulary
from .network import FEATURES, Student
from .ngrams import HashedNgrams
from .onnx_file import NGRAMS, write_onnx
from .quantisation import Agreement, quantise
from .recommender import see
from .training import TrainedHead

FORMAT = 1  # of the metadata

PREPROCESSING = (
    "photo: upright, RGB, of its middle a square of 224/256 of the shorter side, resized to 224 x 224 (bicubic); "
    "normalisation is inside the network; all 0 where there is no photo"
)

_CALIBRATED = 128  # photos by which the scales of 8 bits are chosen
_CHECKED = 128  # other photos, on which the file is checked


@dataclass(frozen=True, slots=True)
class TrainedStudent:
    """What a student has learned, and from what. ngrams: how it reads captions; None if it does not.

    about: for the metadata, where it comes from.
    """

    examples: DistillationSet
    head: TrainedHead
    ngrams: HashedNgrams | None
    about: Mapping[str, Any]

    @property
    def buckets(self) -> int:
        """Of its bags; 0 if it does not read captions."""
        return 0 if self.ngrams is None else self.ngrams.buckets

    def metadata(self, vocabulary: Vocabulary) -> dict[str, Any]:
        """What the file says of itself, by key."""
        head = self.head
        known: dict[str, Any] = {
            "format": FORMAT,
            "hashtags": vocabulary.shown,
            "uses": vocabulary.uses,
            "threshold": head.threshold,
            "preprocessing": PREPROCESSING,
            "training": head.to_json(),
            **self.about,
        }
        return known if self.ngrams is None else known | {NGRAMS: self.ngrams.to_json()}


@dataclass(frozen=True, slots=True)
class StudentFile:
    """A student's file, as it was written. student: the network in it, before it was quantised.

    hashtags: how many it knows. dropped: how many rarer ones there was no room for. difference: the largest of a
    probability in ONNX Runtime and in PyTorch, before it was quantised. agreement: of 8 bits with 32; None where it is
    not quantised. check: inputs of the posts on which it was checked.
    """

    student: Student
    metadata: Mapping[str, Any]
    bytes: int  # noqa: A003 - the word of the JSON document
    hashtags: int
    dropped: int
    difference: float
    agreement: Agreement | None
    check: Mapping[str, NDArray[Any]]

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        fields = {name: getattr(self, name) for name in ("bytes", "hashtags", "dropped", "difference")}
        return fields | {"agreement": self.agreement and self.agreement.to_json()}


def check_size(limit: int, quantised: bool, buckets: int) -> None:
    """Raises SettingsError if not even the fewest hashtags can fit. limit: bytes. buckets: 0 without captions."""
    least = _least_size(quantised, buckets)
    if least > limit:
        raise _too_small(limit, least, quantised)


def write_student(trained: TrainedStudent, path: Path, quantised: bool, limit: int | None = None) -> StudentFile:
    """Write the student's ONNX file. limit: bytes; the rarest hashtags are left out to meet it.

    Raises SettingsError if it cannot be met, UnusableError or RefusedError if the file does not compute what the
    student does.
    """
    calibration, check = _inputs(trained)
    backbone, vocabulary = load_efficientnet(), trained.examples.vocabulary
    each = _bytes_each(vocabulary, quantised, trained.buckets)
    kept = len(vocabulary)
    with tempfile.TemporaryDirectory() as scratch:
        while True:
            student = Student(trained.head.head.first(kept), backbone)
            metadata = trained.metadata(vocabulary.first(kept))
            in_32_bits = Path(scratch) / "student.onnx" if quantised else path
            difference = write_onnx(student, check, metadata, in_32_bits)
            found = quantise(in_32_bits, path, calibration, check) if quantised else None
            size = path.stat().st_size
            if limit is None or size <= limit:
                return StudentFile(student, metadata, size, kept, len(vocabulary) - kept, difference, found, check)
            if kept <= FEWEST_HASHTAGS:
                raise _too_small(limit, size, quantised)
            kept = max(kept - ceil((size - limit) / each), FEWEST_HASHTAGS)


def _bytes_each(vocabulary: Vocabulary, quantised: bool, buckets: int) -> float:
    """What a hashtag takes of a file, about."""
    weights = (FEATURES + buckets) * (1 if quantised else 4) + 16
    return weights + sum(len(tag.encode()) + 8 for tag in vocabulary.shown) / len(vocabulary)


def _least_size(quantised: bool, buckets: int) -> int:
    weights = sum(parameter.numel() for name, parameter in load_efficientnet().named_parameters() if "_fc" not in name)
    heads = FEWEST_HASHTAGS * (FEATURES + buckets)
    return int(weights + heads) * (1 if quantised else 4)


def _too_small(limit: int, least: int, quantised: bool) -> SettingsError:
    return SettingsError(
        f"a student of {size_in_words(limit)} is not possible; with {FEWEST_HASHTAGS} hashtags it takes at least "
        f"{size_in_words(least)}",
        LARGER_LIMIT if quantised else QUANTISE_OR_LARGER_LIMIT,
    )


def _inputs(trained: TrainedStudent) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]:
    """The inputs of posts to calibrate by, and of others to check on."""
    examples = trained.examples
    rows = np.random.default_rng(0).permutation(np.flatnonzero(examples.shows("photo")))
    half = min(_CALIBRATED, len(rows) // 2)
    calibration, check = (
        see([_query(trained, row, place) for place, row in enumerate(part.tolist())], trained.ngrams).inputs
        for part in (rows[:half], rows[half : half + _CHECKED])
    )
    return calibration, check


def _query(trained: TrainedStudent, row: int, place: int) -> Query:
    """A post as a query; of a student that reads captions, one in three lacks its photo, and one its caption."""
    post, lacking = trained.examples.posts[row], place % 3 if trained.ngrams else 0
    return Query("" if lacking == 2 else post.caption, () if lacking == 1 else (post.photos[0].path,))
