"""How every network is trained: the one loop, its early stopping, and the record that it leaves."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import ceil
from typing import Protocol, TypeAlias

import torch
from torch import Tensor, nn

from ....core.progress import Stage
from ...measures.metrics import Measure
from .. import system as systems
from ..system import Curve

EPOCHS = 60  # at most
PATIENCE = 5  # epochs without any gain, after which training stops

_AT_ONCE = 256  # posts that are only looked at, not learned from
_LONGEST_STEP = 5.0  # a gradient's norm at most: recurrent networks need it


class Column(Protocol):
    """One content of n posts: a tensor whose first dimension is the post, or what gives one for some of the posts."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, ...)."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Tensor, /) -> Tensor:
        """Of some posts. rows: int64 (some,)."""
        ...


# What they are is a matter between a network and its learner: the network gives columns, the learner takes tensors.
Columns: TypeAlias = tuple[Column, ...]
Inputs: TypeAlias = tuple[Tensor, ...]
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
class Part:
    """Training or validation posts.

    inputs: n rows each. targets: n rows, of the learner's kind. labels: bool (n, m), the true hashtags. n_due: how
    many the posts carry in all, also those beyond m.
    """

    inputs: Columns
    targets: Tensor
    labels: Tensor
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
        """Micro precision and recall on the validation posts, with the weights that stand, at a glance."""
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

    def glance(self, inputs: Inputs, k: int) -> tuple[Tensor, Tensor]:
        """As `rank`, where that takes long more cheaply: by it a learner is watched while it learns."""
        return self.rank(inputs, k)


def chosen_device() -> torch.device:
    """Where networks are trained."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


class Training:
    """A learner under training, until neither loss nor F1 on the validation posts has gained for PATIENCE epochs.

    F1 is micro, of k hashtags a post as the learner glances at them; the weights of the best stand, of equal ones those
    of the lower loss. The loss counts as a gain, too, since F1 stands still for epochs while a network leaves the most
    used hashtags behind. Training can pause: on a CPU it comes to the same as without.
    """

    def __init__(
        self, make_learner: Callable[[], Learner], training: Part, validation: Part, k: int, setting: Setting, seed: int
    ) -> None:
        self.setting = setting
        self._parts = training, validation
        self._k = k
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self._learner = make_learner().to(chosen_device())
            self._random = torch.get_rng_state()
        # Fused: on a CPU a step takes a tenth of the time, and wide layers spend most of theirs there.
        self._optimiser = torch.optim.AdamW(self._learner.parameters(), lr=setting.learning_rate, fused=True)
        self._curve: list[Epoch] = []
        self._best = self._lowest = 0
        self._weights: dict[str, Tensor] = {}

    @property
    def attempt(self) -> Attempt:
        """What it has come to."""
        return Attempt(self.setting, tuple(self._curve), self._best)

    def go_on(self, epochs: int, stage: Stage | None = None) -> None:
        """Train until there have been so many epochs in all, EPOCHS at most, unless it stops before."""
        training, validation = self._parts
        with torch.random.fork_rng():
            torch.set_rng_state(self._random)
            while len(self._curve) < min(epochs, EPOCHS) and not self._is_through:
                loss = _learn(self._learner, training, self._optimiser, self.setting.batch_size)
                self._note(Epoch(loss, _mean_loss(self._learner, validation), self._measure(validation)))
                if stage:
                    stage.advance(1)
            self._random = torch.get_rng_state()

    def trained(self) -> Learner:
        """The learner with the weights that stand."""
        self._learner.load_state_dict(self._weights)
        self._learner.eval()
        return self._learner

    @property
    def steps_in_epoch(self) -> int:
        """Steps of the optimiser."""
        return ceil(len(self._parts[0]) / self.setting.batch_size)

    @property
    def _is_through(self) -> bool:
        return len(self._curve) - max(self._best, self._lowest) > PATIENCE

    def _note(self, epoch: Epoch) -> None:
        self._curve.append(epoch)
        now = len(self._curve) - 1
        if epoch.validation_loss < self._curve[self._lowest].validation_loss:
            self._lowest = now
        if now == 0 or _goodness(epoch) > _goodness(self._curve[self._best]):
            self._best, self._weights = now, copy.deepcopy(self._learner.state_dict())

    def _measure(self, part: Part) -> Measure:
        columns, _ = ranked(self._learner, part.inputs, self._k, self._learner.glance)
        hits = int(part.labels.gather(1, columns).sum())
        return Measure(hits / (len(part) * self._k), hits / part.n_due)


def ranked(learner: Learner, inputs: Columns, k: int, rank: Rank | None = None) -> tuple[Tensor, Tensor]:
    """As `Learner.rank`, a few posts at a time; both on the CPU. rank: another method of the learner."""
    learner.eval()
    parts = []
    with torch.inference_mode():
        for rows in torch.split(torch.arange(len(inputs[0])), _AT_ONCE):
            parts.append(tuple(tensor.cpu() for tensor in (rank or learner.rank)(_taken(inputs, rows), k)))
    columns, scores = zip(*parts, strict=True)
    return torch.cat(columns), torch.cat(scores)


def _learn(learner: Learner, training: Part, optimiser: torch.optim.Optimizer, batch_size: int) -> float:
    """One epoch; the mean loss on the way."""
    learner.train()
    device = chosen_device()
    total = 0.0
    for rows in torch.split(torch.randperm(len(training)), batch_size):
        loss = learner.loss(_taken(training.inputs, rows), training.targets[rows].to(device))
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
            total += learner.loss(_taken(part.inputs, rows), part.targets[rows].to(device)).item() * len(rows)
    return total / len(part)


def _taken(columns: Columns, rows: Tensor) -> Inputs:
    """Some posts where the learner is; what is kept in half precision comes in full."""
    taken = (column[rows].to(chosen_device()) for column in columns)
    return tuple(tensor.float() if tensor.dtype == torch.float16 else tensor for tensor in taken)


def _goodness(epoch: Epoch) -> tuple[float, float]:
    return epoch.validation.f1, -epoch.validation_loss
