import pytest
import torch
from torch import nn

from hashtag_recommender.eval.systems.networks import training
from hashtag_recommender.eval.systems.networks.training import PATIENCE, Learner, Part, Setting, Training

SETTING = Setting(batch_size=2, learning_rate=1e-3, width=1, dropout=0.0)


class Scripted(Learner):
    """Its validation losses and hits are written down, one for each epoch."""

    def __init__(self, losses, hits):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))
        self.register_buffer("epoch", torch.tensor(-1))
        self._losses, self._hits = losses, hits

    def _now(self, script):
        return script[min(int(self.epoch), len(script) - 1)]

    def train(self, mode=True):
        if mode:
            self.epoch += 1
        return super().train(mode)

    def loss(self, inputs, targets):
        return self.weight * 0 + self._now(self._losses)

    def rank(self, inputs, k):
        n = len(inputs[0])
        right = torch.arange(n) < self._now(self._hits)
        return (~right).long().unsqueeze(1), torch.ones(n, 1)


def train(learner):
    """The learner trained to its end, and what that came to."""
    training = Training(lambda: learner, part(), part(), 1, SETTING, seed=0)
    training.go_on(1000)
    assert training.trained() is learner
    return training.attempt


def part(n=4):
    labels = torch.tensor([[True, False]]).repeat(n, 1)
    return Part((torch.zeros(n, 1),), labels, labels, n_due=n)


def test_training_stops_when_neither_loss_nor_f1_gains():
    attempt = train(Scripted([5, 4, 3, 3], [1, 2, 1, 1]))
    assert len(attempt.curve) == 3 + PATIENCE
    assert attempt.best == 1
    assert attempt.validation.f1 == pytest.approx(0.5)


def test_a_gain_in_f1_alone_keeps_it_going():
    attempt = train(Scripted([1, 2], [1, 1, 1, 2, 2, 2, 3]))
    assert attempt.best == 6
    assert len(attempt.curve) == 7 + PATIENCE


def test_of_equal_f1_the_lower_loss_stands_and_there_is_an_end():
    learner = Scripted([1 / (1 + epoch) for epoch in range(1000)], [2])
    attempt = train(learner)
    assert len(attempt.curve) == training.EPOCHS
    assert attempt.best == training.EPOCHS - 1


def test_the_weights_of_the_best_epoch_stand():
    learner = Scripted([1], [1, 1, 3, 1])
    attempt = train(learner)
    assert int(learner.epoch) == attempt.best == 2
    assert not learner.training
