import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from hashtag_recommender.core.errors import SnapshotError
from hashtag_recommender.core.vectors import Matches, unit_rows
from hashtag_recommender.index.vectors.exact import ExactIndex
from hashtag_recommender.retrieval.search.neighbours import Neighbourhood
from hashtag_recommender.retrieval.voting.fusion import (
    NEIGHBOURHOODS,
    Fusion,
    SampledPosts,
    VoteSource,
    fuse,
    learn_fusion,
    maximise,
)

N_SUBJECTS, PER_SUBJECT = 8, 40


def subjects():
    """(posts, hashtags): posts of one subject carry its two hashtags, and all carry a common one."""
    of = np.repeat(np.arange(N_SUBJECTS), PER_SUBJECT)
    labels = np.zeros((len(of), 2 * N_SUBJECTS + 1), dtype=np.float32)
    labels[np.arange(len(of)), 2 * of] = 1
    labels[np.arange(len(of)), 2 * of + 1] = 1
    labels[:, -1] = 1
    return of, sparse.csr_matrix(labels)


def sampled_posts(channel, vectors, posts=None, clusters=None):
    posts = np.arange(len(vectors)) if posts is None else posts
    modality = "image" if channel == "image" else "text"
    clusters = np.arange(len(vectors)) if clusters is None else clusters
    rows, everybody = np.arange(len(vectors)), np.ones(len(vectors), dtype=bool)
    nearby = Neighbourhood(channel, modality, ExactIndex(vectors), rows, clusters, everybody)
    return SampledPosts(nearby, posts, vectors[posts], np.arange(len(posts)))


def telling_vectors(of, seed=0):
    rng = np.random.default_rng(seed)
    return unit_rows(rng.normal(size=(N_SUBJECTS, 32))[of] + 0.8 * rng.normal(size=(len(of), 32)))


def noise_vectors(of, seed=1):
    return unit_rows(np.random.default_rng(seed).normal(size=(len(of), 32)))


def weight_of(fusion, channel, modalities="image text"):
    own = fusion.weights[modalities]
    return sum(
        weight for vote_source, weight in zip(fusion.vote_sources, own, strict=True) if vote_source.channel == channel
    )


def test_a_channel_that_knows_nothing_falls_silent():
    of, labels = subjects()
    fusion = learn_fusion(
        [sampled_posts("image", telling_vectors(of)), sampled_posts("sentence", noise_vectors(of))], labels
    )
    assert weight_of(fusion, "image") > 5 * weight_of(fusion, "sentence")


def test_a_caption_alone_is_weighed_without_the_photo():
    """Beside a photo that tells all, what tells among captions would be noise; alone, it is learned."""
    of, labels = subjects()
    telling = telling_vectors(of, seed=3)
    asked = [
        sampled_posts("image", telling_vectors(of)),
        sampled_posts("sentence", telling),
        sampled_posts("lexical", noise_vectors(of)),
    ]
    fusion = learn_fusion(asked, labels)
    assert weight_of(fusion, "image", "text") == 0
    assert weight_of(fusion, "sentence", "text") > 5 * weight_of(fusion, "lexical", "text")
    assert set(fusion.weights) == {"image", "text", "image text"}


def test_copies_of_a_post_do_not_answer_for_it():
    """A channel that finds nothing but the post's own copies must not look clever."""
    of, labels = subjects()
    rng = np.random.default_rng(2)
    copies = np.repeat(unit_rows(rng.normal(size=(len(of) // 2, 32))), 2, axis=0)
    clusters = np.arange(len(of)) // 2
    asked = [
        sampled_posts("image", telling_vectors(of), None, clusters),
        sampled_posts("sentence", copies, None, clusters),
    ]
    fusion = learn_fusion(asked, labels)
    assert weight_of(fusion, "image") > 5 * weight_of(fusion, "sentence")


def test_learning_the_same_twice_gives_the_same():
    of, labels = subjects()
    asked = [
        sampled_posts("image", telling_vectors(of)),
        sampled_posts("sentence", noise_vectors(of), np.arange(0, len(of), 3)),
    ]
    assert learn_fusion(asked, labels) == learn_fusion(asked, labels)


def test_with_hardly_any_posts_all_voices_are_equal():
    labels = sparse.csr_matrix(np.ones((3, 2), dtype=np.float32))
    fusion = learn_fusion([sampled_posts("image", unit_rows(np.eye(3)))], labels)
    assert fusion.weights == {"image": (1.0,) * len(NEIGHBOURHOODS)}
    assert learn_fusion([], labels) == Fusion((), {})


def test_fusing_by_hand():
    """Two voices on three queries: both speak, one speaks, none speaks."""
    labels = sparse.csr_matrix(np.array([[1, 0], [0, 1]], dtype=np.float32))
    vote_sources = (VoteSource("image", "image", 1, 0.1), VoteSource("lexical", "text", 1, 0.1))
    fusion = Fusion(vote_sources, {"image": (1.0, 0.0), "text": (0.0, 1.0), "image text": (3.0, 1.0)})
    hits = {
        "image": Matches(np.array([[0], [0], [-1]]), np.array([[0.5], [0.5], [0]], dtype=np.float32)),
        "lexical": Matches(np.array([[1], [-1], [-1]]), np.array([[0.5], [0], [0]], dtype=np.float32)),
    }
    fused = fuse(fusion, hits, labels, 3)
    assert fused.scores.toarray() == pytest.approx(np.array([[0.75, 0.25], [1, 0], [0, 0]]))
    assert [shares.ravel().tolist() for shares in fused.shares] == [[0.75, 1, 0], [0.25, 0, 0]]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_maximising_never_makes_what_was_seen_less_likely(seed):
    rng = np.random.default_rng(seed)
    likelihoods, speaks = rng.random((50, 4)), rng.random((50, 4)) < 0.7
    speaks[:, -1] = True

    def log_likelihood(weights):
        hits = speaks * weights
        return np.log((likelihoods * hits).sum(axis=1) / hits.sum(axis=1)).sum()

    weights = maximise(likelihoods, speaks)
    assert weights.sum() == pytest.approx(1)
    assert log_likelihood(weights) >= log_likelihood(np.full(4, 0.25)) - 1e-6


def test_it_survives_json():
    vote_sources = tuple(VoteSource("image", "image", k, 0.1) for k in NEIGHBOURHOODS)
    fusion = Fusion(vote_sources, {"image": (0.2,) * len(vote_sources)})
    assert Fusion.from_json(json.loads(json.dumps(fusion.to_json()))) == fusion
    for fields in ({"voices": [{"channel": "image"}]}, fusion.to_json() | {"weights": {"image": [1.0]}}):
        with pytest.raises(SnapshotError, match="fusion"):
            Fusion.from_json(fields)
