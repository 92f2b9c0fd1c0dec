import numpy as np
import pytest
from scipy import sparse

from hashtag_recommender.core.vectors import NO_ROW, Matches
from hashtag_recommender.retrieval.voting import OWN, SHARPNESS, margins, temperatures, vote_shares, votes


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
    carried = sparse.csr_matrix(np.array([[1, 1, 0], [0, 1, 0], [0, 0, 1]], dtype=np.float32))
    found = matches([[0, 1], [NO_ROW, NO_ROW], [2, NO_ROW]], [[0.5, 0.5], [0, 0], [0.3, 0]])
    shares = vote_shares(found, np.ones(3))
    assert votes(found, shares, carried).toarray() == pytest.approx(np.array([[0.5, 1, 0], [0, 0, 0], [0, 0, 1]]))


def test_a_margin_is_the_lead_over_the_background():
    far = matches([range(60)], [[0.9, *[0.5] * 48, 0.3, *[0.2] * 10]])
    assert margins(far) == pytest.approx([0.6])
    assert margins(matches([[0, NO_ROW]], [[0.4, 0]])) == pytest.approx([0.4]), "who is missing counts as 0"
    assert temperatures(far, margin=0.6) == pytest.approx([SHARPNESS * 0.6])
    assert temperatures(far, margin=0.1) == pytest.approx([SHARPNESS * 0.1 ** (1 - OWN) * 0.6**OWN])
