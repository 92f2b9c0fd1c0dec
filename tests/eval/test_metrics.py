import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from hashtag_recommender.eval.metrics import Measure, micro


def test_by_hand():
    """Post 1: 1 of 2 right, 1 of 3 found; post 2: suggested one only, right, 1 of 1 found; post 3: nothing."""
    suggested = [["cat", "dog"], ["Cafe"], []]
    truth = [{"cat", "pet", "kitten"}, {"#cafe"}, {"sea"}]
    measure = micro(suggested, truth, k=2)
    assert measure == Measure(precision=2 / 6, recall=2 / 5)
    assert measure.f1 == pytest.approx(2 * (1 / 3) * (2 / 5) / (1 / 3 + 2 / 5))


def test_only_the_first_k_count_and_twice_counts_once():
    assert micro([["a", "b", "c"]], [["c"]], k=2).f1 == 0
    assert micro([["a", "A", "b"]], [["a", "#a"]], k=3) == Measure(1 / 3, 1)


def test_nothing_at_all():
    assert micro([], [], k=5).f1 == 0
    assert micro([["a"]], [[]], k=1) == Measure(0, 0)


@pytest.mark.parametrize(("suggested", "truth", "k"), [([["a"]], [], 1), ([], [], 0)])
def test_nonsense_is_refused(suggested, truth, k):
    with pytest.raises(ValueError, match="suggestions for|at least 1"):
        micro(suggested, truth, k)


def test_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    tags = np.array([f"tag{i}" for i in range(30)])
    truth = [rng.choice(tags, rng.integers(1, 9), replace=False).tolist() for _ in range(50)]
    suggested = [rng.choice(tags, 5, replace=False).tolist() for _ in range(50)]
    expected = precision_recall_fscore_support(_table(truth, tags), _table(suggested, tags), average="micro")
    measure = micro(suggested, truth, k=5)
    assert (measure.precision, measure.recall, measure.f1) == pytest.approx(expected[:3])


def _table(lists, tags):
    return np.array([[tag in chosen for tag in tags] for chosen in lists])


def test_where_the_number_is_free_precision_is_over_what_was_suggested():
    measure = micro([["a"], ["b", "x", "y"], []], [["a", "z"], ["b"], ["c"]], None)
    assert measure.precision == pytest.approx(2 / 4)
    assert measure.recall == pytest.approx(2 / 4)
    assert micro([[]], [["a"]], None).f1 == 0
