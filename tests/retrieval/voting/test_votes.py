import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from hashtag_recommender.core.vectors import NO_ROW, Matches
from hashtag_recommender.retrieval.voting.votes import OWN, SHARPNESS, decay, margins, temperatures, vote_shares, votes


def matches(rows, similarities):
    return Matches(np.array(rows, dtype=np.int64), np.array(similarities, dtype=np.float32))


def test_shares_are_a_softmax_of_similarities():
    shares = vote_shares(matches([[3, 1]], [[0.9, 0.4]]), np.array([0.5]))
    assert shares[0] == pytest.approx([np.e / (np.e + 1), 1 / (np.e + 1)], abs=1e-6)


def test_who_has_no_neighbour_shares_nothing():
    shares = vote_shares(matches([[2, NO_ROW], [NO_ROW, NO_ROW]], [[0.9, 0], [0, 0]]), np.array([0.1, 0.1]))
    assert shares.tolist() == [[1, 0], [0, 0]]


def test_a_tiny_temperature_does_not_overflow():
    assert vote_shares(matches([[0, 1]], [[1.0, 0.9]]), np.array([1e-6]))[0] == pytest.approx([1, 0])


def test_votes_are_the_share_that_carries_a_hashtag():
    labels = sparse.csr_matrix(np.array([[1, 1, 0], [0, 1, 0], [0, 0, 1]], dtype=np.float32))
    found = matches([[0, 1], [NO_ROW, NO_ROW], [2, NO_ROW]], [[0.5, 0.5], [0, 0], [0.3, 0]])
    shares = vote_shares(found, np.ones(3))
    assert votes(found, shares, labels).toarray() == pytest.approx(np.array([[0.5, 1, 0], [0, 0, 0], [0, 0, 1]]))


def test_a_margin_is_the_lead_over_the_background():
    far = matches([range(60)], [[0.9, *[0.5] * 48, 0.3, *[0.2] * 10]])
    assert margins(far) == pytest.approx([0.6])
    assert margins(matches([[0, NO_ROW]], [[0.4, 0]])) == pytest.approx([0.4]), "who is missing counts as 0"
    assert temperatures(far, margin=0.6) == pytest.approx([SHARPNESS * 0.6])
    assert temperatures(far, margin=0.1) == pytest.approx([SHARPNESS * 0.1 ** (1 - OWN) * 0.6**OWN])


def test_shares_fade_by_age_and_their_sum_stays():
    """By hand: a half-life and two older than the youngest, 0.5, 0.25 * 1/2, 0.25 * 1/4, brought back to a sum of 1."""
    found = matches([[2, 0, 1]], [[0.9, 0.8, 0.7]])
    after = decay(np.array([[0.5, 0.25, 0.25]], dtype=np.float32), found, np.array([4, 5, 3], dtype=np.float32))
    assert after[0] == pytest.approx(np.array([0.5, 0.125, 0.0625]) / 0.6875)


def test_what_is_missing_neither_fades_nor_counts_as_young():
    shares = np.array([[0.75, 0.25, 0], [0, 0, 0]], dtype=np.float32)
    found = matches([[0, 1, NO_ROW], [NO_ROW] * 3], [[0.9, 0.8, 0], [0, 0, 0]])
    after = decay(shares, found, np.array([7, 7, 0], dtype=np.float32))
    assert after == pytest.approx(shares)


def test_however_old_somebody_is_the_youngest():
    found = matches([[0, 1]], [[0.9, 0.8]])
    ages = np.array([1e30, np.finfo(np.float32).max], dtype=np.float32)
    assert decay(np.array([[0.4, 0.4]], dtype=np.float32), found, ages)[0] == pytest.approx([0.8, 0])


@given(st.data(), st.integers(1, 8))
def test_fading_halves_with_every_half_life(data, k):
    shares = np.array([data.draw(st.lists(st.floats(0.125, 1, width=32), min_size=k, max_size=k))], dtype=np.float32)
    ages = np.array(data.draw(st.lists(st.integers(0, 12), min_size=k, max_size=k)), dtype=np.float32)
    after = decay(shares, matches([list(range(k))], np.ones((1, k))), ages)
    assert after.sum() == pytest.approx(shares.sum(), rel=1e-5)
    per_share = after[0] / shares[0]
    assert per_share == pytest.approx(per_share[0] * np.exp2(ages[0] - ages), rel=1e-4)
    assert decay(shares, matches([list(range(k))], np.ones((1, k))), ages + 5) == pytest.approx(after), "only the rest"
