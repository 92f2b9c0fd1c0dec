import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from hashtag_recommender.retrieval.reranking.counts import count, recount


def archive(seed):
    rng = np.random.default_rng(seed)
    labels = sparse.csr_matrix((rng.random((30, 6)) < 0.4).astype(np.float32))
    mentioned = sparse.csr_matrix((rng.integers(0, 3, (30, 6)) * (rng.random((30, 6)) < 0.3)).astype(np.float32))
    return labels, mentioned, np.sort(rng.choice(30, 7, replace=False))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_without_a_block_is_as_if_it_had_never_been(seed):
    labels, mentioned, block = archive(seed)
    rest = np.setdiff1d(np.arange(30), block)
    without = count(labels, mentioned).without(block, labels, mentioned)
    anew = count(labels[rest], mentioned[rest])
    every = np.arange(6)
    assert without.n_posts == anew.n_posts == 23
    for name in ("uses", "mentions", "kept"):
        assert np.array_equal(getattr(without, name), getattr(anew, name))
    assert np.array_equal(without.prior(every), anew.prior(every))
    assert np.array_equal(without.together(every, every[:3]), anew.together(every, every[:3]))


def test_by_hand():
    labels = sparse.csr_matrix(np.array([[1, 1, 0], [1, 1, 0], [1, 0, 1]], dtype=np.float32))
    mentioned = sparse.csr_matrix(np.array([[2, 0, 0], [0, 0, 1], [0, 0, 1]], dtype=np.float32))
    counts = count(labels, mentioned)
    assert counts.uses.tolist() == [3, 2, 1]
    assert counts.mentions.tolist() == [1, 0, 2]
    assert counts.kept.tolist() == [1, 0, 1]
    assert counts.together(np.array([0]), np.array([1, 2])).tolist() == [[2, 0]]  # met once is met never
    assert recount(labels, counts.mentions, counts.kept).uses.tolist() == [3, 2, 1]
