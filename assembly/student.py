"""Training a student: the product answers for each post as if it were new, and a small network learns these answers."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.advice import MORE_PHOTOS
from ..core.errors import SettingsError
from ..core.pipeline import batches, encode_stream
from ..core.post import Post, normalise_hashtag
from ..core.program import program
from ..core.progress import Progress, Silent
from ..core.protocols import Encoder, Recommender
from ..core.query import Query
from ..core.suggest_options import MOST, SuggestOptions
from ..core.vectors import Rows
from ..retrieval.encoders.profiles import EncoderSpec
from ..retrieval.recommender import ArchiveRecommender
from ..retrieval.runtimes.runtime import Runtime
from ..retrieval.student.distillation import (
    FEWEST_POSTS,
    FOLDS,
    DistillationSet,
    Part,
    SoftTargets,
    draw_folds,
    vocabulary_of,
)
from ..retrieval.student.exporting import TrainedStudent, write_student
from ..retrieval.student.network import FEATURES
from ..retrieval.student.ngrams import HashedNgrams
from ..retrieval.student.recommender import StudentRecommender
from ..retrieval.student.training import train
from ..retrieval.student.views import VIEWS, ViewEncoder
from .partial_build import EncodedPosts, clusters_of, product_builder

_ASKED = SuggestOptions(count=MOST, raw=True)
_AT_ONCE = 256  # posts that a teacher is asked about together


@dataclass(frozen=True, slots=True)
class StudentPlan:
    """What is trained. captions: whether the student reads them. blocked: hashtags (normalised) it is not to say."""

    captions: bool = False
    blocked: AbstractSet[str] = frozenset()


def train_student(
    archive: EncodedPosts,
    plan: StudentPlan,
    runtime: Runtime,
    snapshot: str = "",
    progress: Progress | None = None,
) -> TrainedStudent:
    """Train a student on the posts of an archive. runtime: of its backbone. snapshot: by which its file names them.

    Each post is answered for by a product that is built without it and its near-duplicates. Raises SettingsError if
    there is too little to learn from; before the work of minutes, unless photos turn out to be unreadable.
    """
    progress = progress or Silent()
    posts = [_without(post, plan.blocked) for post in archive.posts]
    rows = _examples_of(posts, plan.captions)
    _check(posts, rows, plan.captions)
    features = _look(posts, rows, runtime, progress)
    ngrams = HashedNgrams() if plan.captions else None
    bags = ngrams.bags([posts[row].caption for row in rows]) if ngrams else None
    seen = features.any(axis=(1, 2)) if bags is None else features.any(axis=(1, 2)) | bags.any(axis=1)
    rows, features, bags = rows[seen], features[seen], None if bags is None else bags[seen]
    _check(posts, rows, plan.captions)
    folds = draw_folds(archive.clusters)
    parts: tuple[Part, ...] = ("photo", "caption", "both") if plan.captions else ("photo",)
    examples = DistillationSet(
        vocabulary_of([posts[row] for row in rows]),
        [posts[row] for row in rows],
        features,
        bags,
        _ask_teachers(archive, rows, folds, parts, progress),
        folds[rows],
    )
    about = {"version": program(), "snapshot": snapshot, "backbone": str(ViewEncoder(runtime).fingerprint)}
    return TrainedStudent(examples, train(examples, progress), ngrams, about)


def student_builder(
    encoders: Mapping[EncoderSpec, Encoder[Any]], runtime: Runtime, scratch: Path
) -> Callable[[Sequence[Post], Sequence[Post]], Recommender]:
    """Builds students of posts, validation posts included: photos alone, in 8 bits. scratch: for their files."""

    def build(posts: Sequence[Post], validation: Sequence[Post]) -> Recommender:
        every = [*posts, *validation]
        archive = EncodedPosts(every, encoders, clusters_of(every, list(encoders.values())))
        file = Path(tempfile.mkdtemp(dir=scratch)) / "student.onnx"
        write_student(train_student(archive, StudentPlan(), runtime), file, quantised=True)
        return StudentRecommender(file)

    return build


def _without(post: Post, blocked: AbstractSet[str]) -> Post:
    return replace(post, hashtags=tuple(tag for tag in post.hashtags if normalise_hashtag(tag) not in blocked))


def _examples_of(posts: Sequence[Post], captions: bool) -> Rows:
    """The posts that have hashtags, and something to see."""
    soft_targets = [bool(post.hashtags and (post.photos or (captions and post.caption))) for post in posts]
    return np.flatnonzero(soft_targets)


def _check(posts: Sequence[Post], rows: Rows, captions: bool) -> None:
    """Raises SettingsError where there are too few posts, or too few hashtags on them."""
    n_photos = sum(bool(posts[row].photos) for row in rows)
    if not n_photos:
        raise SettingsError(
            "no post of the archive has both a photo and a hashtag, so no student can learn", MORE_PHOTOS
        )
    if n_photos < FEWEST_POSTS:
        raise SettingsError(
            f"only {n_photos} posts of the archive have both a photo and a hashtag; a student needs at least "
            f"{FEWEST_POSTS}",
            MORE_PHOTOS,
        )
    vocabulary_of([posts[row] for row in rows])


def _look(posts: Sequence[Post], rows: Rows, runtime: Runtime, progress: Progress) -> NDArray[np.float16]:
    """The features of the views of each post's first photo, (rows, VIEWS, FEATURES); zeros where it cannot be read."""
    features = np.zeros((len(rows), VIEWS, FEATURES), dtype=np.float16)
    photos = [(place, posts[row].photos[0]) for place, row in enumerate(rows) if posts[row].photos]
    with progress.stage("looking at photos", len(photos)) as stage:
        for batch in encode_stream(ViewEncoder(runtime), photos):
            if batch.vectors is not None:
                features[batch.keys] = batch.vectors
            stage.advance(len(batch.keys) + len(batch.failures))
    return features


def _ask_teachers(
    archive: EncodedPosts, rows: Rows, folds: Rows, parts: Sequence[Part], progress: Progress
) -> SoftTargets:
    """What the product says of posts, built once for each fold from the posts of the others."""
    said: dict[Part, list[dict[str, float]]] = {part: [{} for _ in rows] for part in parts}
    posts = [replace(post, source="archive", post_id=str(row)) for row, post in enumerate(archive.posts)]
    with tempfile.TemporaryDirectory() as scratch, progress.stage("asking teachers", FOLDS) as stage:
        build = product_builder(archive.encoders, Path(scratch))
        for fold in range(FOLDS):
            with build([posts[row] for row in np.flatnonzero(folds != fold)], []) as teacher:
                for part in parts:
                    _ask(teacher, posts, rows, np.flatnonzero(folds[rows] == fold), part, said[part])
            stage.advance(1)
    return said


def _ask(
    teacher: ArchiveRecommender,
    posts: Sequence[Post],
    rows: Rows,
    places: Rows,
    part: Part,
    said: list[dict[str, float]],
) -> None:
    """Write into `said`, at some places, what a teacher says of the posts there."""
    queries = [(place, query) for place in places.tolist() if (query := _query(posts[rows[place]], part))]
    for some in batches(queries, _AT_ONCE):
        answers = teacher.suggest_batch([query for _, query in some], _ASKED)
        for (place, _), answer in zip(some, answers, strict=True):
            said[place] = {normalise_hashtag(found.hashtag): found.score for found in answer.suggestions}


def _query(post: Post, part: Part) -> Query | None:
    """A post as the teacher looks at it; None if it cannot be looked at so."""
    if (part != "caption" and not post.photos) or (part != "photo" and not post.caption):
        return None
    photos = () if part == "caption" else (post.photos[0].path,)
    return Query("" if part == "photo" else post.caption, photos)
