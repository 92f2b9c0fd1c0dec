"""How every network is trained: the one loop, its early stopping, and the record that it leaves."""

import copy
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import TypeAlias

import torch
from torch import Tensor, nn

from ...core.progress import Stage
from .. import systems
from ..metrics import Measure
from ..systems import Curve

EPOCHS = 60  # at most
PATIENCE = 5  # epochs without any gain, after which training stops

_AT_ONCE = 256  # posts that are only looked at, not learned from
_LONGEST_STEP = 5.0  # a gradient's norm at most: recurrent networks need it

# Tensors whose first dimension is the post; what they are is a matter between a network and its learner.
Inputs: TypeAlias = tuple[Tensor, ...]


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
class Part:
    """Training or validation posts.

    inputs: n rows each. targets: n rows, of the learner's kind. carried: bool (n, m), the true hashtags. n_due: how
    many the posts carry in all, also those beyond m.
    """

    inputs: Inputs
    targets: Tensor
    carried: Tensor
    n_due: int

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True, slots=True)
class Epoch:
    """A point of the learning curve: mean losses of training and validation posts, and what the latter measured."""

    loss: float
    validation_loss: float
    validation: Measure


@dataclass(frozen=True, slots=True)
class Attempt:
    """What training with one setting came to. best: the epoch of `curve` whose weights stand."""

    setting: Setting
    curve: tuple[Epoch, ...]
    best: int

    @property
    def validation(self) -> Measure:
        """Micro precision and recall on the validation posts, with the weights that stand."""
        return self.curve[self.best].validation

    def to_curve(self, stands: bool) -> Curve:
        """For a report. stands: whether its weights were taken."""
        epochs = [systems.Epoch(epoch.loss, epoch.validation_loss, epoch.validation.f1) for epoch in self.curve]
        return Curve(asdict(self.setting), epochs, self.best, stands)


class Learner(nn.Module, ABC):
    """The part of a network that has weights."""

    @abstractmethod
    def loss(self, inputs: Inputs, targets: Tensor) -> Tensor:
        """The mean over the posts, ()."""

    @abstractmethod
    def rank(self, inputs: Inputs, k: int) -> tuple[Tensor, Tensor]:
        """The k best hashtags of each post: columns int64 (n, k), no two alike, and scores (n, k), falling. k <= m."""


def chosen_device() -> torch.device:
    """Where networks are trained."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def train(
    learner: Learner, training: Part, validation: Part, k: int, setting: Setting, stage: Stage | None = None
) -> Attempt:
    """Train until neither loss nor F1 on the validation posts has gained for PATIENCE epochs; the best F1 stands.

    F1 is micro, of k hashtags a post; of equal ones the lower loss. The loss counts as a gain, too, since F1 stands
    still for epochs while a network leaves the most used hashtags behind. Draws from torch's random numbers: who seeds
    them gets the same again on a CPU.
    """
    # Fused: on a CPU a step takes a tenth of the time, and wide layers spend most of theirs there.
    optimiser = torch.optim.AdamW(learner.parameters(), lr=setting.learning_rate, fused=True)
    curve: list[Epoch] = []
    best = lowest = 0
    weights: dict[str, Tensor] = {}
    while len(curve) < EPOCHS and len(curve) - max(best, lowest) <= PATIENCE:
        loss = _learn(learner, training, optimiser, setting.batch_size)
        curve.append(Epoch(loss, _mean_loss(learner, validation), _measure(learner, validation, k)))
        now = len(curve) - 1
        if stage:
            stage.advance(1)
        if curve[now].validation_loss < curve[lowest].validation_loss:
            lowest = now
        if now == 0 or _goodness(curve[now]) > _goodness(curve[best]):
            best, weights = now, copy.deepcopy(learner.state_dict())
    learner.load_state_dict(weights)
    learner.eval()
    return Attempt(setting, tuple(curve), best)


def ranked(learner: Learner, inputs: Inputs, k: int) -> tuple[Tensor, Tensor]:
    """As `Learner.rank`, a few posts at a time; both on the CPU."""
    learner.eval()
    device = chosen_device()
    parts = []
    with torch.inference_mode():
        for start in range(0, len(inputs[0]), _AT_ONCE):
            batch = tuple(tensor[start : start + _AT_ONCE].to(device) for tensor in inputs)
            parts.append(tuple(tensor.cpu() for tensor in learner.rank(batch, k)))
    columns, scores = zip(*parts, strict=True)
    return torch.cat(columns), torch.cat(scores)


def _learn(learner: Learner, training: Part, optimiser: torch.optim.Optimizer, batch_size: int) -> float:
    """One epoch; the mean loss on the way."""
    learner.train()
    device = chosen_device()
    total = 0.0
    for rows in torch.split(torch.randperm(len(training)), batch_size):
        inputs = tuple(tensor[rows].to(device) for tensor in training.inputs)
        loss = learner.loss(inputs, training.targets[rows].to(device))
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(learner.parameters(), _LONGEST_STEP)
        optimiser.step()
        total += loss.item() * len(rows)
    return total / len(training)


def _mean_loss(learner: Learner, part: Part) -> float:
    learner.eval()
    device = chosen_device()
    total = 0.0
    with torch.inference_mode():
        for rows in torch.split(torch.arange(len(part)), _AT_ONCE):
            inputs = tuple(tensor[rows].to(device) for tensor in part.inputs)
            total += learner.loss(inputs, part.targets[rows].to(device)).item() * len(rows)
    return total / len(part)


def _measure(learner: Learner, part: Part, k: int) -> Measure:
    columns, _ = ranked(learner, part.inputs, k)
    hits = int(part.carried.gather(1, columns).sum())
    return Measure(hits / (len(part) * k), hits / part.n_due)


def _goodness(epoch: Epoch) -> tuple[float, float]:
    return epoch.validation.f1, -epoch.validation_loss
