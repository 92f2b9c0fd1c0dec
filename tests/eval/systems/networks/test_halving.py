from types import SimpleNamespace

import pytest

from hashtag_recommender.core.progress import Silent
from hashtag_recommender.eval.systems.networks import halving
from hashtag_recommender.eval.systems.networks.halving import find_best


class Scripted:
    """Stands for a training that reaches the goodness written for each epoch."""

    def __init__(self, name, f1s, steps_in_epoch=125):
        self.setting = name
        self.steps_in_epoch = steps_in_epoch
        self.epochs = 0
        self._f1s = f1s

    def go_on(self, epochs, stage):
        self.epochs = max(self.epochs, min(epochs, len(self._f1s)))

    @property
    def goodness(self):
        return max(self._f1s[: self.epochs])

    @property
    def attempt(self):
        return SimpleNamespace(name=self.setting, goodness=self.goodness)


def test_the_better_half_goes_on_until_one_is_left():
    """At 125 steps an epoch: two epochs each, four for two of them, then all."""
    rises, falls, good, flat = (
        Scripted("rises", [0.3, 0.4, 0.5, 0.6, 0.7, 0.8]),
        Scripted("falls", [0.1, 0.1, 0.9]),
        Scripted("good", [0.5, 0.5, 0.5, 0.5, 0.9]),
        Scripted("flat", [0.2, 0.2]),
    )
    best, attempts = find_best([rises, falls, good, flat], "any", Silent())
    assert best is rises
    assert [attempt.name for attempt in attempts] == ["rises", "falls", "good", "flat"]
    assert [training.epochs for training in (rises, falls, good, flat)] == [6, 2, 4, 2]
    assert [attempt.goodness for attempt in attempts] == [0.8, 0.1, 0.5, 0.2]


def test_where_epochs_are_short_all_are_trained_to_their_end():
    late = Scripted("late", [0.0] * 20 + [1.0], steps_in_epoch=5)
    best, _ = find_best([Scripted("early", [0.5], steps_in_epoch=5), late], "any", Silent())
    assert best is late


@pytest.mark.parametrize("n", [1, 2, 3, 5, 12])
def test_any_number_of_settings_leaves_one_and_of_equals_the_first(n):
    trainings = [Scripted(str(number), [0.5] * 40) for number in range(n)]
    best, attempts = find_best(trainings, "any", Silent())
    assert best is trainings[0]
    assert len(attempts) == n
    assert best.epochs == 40


def test_people_are_told_what_is_under_way():
    stages = []

    class Listening(Silent):
        def stage(self, name, total):
            stages.append((name, total))
            return super().stage(name, total)

    find_best([Scripted("a", [1.0]), Scripted("b", [0.5])], "network", Listening())
    assert stages == [("network a", 2), ("network b", 2), ("network a", halving.EPOCHS)]
