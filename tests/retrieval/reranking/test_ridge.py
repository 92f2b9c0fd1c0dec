"""Against the textbook: the regression solved anew for every post left out."""

import numpy as np
import pytest
from scipy import sparse

from hashtag_recommender.core.errors import SnapshotError
from hashtag_recommender.core.string_table import StringTable
from hashtag_recommender.core.vectors import unit_rows
from hashtag_recommender.retrieval.reranking import ridge_learning
from hashtag_recommender.retrieval.reranking.ridge import KernelRidge
from hashtag_recommender.retrieval.reranking.ridge_learning import learn_ridge
from hashtag_recommender.retrieval.search.similarity import Similarity, WeightedContents

N, M = 60, 7
HASHTAGS = StringTable.of(f"tag{i}" for i in range(M))


@pytest.fixture(scope="module")
def posts():
    rng = np.random.default_rng(0)
    words = sparse.csr_matrix(unit_rows(rng.random((N, 20)) * (rng.random((N, 20)) < 0.4)))
    style = sparse.csr_matrix(unit_rows(rng.random((N, 5))))
    return WeightedContents(words, style, {"image": unit_rows(rng.normal(size=(N, 8)))})


@pytest.fixture(scope="module")
def labels():
    return sparse.csr_matrix((np.random.default_rng(1).random((N, M)) < 0.3).astype(np.float32))


@pytest.fixture(scope="module")
def learned(posts, labels):
    return learn_ridge(posts, labels, HASHTAGS, [np.array([i]) for i in range(N)])


def textbook(posts, labels, query, kept, prior):
    """Scores and number of hashtags for one post from those kept, by solving the linear system."""
    kernel = Similarity(posts).of(posts).astype(np.float64)
    system = kernel[np.ix_(kept, kept)] + np.eye(len(kept))
    beta = np.linalg.solve(system, kernel[kept, query])
    sizes = np.diff(labels.indptr)
    scores = beta @ labels[kept].toarray() + (1 - beta.sum()) * prior
    return scores, beta @ sizes[kept] + (1 - beta.sum()) * sizes.mean()


def scores_of(ridge, query, prior, labels):
    """Among others, which must not change it."""
    [other] = ridge.ask(ridge.landmarks.take(np.array([0])))
    of, columns = np.repeat([0, 1], M), np.tile(np.arange(M), 2)
    return ridge.scores([other, query], of, columns, np.tile(prior, 2), labels)[M:]


def size_of(ridge, query, labels):
    sizes = np.diff(labels.indptr).astype(np.float32)
    [size] = ridge.n_hashtags([query], sizes, float(sizes.mean()))
    return size


def test_a_new_post_by_the_textbook(posts, labels, learned):
    ridge, prior = learned.ridge, labels.toarray().mean(axis=0)
    asked = ridge.ask(posts)[3]
    scores, size = textbook(posts, labels, 3, np.arange(N), prior)
    assert scores_of(ridge, asked, prior, labels) == pytest.approx(scores, abs=3e-3)
    assert size_of(ridge, asked, labels) == pytest.approx(size, abs=1e-2)


def test_leaving_out_a_cluster_is_learning_without_it(posts, labels, learned):
    ridge, prior = learned.ridge, labels.toarray().mean(axis=0)
    copies = np.array([3, 9, 31])
    (asked, other), (alone,) = learned.ask_without(posts, [copies, np.array([17])], [np.array([9, 31]), np.array([17])])
    for one, query, out in ((asked, 9, copies), (other, 31, copies), (alone, 17, [17])):
        scores, size = textbook(posts, labels, query, np.setdiff1d(np.arange(N), out), prior)
        assert scores_of(ridge, one, prior, labels) == pytest.approx(scores, abs=3e-3)
        assert size_of(ridge, one, labels) == pytest.approx(size, abs=1e-2)


def test_some_landmarks_stand_for_all(posts, labels, monkeypatch):
    monkeypatch.setattr(ridge_learning, "_EVERY_POST", 10)
    monkeypatch.setattr(ridge_learning, "LANDMARKS", 40)
    ridge = learn_ridge(posts, labels, HASHTAGS, [np.array([i]) for i in range(N)]).ridge
    prior = labels.toarray().mean(axis=0)
    exact, _ = textbook(posts, labels, 3, np.arange(N), prior)
    assert len(ridge.landmarks) == 40
    scores = scores_of(ridge, ridge.ask(posts)[3], prior, labels)
    assert np.corrcoef(scores, exact)[0, 1] > 0.8


def test_where_room_is_short_rare_hashtags_go_without(posts, labels, monkeypatch):
    monkeypatch.setattr(ridge_learning, "_MOST_WEIGHTS", 3 * N)
    ridge = learn_ridge(posts, labels, HASHTAGS, [np.array([i]) for i in range(N)]).ridge
    uses = labels.toarray().sum(axis=0)
    scores = scores_of(ridge, ridge.ask(posts)[0], uses / N, labels)
    assert np.isnan(scores).tolist() == (uses < ridge.fewest).tolist()
    assert 1 <= np.count_nonzero(~np.isnan(scores)) <= 3


def test_weights_that_do_not_fit_their_hashtags_are_refused(learned):
    with pytest.raises(SnapshotError, match="is damaged: its arrays do not fit together"):
        KernelRidge(learned.ridge.landmarks, learned.ridge.weights, HASHTAGS[1:], HASHTAGS, 1)


def test_hashtags_are_known_by_name_wherever_they_stand(posts, labels, learned):
    """In an archive that has lost the first, got a new one, and has the others the other way round."""
    now = StringTable.of(["new", *reversed(HASHTAGS[1:])])
    ridge = KernelRidge(learned.ridge.landmarks, learned.ridge.weights, learned.ridge.served, now, 1)
    (asked,) = ridge.ask(posts.take(np.array([3])))
    prior = np.full(M, 0.1, dtype=np.float32)
    before = scores_of(learned.ridge, asked, prior, labels)
    scores = scores_of(ridge, asked, prior, labels)
    assert np.isnan(scores[0])
    assert scores[1:] == pytest.approx(before[:0:-1], abs=1e-5)
