from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from sklearn.feature_extraction.text import TfidfTransformer

from hashtag_recommender.core.errors import PhotoError
from hashtag_recommender.core.post import Photo, Post
from hashtag_recommender.core.query import Query
from hashtag_recommender.core.vectors import NO_ROW
from hashtag_recommender.eval.systems import channels
from hashtag_recommender.eval.systems.channels import Channel, Tfidf, counts, vectors
from hashtag_recommender.retrieval.encoders.ngrams import NgramEncoder

CAPTIONS = ["cat pet", "", "sea sun", "a cat at sea", "nothing it knows"]


def posts_of(captions):
    return [Post("test", str(place), caption, ("any",)) for place, caption in enumerate(captions)]


def test_vectors_stand_in_the_row_of_their_query(words):
    stacked = vectors(words, [Query(caption) for caption in CAPTIONS])
    assert stacked.shape == (5, 9) and stacked.dtype == np.float32
    assert not stacked[1].any() and not stacked[4].any()
    assert stacked[2] == pytest.approx(np.array([0, 0, 1, 1, 0, 0, 0, 0, 0]) / 2**0.5)


def test_a_photo_that_cannot_be_read_is_zeros(words):
    class Looking(type(words)):
        channel, modality = "image", "image"

        def prepare(self, photo):
            if "broken" in photo.name:
                raise PhotoError("broken")
            return photo.stem

    posts = [Post("test", name, "cat", ("any",), (Photo(Path(name), "0" * 64),)) for name in ("broken.jpg", "cat.jpg")]
    channel = Channel(Looking(), [*posts, Post("test", "bare", "cat", ("any",))])
    assert channel.name == "image"
    assert channel.posts.any(axis=1).tolist() == [False, True, False]


def test_counts_stand_in_the_row_of_their_query():
    encoder = NgramEncoder()
    captions = ["", "coffee", "", "sea", ""]
    counted = counts(encoder, [Query(caption) for caption in captions])
    assert counted.shape[0] == 5
    expected = encoder.encode([encoder.prepare(caption) for caption in captions])
    assert abs(counted - expected).sum() == 0
    assert counts(encoder, []).shape == (0, encoder.fingerprint.dimension)


def test_weights_are_those_of_a_second_library():
    rng = np.random.default_rng(0)
    seeded = rng.integers(4, size=(30, 12)) * (rng.random((30, 12)) < 0.4)
    seeded[3] = seeded[:, 5] = 0
    counted = sparse.csr_matrix(seeded.astype(np.float32))
    weighed = Tfidf(counted)(counted)
    expected = TfidfTransformer(sublinear_tf=True).fit(counted).transform(counted)
    assert weighed.dtype == np.float32
    assert np.allclose(weighed.toarray(), expected.toarray(), atol=1e-6)


def test_what_training_captions_do_not_hold_weighs_nothing():
    weigh = Tfidf(sparse.csr_matrix(np.array([[1, 0], [2, 0]], dtype=np.float32)))
    assert weigh(sparse.csr_matrix(np.array([[3, 5], [0, 1]], dtype=np.float32))).toarray().tolist() == [[1, 0], [0, 0]]


@pytest.fixture(params=["dense", "lexical"])
def channel(request, words):
    rng = np.random.default_rng(1)
    captions = [" ".join(rng.choice(["cat", "pet", "sea", "sun"], 3)) for _ in range(30)] + ["", "cat"]
    return Channel(words if request.param == "dense" else NgramEncoder(), posts_of(captions))


def cosines(channel, encoded):
    product = encoded @ channel.posts.T
    return product.toarray() if sparse.issparse(product) else product


def test_the_nearest_are_those_of_a_full_sort(channel, monkeypatch):
    monkeypatch.setattr(channels, "_AT_ONCE", 2)
    encoded = channel.encode([Query("cat sea"), Query(""), Query("pet pet"), Query("sun")])
    matches = channel.nearest(encoded, 7)
    for row, similarities in enumerate(cosines(channel, encoded)):
        expected = [post for post in np.argsort(-similarities, kind="stable")[:7] if similarities[post] > 0]
        assert matches.rows[row].tolist() == expected + [NO_ROW] * (7 - len(expected))
        assert matches.similarities[row, : len(expected)] == pytest.approx(similarities[expected])
    assert (matches.rows[1] == NO_ROW).all()


def test_of_each_user_only_the_nearest_post_counts(channel):
    users = np.arange(32) % 5
    encoded = channel.encode([Query("cat sea"), Query("sun")])
    matches = channel.nearest(encoded, 4, users)
    for row, similarities in enumerate(cosines(channel, encoded)):
        best = {}
        for post in np.argsort(-similarities, kind="stable"):
            best.setdefault(users[post], post)
        assert matches.rows[row].tolist() == [post for post in list(best.values())[:4] if similarities[post] > 0]


def test_no_post_is_its_own_neighbour(channel):
    own = channel.nearest_to_own(5)
    assert own.rows.shape == (32, 5)
    assert not (own.rows == np.arange(32)[:, None]).any()
    assert (own.rows[30] == NO_ROW).all()
    everyone = channel.nearest(channel.posts, 32)
    for row in range(32):
        assert own.rows[row].tolist() == [post for post in everyone.rows[row] if post != row][:5]


def test_an_archive_without_posts_has_no_neighbours(words):
    for encoder in (words, NgramEncoder()):
        empty = Channel(encoder, [])
        assert (empty.nearest(empty.encode([Query("cat")]), 3).rows == NO_ROW).all()
