"""What the networks that emit hashtags one after another share: their loss, and beam search without repetition."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn

from ....core.post import Post
from ....networks.training import Inputs
from .hashtags import Hashtags
from .learner import Learner

BEAM = 3

_LONGEST = 20  # hashtags of a post that are learned from, the most used; each is a step, and few posts carry more
_PAD = -1

# Tensors whose first dimension is the post, or the post's hypothesis.
State: TypeAlias = tuple[Tensor, ...]


class Decoder(Learner):
    """Emits the columns of hashtags, one after another; a column m stands before the first.

    It knows no end: it emits as many as are wished for.
    """

    def __init__(self, n_hashtags: int, targets: Tensor) -> None:
        """targets: of the training posts."""
        super().__init__()
        self.n_hashtags = n_hashtags
        self.usual = max(1, round((targets != _PAD).sum(dim=1).double().mean().item()))

    @abstractmethod
    def begin(self, inputs: Inputs) -> tuple[State, State]:
        """What is looked at for every hashtag, and what is remembered before the first."""

    @abstractmethod
    def step(self, seen: State, memory: State, last: Tensor) -> tuple[Tensor, State]:
        """What comes next, for `emit`, (n, width), and the memory after. last: int64 (n,), what came before."""

    @abstractmethod
    def emit(self, following: Tensor) -> Tensor:
        """Logits (n, m). following: as `step` returns it."""

    def loss(self, inputs: Inputs, targets: Tensor) -> Tensor:
        """Cross entropy of each next hashtag, given the true ones before it, over all hashtags of the posts.

        targets: int64 (n, steps), as `sequences` makes them.
        """
        # Posts with many hashtags stand first, so that those which are through need no further step.
        lengths, order = (targets != _PAD).sum(dim=1).sort(descending=True, stable=True)
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
        total = nn.functional.cross_entropy(logits, torch.cat(due), ignore_index=_PAD, reduction="sum")
        return total / lengths.sum().clamp(min=1)

    def glance(self, inputs: Inputs, k: int) -> tuple[Tensor, Tensor]:
        """Greedy decoding: a third of the work of a beam, and none of its care."""
        columns, likelihoods = search(self, inputs, k, 1)
        return columns, likelihoods.exp()

    def rank(self, inputs: Inputs, k: int) -> tuple[Tensor, Tensor]:
        """The likelier of beam search and greedy decoding, since a beam may lose the path that is best in the end.

        A hashtag's score is the probability of all up to it.
        """
        greedy, beam = search(self, inputs, k, 1), search(self, inputs, k, BEAM)
        end = min(k, self.usual) - 1
        likelier = (beam[1] >= greedy[1])[:, end : end + 1]
        columns, likelihoods = (torch.where(likelier, *both) for both in zip(beam, greedy, strict=True))
        return columns, likelihoods.exp()

    def start(self, like: Tensor) -> Tensor:
        """What stands before the first hashtag, in the shape of `like`."""
        return torch.full_like(like, self.n_hashtags, dtype=torch.int64)


def sequences(hashtags: Hashtags, posts: Sequence[Post]) -> Tensor:
    """int64 (n, steps): each post's hashtags, most used first, then padding.

    The order is not the posted one: that has little system, and a decoder learns better from one that has (Nam et al.,
    NIPS 2017).
    """
    rows = [hashtags.columns(post)[:_LONGEST] for post in posts]
    targets = torch.full((len(rows), max(1, *map(len, rows))), _PAD)
    for target, row in zip(targets, rows, strict=True):
        target[: len(row)] = torch.tensor(row)
    return targets


def search(decoder: Decoder, inputs: Inputs, k: int, beam: int) -> tuple[Tensor, Tensor]:
    """The likeliest k hashtags in a row, none twice, that a beam of so many hypotheses finds; 1 is greedy decoding.

    Beyond the usual number of hashtags the decoder has seen little: what it makes of that must not choose those before.
    Returns columns int64 (n, k), and log likelihoods (n, k): of all hashtags up to each.
    """
    n, m = len(inputs[0]), decoder.n_hashtags
    beam = min(beam, m)
    seen, memory = (tuple(tensor.repeat_interleave(beam, dim=0) for tensor in state) for state in decoder.begin(inputs))
    device = memory[0].device
    last = decoder.start(torch.empty(n * beam, device=device))
    first = torch.arange(0, n * beam, beam, device=device)  # where each post's hypotheses begin
    emitted = torch.zeros(n * beam, m, dtype=torch.bool, device=device)
    columns = torch.zeros(n * beam, 0, dtype=torch.int64, device=device)
    likelihoods = torch.zeros(n * beam, 0, device=device)
    # A post's hypotheses begin alike: but one of them is out, or the beam would hold the same thing many times.
    total = torch.full((n, beam), -torch.inf, device=device)
    total[:, 0] = 0
    for n_emitted in range(k):
        if n_emitted == decoder.usual:
            total[:, 1:] = -torch.inf
        following, memory = decoder.step(seen, memory, last)
        steps = decoder.emit(following).masked_fill(emitted, -torch.inf).log_softmax(dim=1)
        total, places = (total.unsqueeze(2) + steps.view(n, beam, m)).flatten(1).topk(beam, dim=1)
        origin, last = (first.unsqueeze(1) + places // m).flatten(), (places % m).flatten()
        memory = tuple(tensor[origin] for tensor in memory)
        emitted = emitted[origin].scatter(1, last.unsqueeze(1), True)
        columns = torch.cat([columns[origin], last.unsqueeze(1)], dim=1)
        likelihoods = torch.cat([likelihoods[origin], total.reshape(-1, 1)], dim=1)
    return columns[first], likelihoods[first]  # topk sorts: the first hypothesis is the likeliest
