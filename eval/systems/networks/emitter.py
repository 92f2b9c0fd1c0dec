"""What emits one symbol after another, hashtags or words: its interface, and the loss by which it learns."""

from abc import ABC, abstractmethod
from typing import TypeAlias

import torch
from torch import Tensor, nn

from ....networks.training import Inputs

PAD = -1

# Tensors whose first dimension is the post, or the post's hypothesis.
State: TypeAlias = tuple[Tensor, ...]


class Emitter(nn.Module, ABC):
    """Emits numbers below `n_symbols`, one after another; `n_symbols` itself stands before the first."""

    def __init__(self, n_symbols: int) -> None:
        super().__init__()
        self.n_symbols = n_symbols

    @abstractmethod
    def begin(self, inputs: Inputs) -> tuple[State, State]:
        """What is looked at for every symbol, and what is remembered before the first."""

    @abstractmethod
    def step(self, seen: State, memory: State, last: Tensor) -> tuple[Tensor, State]:
        """What comes next, for `emit`, (n, width), and the memory after. last: int64 (n,), what came before."""

    @abstractmethod
    def emit(self, following: Tensor) -> Tensor:
        """Logits (n, n_symbols). following: as `step` returns it."""

    def loss(self, inputs: Inputs, targets: Tensor) -> Tensor:
        """Cross entropy of each next symbol, given the true ones before it, over all symbols of the posts.

        targets: int64 (n, steps), each post's symbols, then PAD.
        """
        # Posts with many symbols stand first, so that those which are through need no further step.
        lengths, order = (targets != PAD).sum(dim=1).sort(descending=True, stable=True)
        targets = targets[order]
        seen, memory = (tuple(tensor[order] for tensor in state) for state in self.begin(inputs))
        last = self.start(targets[:, 0])
        following, due = [], []
        for place, column in enumerate(targets[:, : max(1, int(lengths[0]))].T):
            left = max(1, int((lengths > place).sum()))
            seen, memory = (tuple(tensor[:left] for tensor in state) for state in (seen, memory))
            step, memory = self.step(seen, memory, last[:left])
            following.append(step)
            due.append(column[:left])
            last = column[:left].clamp(min=0)
        logits = self.emit(torch.cat(following))
        total = nn.functional.cross_entropy(logits, torch.cat(due), ignore_index=PAD, reduction="sum")
        return total / lengths.sum().clamp(min=1)

    def start(self, like: Tensor) -> Tensor:
        """What stands before the first symbol, in the shape of `like`."""
        return torch.full_like(like, self.n_symbols, dtype=torch.int64)


def padded(rows: list[list[int]]) -> Tensor:
    """Targets of `Emitter.loss`: int64 (n, steps), at least one step. rows: each post's symbols."""
    targets = torch.full((len(rows), max(1, *map(len, rows))), PAD)
    for target, row in zip(targets, rows, strict=True):
        target[: len(row)] = torch.tensor(row)
    return targets
