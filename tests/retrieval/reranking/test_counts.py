import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from hashtag_recommender.retrieval.reranking import counts
from hashtag_recommender.retrieval.reranking.counts import PairCounts, count


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
    assert np.array_equal(without.together(every[:, None], every[:3]), anew.together(every[:, None], every[:3]))


def test_by_hand():
    labels = sparse.csr_matrix(np.array([[1, 1, 0], [1, 1, 0], [1, 0, 1]], dtype=np.float32))
    mentioned = sparse.csr_matrix(np.array([[2, 0, 0], [0, 0, 1], [0, 0, 1]], dtype=np.float32))
    counted = count(labels, mentioned)
    assert counted.uses.tolist() == [3, 2, 1]
    assert counted.mentions.tolist() == [1, 0, 2]
    assert counted.kept.tolist() == [1, 0, 1]
    assert counted.together(np.array([0]), np.array([1, 2])).tolist() == [2, 0]  # met once is met never


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 15), st.integers(1, 60))
def test_pairs_are_counted_in_slices_and_the_rarest_dropped(seed, most, at_once):
    labels, _, _ = archive(seed)
    together = np.triu((labels.T @ labels).toarray(), k=1)
    fewest = next(n for n in range(1, 99) if np.count_nonzero(together >= n) <= most)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counts, "_AT_ONCE", at_once)
        pairs = PairCounts.count(labels, most)
    assert pairs.fewest == fewest
    kept = np.where(together >= fewest, together, 0)
    assert np.array_equal(pairs.between(np.arange(6)[:, None], np.arange(5)), (kept + kept.T)[:, :5])
    assert (np.diff(pairs.keys) > 0).all() and pairs.keys.dtype == np.int64


def test_posts_that_came_later_add_to_the_pairs():
    labels, mentioned, _ = archive(3)
    whole, few = count(labels, mentioned), count(labels[:20], mentioned[:20])
    grown = dataclasses.replace(few, pairs=(*few.pairs, PairCounts.count(labels[20:])))
    every = np.arange(6)
    assert np.array_equal(grown.together(every[:, None], every), whole.together(every[:, None], every))
