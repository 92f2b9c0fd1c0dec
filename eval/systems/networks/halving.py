"""How the best setting of a grid is found without training every one to its end."""

from collections.abc import Iterable
from math import ceil

from ....core.progress import Progress
from ....networks.training import EPOCHS, M, N
from .learner import Attempt, SettingTraining

STEPS = 250  # that every setting gets; on small archives that is all it needs


def find_best(
    trainings: Iterable[SettingTraining[N, M]], name: str, progress: Progress
) -> tuple[SettingTraining[N, M], tuple[Attempt[M], ...]]:
    """The training that came to the best on the validation posts, at its end; and what each came to, in order.

    Successive halving (Jamieson and Talwalkar, arXiv 1502.07943): all settings get STEPS steps, the better half as many
    again, and so on, until one is left, which gets all it needs. A training that stops by itself before takes part with
    what it came to: where STEPS take longer than that, every setting is trained to its end.
    """
    left = dict(enumerate(trainings))
    attempts: dict[int, Attempt[M]] = {}
    steps = STEPS
    while True:
        for place, training in left.items():
            epochs = ceil(steps / training.steps_in_epoch) if len(left) > 1 else EPOCHS
            with progress.stage(f"{name} {training.setting}", epochs) as stage:
                training.go_on(epochs, stage)
            attempts[place] = training.attempt
        if len(left) == 1:
            [winner] = left.values()
            return winner, tuple(attempts[place] for place in sorted(attempts))
        falling = sorted(left, key=lambda place: (-left[place].goodness, place))
        left = {place: left[place] for place in sorted(falling[: ceil(len(left) / 2)])}
        steps *= 2
