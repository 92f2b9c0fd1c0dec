"""DistillationSet whose subjects show in features and captions, without any photo."""

import numpy as np
import pytest

from hashtag_recommender.core.post import Post
from hashtag_recommender.core.vectors import unit_rows
from hashtag_recommender.retrieval.student import training
from hashtag_recommender.retrieval.student.distillation import FOLDS, DistillationSet, vocabulary_of
from hashtag_recommender.retrieval.student.network import FEATURES
from hashtag_recommender.retrieval.student.ngrams import HashedNgrams

SUBJECTS = ("latte", "puppy", "tulips")
N = 60


def make_set(captions, photos=None):
    """Of posts with three subjects in turn. photos: of each post; None for features alone.

    With captions every fourth post has none, and every fifth has no photo.
    """
    rng = np.random.default_rng(0)
    of = np.arange(N) % len(SUBJECTS)
    centres = np.abs(rng.normal(size=(len(SUBJECTS), FEATURES)))
    views = unit_rows((centres[of][:, None] + 0.7 * rng.normal(size=(N, 3, FEATURES))).reshape(-1, FEATURES))
    features = views.reshape(N, 3, FEATURES).astype(np.float16)
    bags = HashedNgrams().bags([f"a day with {SUBJECTS[s]} {i}" for i, s in enumerate(of)]) if captions else None
    if bags is not None:
        bags[::4] = 0
        features[1::5] = 0
    posts = [
        Post("s", str(i), f"a day with {SUBJECTS[s]} {i}", (SUBJECTS[s], "daily"), (photos[i],) if photos else ())
        for i, s in enumerate(of)
    ]
    said = [{SUBJECTS[s]: 0.6, "daily": 0.5, SUBJECTS[s - 1]: 0.1, "unknown": 0.3} for s in of]
    kinds = ("photo", "caption", "both") if captions else ("photo",)
    soft_targets = dict.fromkeys(kinds, said)
    return DistillationSet(vocabulary_of(posts), posts, features, bags, soft_targets, np.arange(N) // 3 % FOLDS)


@pytest.fixture(scope="session")
def examples():
    return make_set(captions=False)


@pytest.fixture(scope="session")
def set_with_captions():
    return make_set(captions=True)


@pytest.fixture(scope="session", autouse=True)
def short_training():
    """Enough for what is easy to learn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "EPOCHS", 20)
        patch.setattr(training, "_RATE", 4e-3)
        yield
