"""Photos without pixels, and small archives that have something to learn by heart."""

from pathlib import Path

import numpy as np
import pytest
import torch

from hashtag_recommender.core.errors import PhotoError
from hashtag_recommender.core.post import Photo, Post
from hashtag_recommender.core.vectors import PhotoFeatures
from hashtag_recommender.networks import training

WORDS = ("coffee", "beach", "mountain", "라떼", "바다", "산책", "sunset", "bread", "garden", "train", "rain", "카페")
HASHTAGS = ("cafe", "sea", "hike", "latte", "서울", "walk", "evening", "baking", "flowers", "travel", "rain", "맛집")


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Threads that wait for each other on a busy machine take a hundred times as long as the work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def look_at():
    """Features (12,) and (4, 12), drawn by the number that is a photo's name; others cannot be read."""

    def features(photo):
        if not Path(photo).stem.isdigit():
            raise PhotoError("not a photo")
        grid = np.random.default_rng(int(Path(photo).stem)).normal(size=(4, 12)).astype(np.float32)
        return PhotoFeatures(grid.mean(axis=0), grid)

    return features


@pytest.fixture(scope="session")
def draw_posts():
    """Posts with three hashtags, of which neither caption nor photo tells anything to who has not seen the post."""

    def draw(n, photos=True, captions=True):
        rng = np.random.default_rng(0)
        return [
            Post(
                "test",
                str(number),
                " ".join(rng.choice(WORDS, 4, replace=False)) if captions else "",
                tuple(rng.choice(HASHTAGS, 3, replace=False).tolist()),
                (Photo(Path(f"{number}.jpg"), f"{number:064x}"),) if photos else (),
            )
            for number in range(n)
        ]

    return draw


@pytest.fixture(scope="session", autouse=True)
def quick():
    """Fewer epochs than real posts get: what these posts teach is learned by then."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "EPOCHS", 35)
        yield


@pytest.fixture
def two_epochs(monkeypatch):
    """For what does not depend on how well a network has learned."""
    monkeypatch.setattr(training, "EPOCHS", 2)
