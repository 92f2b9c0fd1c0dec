import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashtag_recommender.retrieval.captions.consensus import find_consensus

CAPTIONS = ["iced latte by the window", "an iced latte, window seat", "latte at the window", "rocket on the pad"]


def test_the_caption_that_says_what_the_others_say_is_first():
    consensus = find_consensus(CAPTIONS, np.ones(4))
    assert consensus.order[-1] == 3
    assert np.all(np.diff(consensus.scores[consensus.order]) <= 0)


def test_neighbours_count_as_much_as_they_weigh():
    consensus = find_consensus(CAPTIONS, np.asarray([0.01, 0.01, 0.01, 5.0]))
    assert consensus.order[0] == 3
    assert consensus.scores[3] == pytest.approx(1, abs=0.02)


def test_near_duplicates_of_a_better_caption_are_merged():
    said = ["Iced latte by the window!", "rocket on the pad", "iced latte by the window"]
    consensus = find_consensus(said, np.asarray([1.0, 1.0, 2.0]))
    assert consensus.order.tolist() == [2, 1]
    assert consensus.leader.tolist() == [2, 1, 2]


def test_frequent_words_count_as_much_as_rare_ones():
    """By rarity, the third would be most like the others; it shares one rare word with each of two."""
    said = ["cat cat sofa zebra", "cat sofa today", "cat on the sofa", "zebra crossing"]
    assert find_consensus(said, np.ones(4)).order[-1] == 3


@given(st.lists(st.tuples(st.text(max_size=30), st.floats(0.01, 1)), min_size=1, max_size=12))
def test_every_caption_has_a_score_and_a_leader(told):
    captions, weights = [text for text, _ in told], np.asarray([weight for _, weight in told])
    consensus = find_consensus(captions, weights)
    assert ((consensus.scores >= 0) & (consensus.scores <= 1)).all()
    assert set(consensus.leader.tolist()) == set(consensus.order.tolist())
    assert len(set(consensus.order.tolist())) == len(consensus.order)
