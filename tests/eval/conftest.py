import numpy as np
import pytest

from hashtag_recommender.core.post import Post
from hashtag_recommender.core.protocols import Fingerprint
from hashtag_recommender.core.vectors import unit_rows

WORDS = ("cat", "pet", "sea", "sun", "cute", "beach", "boat", "new", "other")


class WordEncoder:
    """A dense channel: one dimension for each word that it knows."""

    channel = "sentence"
    modality = "text"
    batch_size = 2
    fingerprint = Fingerprint("words", "none", "1", len(WORDS), "none")

    def prepare(self, content):
        return content.casefold()

    def encode(self, prepared):
        return unit_rows(np.array([[text.count(word) for word in WORDS] for text in prepared], dtype=np.float32))

    def release(self):
        pass


@pytest.fixture(scope="session")
def words():
    return WordEncoder()


@pytest.fixture
def make_posts():
    """Posts from their hashtags, apart by spaces; captions and all else by keyword, one for each post."""

    def make(*hashtags, **others):
        rows = [dict(zip(others, values, strict=True)) for values in zip(*others.values(), strict=True)]
        return [
            Post("test", str(place), row.pop("caption", ""), tuple(tags.split()), **row)
            for place, (tags, row) in enumerate(zip(hashtags, rows or [{} for _ in hashtags], strict=True))
        ]

    return make
