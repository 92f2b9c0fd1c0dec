"""What the networks that emit hashtags one after another share: their loss, and beam search without repetition."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn

from ...core.post import Post
from .hashtags import Hashtags
from .training import Inputs, Learner

BEAM = 3

_LONGEST = 30  # hashtags of a post that are learned from
_PAD = -1

# What a decoder remembers between steps: tensors whose first dimension is the post, or the post's hypothesis.
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
    def begin(self, inputs: Inputs) -> State:
        """Before the first hashtag."""

    @abstractmethod
    def step(self, state: State, last: Tensor) -> tuple[Tensor, State]:
        """Logits (n, m) of what comes next, and the state after. last: int64 (n,), what came before."""

    def loss(self, inputs: Inputs, targets: Tensor) -> Tensor:
        """Cross entropy of each next hashtag, given the true ones before it, over all hashtags of the posts.

        targets: int64 (n, steps), as `sequences` makes them.
        """
        there = targets != _PAD
        state, last = self.begin(inputs), self.start(targets[:, 0])
        steps = []
        for due in targets[:, : max(1, int(there.sum(dim=1).max()))].T:
            logits, state = self.step(state, last)
            steps.append(nn.functional.cross_entropy(logits, due, ignore_index=_PAD, reduction="sum"))
            last = due.clamp(min=0)
        return torch.stack(steps).sum() / there.sum().clamp(min=1)

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
    state = tuple(tensor.repeat_interleave(beam, dim=0) for tensor in decoder.begin(inputs))
    device = state[0].device
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
        logits, state = decoder.step(state, last)
        steps = logits.masked_fill(emitted, -torch.inf).log_softmax(dim=1)
        total, places = (total.unsqueeze(2) + steps.view(n, beam, m)).flatten(1).topk(beam, dim=1)
        origin, last = (first.unsqueeze(1) + places // m).flatten(), (places % m).flatten()
        state = tuple(tensor[origin] for tensor in state)
        emitted = emitted[origin].scatter(1, last.unsqueeze(1), True)
        columns = torch.cat([columns[origin], last.unsqueeze(1)], dim=1)
        likelihoods = torch.cat([likelihoods[origin], total.reshape(-1, 1)], dim=1)
    return columns[first], likelihoods[first]  # topk sorts: the first hypothesis is the likeliest
