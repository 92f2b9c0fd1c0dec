import numpy as np
import pytest

from hashtag_recommender.core.errors import SnapshotError
from hashtag_recommender.core.odds import logistic
from hashtag_recommender.retrieval.reranking.scorer import FOLDS, Scorer, learn_scorer, log_loss


@pytest.fixture(scope="module")
def examples():
    rng = np.random.default_rng(0)
    features = rng.random((2000, 4)).astype(np.float32)
    features[rng.random(2000) < 0.2, 1] = np.nan
    chances = logistic(4 * features[:, 0] + 2 * np.nan_to_num(features[:, 1]) - 4.0)
    return features, rng.random(2000) < chances, rng.integers(FOLDS, size=2000), chances


@pytest.fixture(scope="module")
def learned(examples):
    return learn_scorer(*examples[:3], [0])


def test_it_finds_the_chances(examples, learned):
    features, _, _, chances = examples
    assert np.abs(learned.scorer.probability(features) - chances).mean() < 0.05


def test_held_out_probabilities_are_honest(examples, learned):
    _, labels, _, _ = examples
    for low, high in ((0, 0.3), (0.3, 0.6), (0.6, 1)):
        here = (learned.held_out >= low) & (learned.held_out < high)
        assert labels[here].mean() == pytest.approx(learned.held_out[here].mean(), abs=0.06), (low, here.sum())


def test_what_cannot_be_known_is_not_pretended(examples):
    """Noise, memorised in training, must not show in the held-out probabilities."""
    features, labels, folds, _ = examples
    shuffled = np.random.default_rng(1).permutation(labels)
    held_out = learn_scorer(features, shuffled, folds, [0]).held_out
    assert held_out.std() < 0.05
    odds = np.log(held_out / (1 - held_out))
    assert log_loss(odds, shuffled) < 0.72


def test_learning_the_same_twice_gives_the_same(examples, learned):
    again = learn_scorer(*examples[:3], [0])
    assert np.array_equal(again.held_out, learned.held_out)
    for name, array in learned.scorer.arrays().items():
        assert np.array_equal(again.scorer.arrays()[name], array), name


def test_it_survives_arrays(examples, learned):
    again = Scorer.from_arrays(learned.scorer.arrays())
    assert np.array_equal(again.probability(examples[0][:50]), learned.scorer.probability(examples[0][:50]))


@pytest.mark.parametrize("change", [{"calibration": np.zeros(2)}, {"line_slopes": np.zeros(1)}])
def test_arrays_that_do_not_fit_together_are_refused(learned, change):
    with pytest.raises(SnapshotError, match="index build"):
        Scorer.from_arrays(learned.scorer.arrays() | change)


def test_extreme_odds():
    assert logistic(np.array([-1000.0, 0, 1000])).tolist() == [0, 0.5, 1]
