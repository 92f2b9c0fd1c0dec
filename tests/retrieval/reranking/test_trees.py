import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from hashtag_recommender.core.errors import SnapshotError
from hashtag_recommender.retrieval.reranking.trees import MOST_LEAVES, BoostedTrees


def rows(n, seed, missing=0.15):
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(n, 6)).astype(np.float32)
    table[:, 1] = np.round(table[:, 1])  # values that are thresholds' neighbours, and equal ones
    table[:, 4] = 1  # never split
    table[rng.random(table.shape) < missing] = np.nan
    return table


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Threads that wait for each other on a busy machine take a hundred times as long as the work."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def models():
    fitted = []
    for seed in range(3):
        table = rows(1500, seed)
        odds = np.nan_to_num(table[:, 0]) + np.nan_to_num(table[:, 1]) * np.isnan(table[:, 2])
        classifier = HistGradientBoostingClassifier(
            max_iter=15, max_leaf_nodes=MOST_LEAVES, max_features=0.5, early_stopping=False, random_state=seed
        )
        fitted.append(classifier.fit(table, odds + np.random.default_rng(seed).normal(size=1500) > 0.5))
    return fitted


@pytest.fixture(scope="module")
def trees(models):
    return BoostedTrees.of(models)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.3, 1.0]))
def test_they_decide_as_scikit_learn_does(models, trees, seed, missing):
    table = rows(50, seed, missing)
    expected = np.mean([model.decision_function(table) for model in models], axis=0)
    assert trees.decision(table) == pytest.approx(expected, abs=1e-12)


def test_values_that_are_thresholds_go_left(models, trees):
    table = np.tile(rows(1, 0, 0).astype(np.float64), (len(trees.splits.thresholds), 1))
    finite = np.isfinite(trees.splits.thresholds)
    table[np.flatnonzero(finite), trees.splits.features[finite]] = trees.splits.thresholds[finite]
    expected = np.mean([model.decision_function(table) for model in models], axis=0)
    assert trees.decision(table) == pytest.approx(expected, abs=1e-12)


def test_no_rows_and_many_rows(trees):
    assert trees.decision(np.zeros((0, 6))).shape == (0,)
    table = rows(5000, 3)
    assert np.array_equal(trees.decision(table)[4990:], trees.decision(table[4990:]))


def test_they_survive_arrays(trees, tmp_path):
    for name, array in trees.arrays().items():
        np.save(tmp_path / f"{name}.npy", array)
    again = BoostedTrees.from_arrays(
        {name: np.load(tmp_path / f"{name}.npy", allow_pickle=False) for name in trees.arrays()}
    )
    table = rows(20, 9)
    assert np.array_equal(again.decision(table), trees.decision(table))


@pytest.mark.parametrize("change", [{"values": np.zeros((3, 4))}, {"trees": np.zeros(2, dtype=np.int32)}])
def test_arrays_that_do_not_fit_together_are_refused(trees, change):
    with pytest.raises(SnapshotError, match="index build"):
        BoostedTrees.from_arrays(trees.arrays() | change)


def test_an_array_that_is_missing_is_named(trees):
    with pytest.raises(SnapshotError, match="thresholds"):
        BoostedTrees.from_arrays({name: x for name, x in trees.arrays().items() if name != "thresholds"})


def test_larger_trees_are_refused():
    table = rows(2000, 0)
    model = HistGradientBoostingClassifier(max_iter=2, max_leaf_nodes=31, min_samples_leaf=5, early_stopping=False)
    with pytest.raises(ValueError, match="leaves"):
        BoostedTrees.of([model.fit(table, np.sin(20 * np.nan_to_num(table[:, 0])) > 0)])


def test_trees_that_never_split():
    table = np.zeros((60, 2))
    model = HistGradientBoostingClassifier(max_iter=3, early_stopping=False).fit(table, np.arange(60) % 3 == 0)
    assert BoostedTrees.of([model]).decision(table[:4]) == pytest.approx(model.decision_function(table[:4]))
