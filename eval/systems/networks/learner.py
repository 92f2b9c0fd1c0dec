"""What every network learns from and with, and how it is trained to rank hashtags."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Generic, TypeAlias

import torch
from torch import Tensor

from ....networks.training import Columns, Epoch, Inputs, M, N, Samples, Trainable, Training, batched
from ...measures.metrics import Measure
from .. import system as systems
from ..system import Curve

Rank: TypeAlias = Callable[[Inputs, int], tuple[Tensor, Tensor]]


@dataclass(frozen=True, slots=True)
class Setting:
    """One point of a grid."""

    batch_size: int
    learning_rate: float
    width: int
    dropout: float

    def __str__(self) -> str:
        return f"(bs {self.batch_size}, lr {self.learning_rate:g}, width {self.width}, dropout {self.dropout:g})"


@dataclass(frozen=True, slots=True)
class Part(Samples):
    """Training or validation posts.

    labels: bool (n, m), the true hashtags. n_due: how many the posts carry in all, also those beyond m.
    """

    labels: Tensor
    n_due: int


@dataclass(frozen=True, slots=True)
class Attempt(Generic[M]):
    """What training with one setting came to. best: the epoch of `curve` whose weights stand."""

    setting: Setting
    curve: tuple[Epoch[M], ...]
    best: int

    @property
    def validation(self) -> M:
        """What was measured on the validation posts with the weights that stand."""
        return self.curve[self.best].validation


class SettingTraining(Training[N, M]):
    """A training with one setting of a grid."""

    def __init__(
        self, make_network: Callable[[], N], training: Samples, validation: Samples, setting: Setting, seed: int
    ) -> None:
        super().__init__(make_network, training, validation, setting.batch_size, setting.learning_rate, seed)
        self.setting = setting

    @property
    def attempt(self) -> Attempt[M]:
        """What it has come to."""
        return Attempt(self.setting, self.curve, self.best)


class Learner(Trainable):
    """The part of a network that has weights."""

    @abstractmethod
    def rank(self, inputs: Inputs, k: int) -> tuple[Tensor, Tensor]:
        """The k best hashtags of each post: columns int64 (n, k), no two alike, and scores (n, k), falling. k <= m."""

    def glance(self, inputs: Inputs, k: int) -> tuple[Tensor, Tensor]:
        """As `rank`, where that takes long more cheaply: by it a learner is watched while it learns."""
        return self.rank(inputs, k)


class LearnerTraining(SettingTraining[Learner, Measure]):
    """Good is a high F1: micro, of k hashtags a post as the learner glances at them."""

    def __init__(
        self, make_learner: Callable[[], Learner], training: Part, validation: Part, k: int, setting: Setting, seed: int
    ) -> None:
        super().__init__(make_learner, training, validation, setting, seed)
        self._validation = validation
        self._k = k

    def _measure(self, network: Learner) -> Measure:
        part = self._validation
        columns, _ = ranked(network, part.inputs, self._k, network.glance)
        hits = int(part.labels.gather(1, columns).sum())
        return Measure(hits / (len(part) * self._k), hits / part.n_due)

    def _goodness(self, measured: Measure) -> float:
        return measured.f1


def to_curve(attempt: Attempt[Measure], stands: bool) -> Curve:
    """For a report. stands: whether its weights were taken."""
    epochs = [systems.Epoch(epoch.loss, epoch.validation_loss, epoch.validation.f1) for epoch in attempt.curve]
    return Curve(asdict(attempt.setting), epochs, attempt.best, stands)


def ranked(learner: Learner, inputs: Columns, k: int, rank: Rank | None = None) -> tuple[Tensor, Tensor]:
    """As `Learner.rank`, a few posts at a time; both on the CPU. rank: another method of the learner."""
    learner.eval()
    parts = []
    with torch.inference_mode():
        for some in batched(inputs):
            parts.append(tuple(tensor.cpu() for tensor in (rank or learner.rank)(some, k)))
    columns, scores = zip(*parts, strict=True)
    return torch.cat(columns), torch.cat(scores)
