import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from hashtag_recommender.retrieval.search.channels import contents_of
from hashtag_recommender.retrieval.voting.ranking import MOST_CANDIDATES, Calibration, QueryBatch, Vote

# Four hashtags, used by 1, 3, 2 and 2 of four posts.
PRIOR = np.array([0.25, 0.75, 0.5, 0.5])


def batch(*votes):
    table = sparse.csr_matrix(np.array(votes, dtype=np.float32))
    return QueryBatch(contents_of([""] * len(votes), []), {}, table)


def test_the_most_voted_first_and_votes_as_they_stand():
    [ranked] = Vote(PRIOR, None, 0.3).rank(batch([0.5, 0.2, 0, 0.7]))
    assert ranked.columns.tolist() == [3, 0, 1]
    assert ranked.probabilities == pytest.approx([0.7, 0.5, 0.2])
    assert ranked.features.shape[1] == 0
    assert Vote(PRIOR, None, 0.3).threshold == 0.3


def test_of_equal_votes_the_more_used_one_first_then_the_earlier():
    [ranked] = Vote(PRIOR, None, 0.3).rank(batch([0.4, 0.4, 0.4, 0.4]))
    assert ranked.columns.tolist() == [1, 2, 3, 0]


def test_the_most_used_where_nothing_speaks():
    silent, spoken = Vote(PRIOR, Calibration(1.0, 0.0), 0.3).rank(batch([0, 0, 0, 0], [0, 0, 1, 0]))
    assert silent.columns.tolist() == [1, 2, 3, 0]
    assert silent.probabilities.tolist() == [0.75, 0.5, 0.5, 0.25], "how often the archive uses each"
    assert spoken.columns.tolist() == [2]


def test_no_query_no_answer():
    nothing = QueryBatch(contents_of([], []), {}, sparse.csr_matrix((0, 4), dtype=np.float32))
    assert Vote(PRIOR, None, 0.3).rank(nothing) == []


def test_rounding_makes_no_vote_surer_than_sure():
    [ranked] = Vote(PRIOR, None, 0.3).rank(batch([1.0000001, 0, 0, 0]))
    assert ranked.probabilities.tolist() == [1.0]


def test_there_is_an_end_to_candidates():
    many = np.ones(2 * MOST_CANDIDATES)
    votes = sparse.csr_matrix(np.linspace(0.1, 1, 2 * MOST_CANDIDATES, dtype=np.float32)[None])
    [ranked] = Vote(many, None, 0.3).rank(QueryBatch(contents_of([""], []), {}, votes))
    assert sorted(ranked.columns) == list(range(MOST_CANDIDATES, 2 * MOST_CANDIDATES))


def test_calibrated_by_hand():
    calibration = Calibration(2.0, 1.0)
    odds = 2 * np.log(0.25 + 1e-4) + 1
    assert calibration.probability(np.array([0.25])) == pytest.approx([1 / (1 + np.exp(-odds))])
    [ranked] = Vote(PRIOR, calibration, 0.3).rank(batch([0, 0.25, 0, 0]))
    assert ranked.probabilities == pytest.approx(calibration.probability(np.array([0.25])))


@given(st.lists(st.floats(0, 1, width=32), min_size=2, max_size=20), st.floats(0.125, 5), st.floats(-5, 5))
def test_calibration_keeps_the_order_and_gives_probabilities(votes, slope, offset):
    probabilities = Calibration(slope, offset).probability(np.sort(np.array(votes, dtype=np.float32)))
    assert (np.diff(probabilities) >= 0).all()
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
    low, high = Calibration(slope, offset).probability(np.array([0.1, 0.6]))
    assert low < high
