import pytest
import torch
from torch import nn

from hashtag_recommender.eval.measures.metrics import Measure
from hashtag_recommender.eval.systems.networks.learner import Learner, LearnerTraining, Part, Setting, ranked, to_curve

SETTING = Setting(batch_size=2, learning_rate=1e-3, width=1, dropout=0.0)


class Scripted(Learner):
    """Ranks the right hashtag first for as many posts as are written down for each epoch; at a glance, for one less."""

    def __init__(self, hits):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))
        self.register_buffer("epoch", torch.tensor(-1))
        self._hits = hits

    def train(self, mode=True):
        if mode:
            self.epoch += 1
        return super().train(mode)

    def loss(self, inputs, targets):
        return self.weight * 0

    def rank(self, inputs, k):
        return self._ranked(inputs, self._hits[int(self.epoch)])

    def glance(self, inputs, k):
        return self._ranked(inputs, self._hits[int(self.epoch)] - 1)

    def _ranked(self, inputs, hits):
        n = len(inputs[0])
        return (torch.arange(n) >= hits).long().unsqueeze(1), torch.ones(n, 1)


def part(n=4, n_due=8):
    labels = torch.tensor([[True, False]]).repeat(n, 1)
    return Part((torch.zeros(n, 1),), labels, labels, n_due)


@pytest.fixture
def trained():
    training = LearnerTraining(lambda: Scripted([1, 3, 2]), part(), part(), 1, SETTING, seed=0)
    training.go_on(3)
    return training


def test_the_highest_micro_f1_at_a_glance_stands(trained):
    attempt = trained.attempt
    measured = [epoch.validation for epoch in attempt.curve]
    assert measured == [Measure(0, 0), Measure(2 / 4, 2 / 8), Measure(1 / 4, 1 / 8)]
    assert (attempt.setting, attempt.best, attempt.validation) == (SETTING, 1, Measure(2 / 4, 2 / 8))
    assert trained.goodness == attempt.validation.f1


def test_a_report_gets_its_curve(trained):
    curve = to_curve(trained.attempt, stands=True)
    assert curve.setting == {"batch_size": 2, "learning_rate": 1e-3, "width": 1, "dropout": 0.0}
    assert [epoch.validation_f1 for epoch in curve.epochs] == [0, pytest.approx(1 / 3), pytest.approx(1 / 6)]
    assert (curve.best, curve.stands) == (1, True)


def test_all_posts_are_ranked_with_care(trained):
    learner = trained.trained()
    columns, scores = ranked(learner, part().inputs, 1)
    assert columns.tolist() == [[0], [0], [0], [1]]
    assert scores.shape == (4, 1)
