import pytest
import torch
from torch import nn

from hashtag_recommender.networks import training
from hashtag_recommender.networks.training import PATIENCE, Samples, Trainable, Training, batched


class Scripted(Trainable):
    """Its validation losses and goodness are written down, one for each epoch."""

    def __init__(self, losses, goodness):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))
        self.register_buffer("epoch", torch.tensor(-1))
        self._losses, self._goodness = losses, goodness

    def _now(self, script):
        return script[min(int(self.epoch), len(script) - 1)]

    def train(self, mode=True):
        if mode:
            self.epoch += 1
        return super().train(mode)

    def loss(self, inputs, targets):
        return self.weight * 0 + self._now(self._losses)

    @property
    def goodness(self):
        return self._now(self._goodness)


class ScriptedTraining(Training):
    """What is measured is the goodness, in words."""

    def _measure(self, network):
        return str(network.goodness)

    def _goodness(self, measured):
        return float(measured)


def train(network):
    """A training that went to its end."""
    trained = ScriptedTraining(lambda: network, samples(), samples(), 2, 1e-3, seed=0)
    trained.go_on(1000)
    assert trained.trained() is network
    return trained


def samples(n=4):
    return Samples((torch.zeros(n, 1),), torch.zeros(n))


def test_training_stops_when_neither_loss_nor_goodness_gains():
    trained = train(Scripted([5, 4, 3, 3], [1, 2, 1, 1]))
    assert len(trained.curve) == 3 + PATIENCE
    assert trained.best == 1
    assert trained.curve[1].validation == "2"
    assert trained.curve[1].validation_loss == 4


def test_a_gain_in_goodness_alone_keeps_it_going():
    trained = train(Scripted([1, 2], [1, 1, 1, 2, 2, 2, 3]))
    assert trained.best == 6
    assert len(trained.curve) == 7 + PATIENCE


def test_of_the_equally_good_the_lower_loss_stands_and_there_is_an_end():
    trained = train(Scripted([1 / (1 + epoch) for epoch in range(1000)], [2]))
    assert len(trained.curve) == training.EPOCHS
    assert trained.best == training.EPOCHS - 1


def test_the_weights_of_the_best_epoch_stand():
    network = Scripted([1], [1, 1, 3, 1])
    trained = train(network)
    assert int(network.epoch) == trained.best == 2
    assert not network.training


class Line(Trainable):
    """A straight line through points."""

    def __init__(self):
        super().__init__()
        self.line = nn.Linear(1, 1)

    def loss(self, inputs, targets):
        return ((self.line(inputs[0])[:, 0] - targets) ** 2).mean()


class LineTraining(Training):
    def _measure(self, network):
        return network.line.weight.item()

    def _goodness(self, measured):
        return -abs(measured - 2)


@pytest.mark.parametrize("steps", [[20], [3, 10, 20]])
def test_a_training_that_pauses_comes_to_the_same(steps):
    points = torch.linspace(-1, 1, 12)
    line = Samples((points.unsqueeze(1).half(),), 2 * points)
    trained = LineTraining(Line, line, line, 5, 0.1, seed=1)
    before = torch.get_rng_state()
    for epochs in steps:
        trained.go_on(epochs)
        torch.rand(7)
    assert trained.steps_in_epoch == 3
    assert trained.curve[-1].loss < trained.curve[0].loss / 10
    straight = LineTraining(Line, line, line, 5, 0.1, seed=1)
    straight.go_on(steps[-1])
    assert trained.curve == straight.curve
    torch.set_rng_state(before)


def test_rows_come_a_few_at_a_time_in_order_and_in_full_precision():
    parts = list(batched((torch.arange(600), torch.ones(600, 2).half())))
    assert [len(rows) for rows, _ in parts] == [256, 256, 88]
    assert torch.equal(torch.cat([rows for rows, _ in parts]).cpu(), torch.arange(600))
    assert {ones.dtype for _, ones in parts} == {torch.float32}
