"""How every network is trained: the one loop, its early stopping, and the curve that it leaves."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil
from typing import Generic, Protocol, TypeAlias, TypeVar

import torch
from torch import Tensor, nn

from ..core.progress import Stage

EPOCHS = 60  # at most
PATIENCE = 5  # epochs without any gain, after which training stops

_AT_ONCE = 256  # samples that are only looked at, not learned from
_LONGEST_STEP = 5.0  # a gradient's norm at most: recurrent networks need it


class Column(Protocol):
    """One content of n samples: a tensor whose first dimension is the sample, or what gives one for some of them."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, ...)."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Tensor, /) -> Tensor:
        """Of some samples. rows: int64 (some,)."""
        ...


# What they are is a matter between who gives columns and the network that takes tensors of them.
Columns: TypeAlias = tuple[Column, ...]
Inputs: TypeAlias = tuple[Tensor, ...]


class Trainable(nn.Module, ABC):
    """A network with a loss."""

    @abstractmethod
    def loss(self, inputs: Inputs, targets: Tensor) -> Tensor:
        """The mean over the samples, ()."""


N = TypeVar("N", bound=Trainable)
M = TypeVar("M")  # what is measured on the validation samples


@dataclass(frozen=True, slots=True)
class Samples:
    """What is learned from, or validated by: n rows of each input, and n targets of the network's kind."""

    inputs: Columns
    targets: Tensor

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True, slots=True)
class Epoch(Generic[M]):
    """A point of the learning curve: mean losses of training and validation samples, and what the latter measured."""

    loss: float
    validation_loss: float
    validation: M


def chosen_device() -> torch.device:
    """Where networks are trained."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


class Training(ABC, Generic[N, M]):
    """A network under training, until neither loss nor goodness on validation samples has gained for PATIENCE epochs.

    The weights of the best epoch stand, of equally good ones those of the lower loss. The loss counts as a gain, too,
    since goodness can stand still for epochs while a network leaves behind what is most common. Training can pause: on
    a CPU it comes to the same as without. Subclasses say what is good.
    """

    def __init__(
        self,
        make_network: Callable[[], N],
        training: Samples,
        validation: Samples,
        batch_size: int,
        learning_rate: float,
        seed: int,
    ) -> None:
        self._samples = training, validation
        self._batch_size = batch_size
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self._network = make_network().to(chosen_device())
            self._random = torch.get_rng_state()
        # Fused: on a CPU a step takes a tenth of the time, and wide layers spend most of theirs there.
        self._optimiser = torch.optim.AdamW(self._network.parameters(), lr=learning_rate, fused=True)
        self._curve: list[Epoch[M]] = []
        self._best = self._lowest = 0
        self._weights: dict[str, Tensor] = {}

    @abstractmethod
    def _measure(self, network: N) -> M:
        """What the network is worth after an epoch, on the validation samples."""

    @abstractmethod
    def _goodness(self, measured: M) -> float:
        """High is good."""

    @property
    def curve(self) -> tuple[Epoch[M], ...]:
        """All epochs so far."""
        return tuple(self._curve)

    @property
    def best(self) -> int:
        """The epoch of `curve` whose weights stand."""
        return self._best

    @property
    def goodness(self) -> float:
        """Of the weights that stand; high is good."""
        return self._goodness(self._curve[self._best].validation)

    def go_on(self, epochs: int, stage: Stage | None = None) -> None:
        """Train until there have been so many epochs in all, EPOCHS at most, unless it stops before."""
        training, validation = self._samples
        with torch.random.fork_rng():
            torch.set_rng_state(self._random)
            while len(self._curve) < min(epochs, EPOCHS) and not self._is_through:
                loss = _learn(self._network, training, self._optimiser, self._batch_size)
                self._note(Epoch(loss, _mean_loss(self._network, validation), self._measure(self._network)))
                if stage:
                    stage.advance(1)
            self._random = torch.get_rng_state()

    def trained(self) -> N:
        """The network with the weights that stand."""
        self._network.load_state_dict(self._weights)
        self._network.eval()
        return self._network

    @property
    def steps_in_epoch(self) -> int:
        """Steps of the optimiser."""
        return ceil(len(self._samples[0]) / self._batch_size)

    @property
    def _is_through(self) -> bool:
        return len(self._curve) - max(self._best, self._lowest) > PATIENCE

    def _note(self, epoch: Epoch[M]) -> None:
        self._curve.append(epoch)
        now = len(self._curve) - 1
        if epoch.validation_loss < self._curve[self._lowest].validation_loss:
            self._lowest = now
        if now == 0 or self._standing(epoch) > self._standing(self._curve[self._best]):
            self._best, self._weights = now, copy.deepcopy(self._network.state_dict())

    def _standing(self, epoch: Epoch[M]) -> tuple[float, float]:
        return self._goodness(epoch.validation), -epoch.validation_loss


def batched(columns: Columns) -> Iterator[Inputs]:
    """All rows, a few at a time, where networks are trained."""
    for rows in torch.split(torch.arange(len(columns[0])), _AT_ONCE):
        yield _taken(columns, rows)


def _learn(network: Trainable, training: Samples, optimiser: torch.optim.Optimizer, batch_size: int) -> float:
    """One epoch; the mean loss on the way."""
    network.train()
    total = 0.0
    for rows in torch.split(torch.randperm(len(training)), batch_size):
        loss = network.loss(*_some(training, rows))
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(network.parameters(), _LONGEST_STEP)
        optimiser.step()
        total += loss.item() * len(rows)
    return total / len(training)


def _mean_loss(network: Trainable, samples: Samples) -> float:
    network.eval()
    total = 0.0
    with torch.inference_mode():
        for rows in torch.split(torch.arange(len(samples)), _AT_ONCE):
            total += network.loss(*_some(samples, rows)).item() * len(rows)
    return total / len(samples)


def _some(samples: Samples, rows: Tensor) -> tuple[Inputs, Tensor]:
    return _taken(samples.inputs, rows), samples.targets[rows].to(chosen_device())


def _taken(columns: Columns, rows: Tensor) -> Inputs:
    """Some rows where networks are trained; what is kept in half precision comes in full."""
    taken = (column[rows].to(chosen_device()) for column in columns)
    return tuple(tensor.float() if tensor.dtype == torch.float16 else tensor for tensor in taken)
