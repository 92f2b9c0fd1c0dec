import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve

from hashtag_recommender.eval.measures.curves import Pooled, precision_recall, reliability
from hashtag_recommender.eval.systems.system import Scored


def test_precision_and_recall_by_hand():
    """Two posts; of one score are two suggestions, which no threshold parts. `Cat` twice counts once."""
    answers = [[Scored("Cat", 0.9), Scored("cat", 0.8), Scored("dog", 0.5)], [Scored("sea", 0.5)]]
    pooled = Pooled.of(answers, [["cat"], ["sea", "sun"]])
    assert pooled.due == 3
    assert precision_recall(pooled) == [
        {"precision": 1, "recall": pytest.approx(1 / 3)},
        {"precision": pytest.approx(2 / 3), "recall": pytest.approx(2 / 3)},
    ]


def test_a_curve_lies_on_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 400, 5000) / 400
    right = rng.random(5000) < scores
    found = precision_recall(Pooled(scores, right, int(right.sum())))
    precision, recall, _ = precision_recall_curve(right, scores)
    whole = {(round(p, 9), round(r, 9)) for p, r in zip(precision, recall, strict=True)}
    assert {(round(at["precision"], 9), round(at["recall"], 9)) for at in found} <= whole
    recalls = [at["recall"] for at in found]
    assert recalls == sorted(recalls) and recalls[-1] == 1 and 90 < len(found) <= 102


def test_nothing_suggested_has_no_curve():
    pooled = Pooled.of([[], []], [["cat"], ["sea"]])
    assert precision_recall(pooled) == []
    assert reliability(pooled) is None


def test_calibration_by_hand():
    """Two tenths: 0.2 suggested twice and never right, 0.9 and 1 right once of two: off by 0.2 and by 0.45."""
    pooled = Pooled(np.array([0.2, 0.2, 0.9, 1.0]), np.array([False, False, True, False]), 3)
    found = reliability(pooled)
    assert found["ece"] == pytest.approx((2 * 0.2 + 2 * 0.45) / 4)
    assert found["bins"] == [
        {"n": 2, "probability": pytest.approx(0.2), "carried": 0},
        {"n": 2, "probability": pytest.approx(0.95), "carried": 0.5},
    ]


def test_what_is_no_probability_is_not_calibrated():
    assert reliability(Pooled(np.array([0.5, 1.5]), np.array([True, True]), 2)) is None


def test_the_report_holds_them(evaluated):
    _, _, report = evaluated
    named = {system["name"]: system for system in report["systems"]}
    assert named["ours"]["reliability"]["ece"] == pytest.approx((4 * (0.1 + 0.4 + 0.2 + 0.3 + 0.5)) / 20)
    assert named["popularity"]["reliability"] is None, "its scores are not meant to be probabilities"
    assert named["ours"]["precision_recall"][0] == {"precision": 1, "recall": pytest.approx(4 / 24)}
    for system in report["systems"]:
        for at in ("5", "10"):
            low, high = system["interval"][f"micro_f1_{at}"]
            assert low <= system["metrics"]["micro"][at]["f1"] <= high
    low, high = named["ours"]["interval"]["micro_f1_auto"]
    assert low <= named["ours"]["metrics"]["auto"]["micro"]["f1"] <= high
    assert named["popularity"]["interval"]["micro_f1_auto"] is None
    low, high = named["ours"]["ahead_by"]["ceiling"]
    assert named["ceiling"]["ahead_by"]["ours"] == [pytest.approx(-high), pytest.approx(-low)]
    assert [system["runs"] for system in report["systems"]] == [1, 1, 2, 1, 1]
