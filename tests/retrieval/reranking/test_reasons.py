import numpy as np
import pytest

from hashtag_recommender.core.results import Reason
from hashtag_recommender.retrieval.reranking.reasons import MOST, reasons

NAMES = ("lexical_10", "lexical_nearest", "vote", "company", "company_pmi", "letters")
WEIGHTS = np.array([1.0, 2.0, 0.5, 0.04, 0.04, 100.0])
FEATURES = np.array(
    [
        [1.0, 1.0, 4.0, 1.0, 1.0, 3.0],
        [0.0, 0.0, 0.0, 0.0, 0.0, 4.0],
        [0.5, 0.0, 0.2, 0.5, 0.5, 5.0],
    ],
    dtype=np.float32,
)


def linear(features):
    return np.nan_to_num(features).astype(np.float64) @ WEIGHTS


def told(features=FEATURES, places=(0,), names=NAMES, odds=linear):
    told = reasons(names, features, np.array(places, dtype=np.int64), odds)
    return [{reason.what: reason.log_odds for reason in why} for why in told]


def test_each_group_of_features_against_a_middling_candidate():
    """Medians are 0.5, 0, 0.2: 1 * (1 - 0.5) + 2 * (1 - 0) by words, 0.5 * (4 - 0.2) by votes; company: too little."""
    [why] = told()
    assert why == {
        "posts with similar words": pytest.approx(2.5),
        "the votes of all similar posts together": pytest.approx(1.9, abs=1e-6),
    }
    assert list(why) == ["posts with similar words", "the votes of all similar posts together"], "the weightiest first"


def test_what_spoke_against_a_hashtag_is_told_below_zero():
    [why] = told(places=[1])
    assert why["posts with similar words"] == pytest.approx(-0.5)


def test_they_come_in_the_order_asked_for():
    assert told(places=[1, 0]) == [*told(places=[1]), *told(places=[0])]
    assert told(places=[]) == []


def test_no_more_than_the_weightiest():
    names = ("image_10", "sentence_10", "lexical_10", "vote", "ridge", "mention")
    features = np.concatenate([np.ones((1, 6)), np.zeros((2, 6))]).astype(np.float32)
    [why] = reasons(names, features, np.array([0]), lambda some: some.astype(np.float64) @ np.arange(1.0, 7.0))
    assert why == (
        Reason("how similar its letters are to the caption", 6.0),
        Reason("the regression over the whole archive", 5.0),
        Reason("the votes of all similar posts together", 4.0),
    )
    assert len(why) == MOST


def test_what_a_channel_does_not_say_counts_as_missing_for_all():
    features = FEATURES.copy()
    features[:, :2] = np.nan
    assert "posts with similar words" not in told(features)[0]


def test_medians_are_of_those_that_know():
    features = FEATURES.copy()
    features[1, 2] = np.nan
    assert told(features)[0]["the votes of all similar posts together"] == pytest.approx(0.5 * (4 - 2.1), abs=1e-6)


def test_of_a_hashtag_that_came_by_other_means_nothing_is_told():
    features = FEATURES.copy()
    features[2] = np.nan
    assert told(features, places=[0, 2])[1] == {}
    assert told(features, places=[0])[0]
