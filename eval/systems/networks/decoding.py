"""What the networks that emit hashtags one after another share: beam search without repetition."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ....core.post import Post
from ....networks.training import Inputs
from .emitter import PAD, Emitter, padded
from .hashtags import Hashtags
from .learner import Learner

BEAM = 3

_LONGEST = 20  # hashtags of a post that are learned from, the most used; each is a step, and few posts carry more


class Decoder(Learner):
    """Ranks hashtags by an emitter of their columns.

    It knows no end: it emits as many as are wished for.
    """

    def __init__(self, emitter: Emitter, targets: Tensor) -> None:
        """targets: of the training posts, as `sequences` makes them."""
        super().__init__()
        self.emitter = emitter
        self.usual = max(1, round((targets != PAD).sum(dim=1).double().mean().item()))

    def loss(self, inputs: Inputs, targets: Tensor) -> Tensor:
        """See `Emitter.loss`."""
        return self.emitter.loss(inputs, targets)

    def glance(self, inputs: Inputs, k: int) -> tuple[Tensor, Tensor]:
        """Greedy decoding: a third of the work of a beam, and none of its care."""
        columns, likelihoods = search(self.emitter, inputs, k, 1, self.usual)
        return columns, likelihoods.exp()

    def rank(self, inputs: Inputs, k: int) -> tuple[Tensor, Tensor]:
        """The likelier of beam search and greedy decoding, since a beam may lose the path that is best in the end.

        A hashtag's score is the probability of all up to it.
        """
        greedy, beam = (search(self.emitter, inputs, k, width, self.usual) for width in (1, BEAM))
        end = min(k, self.usual) - 1
        likelier = (beam[1] >= greedy[1])[:, end : end + 1]
        columns, likelihoods = (torch.where(likelier, *both) for both in zip(beam, greedy, strict=True))
        return columns, likelihoods.exp()


def sequences(hashtags: Hashtags, posts: Sequence[Post]) -> Tensor:
    """int64 (n, steps): each post's hashtags, most used first, then padding.

    The order is not the posted one: that has little system, and a decoder learns better from one that has (Nam et al.,
    NIPS 2017).
    """
    return padded([hashtags.columns(post)[:_LONGEST] for post in posts])


def search(emitter: Emitter, inputs: Inputs, k: int, beam: int, usual: int) -> tuple[Tensor, Tensor]:
    """The likeliest k hashtags in a row, none twice, that a beam of so many hypotheses finds; 1 is greedy decoding.

    Beyond the usual number of hashtags the emitter has seen little: what it makes of that must not choose those before.
    Returns columns int64 (n, k), and log likelihoods (n, k): of all hashtags up to each.
    """
    n, m = len(inputs[0]), emitter.n_symbols
    beam = min(beam, m)
    seen, memory = (tuple(tensor.repeat_interleave(beam, dim=0) for tensor in state) for state in emitter.begin(inputs))
    device = memory[0].device
    last = emitter.start(torch.empty(n * beam, device=device))
    first = torch.arange(0, n * beam, beam, device=device)  # where each post's hypotheses begin
    emitted = torch.zeros(n * beam, m, dtype=torch.bool, device=device)
    columns = torch.zeros(n * beam, 0, dtype=torch.int64, device=device)
    likelihoods = torch.zeros(n * beam, 0, device=device)
    # A post's hypotheses begin alike: but one of them is out, or the beam would hold the same thing many times.
    total = torch.full((n, beam), -torch.inf, device=device)
    total[:, 0] = 0
    for n_emitted in range(k):
        if n_emitted == usual:
            total[:, 1:] = -torch.inf
        following, memory = emitter.step(seen, memory, last)
        steps = emitter.emit(following).masked_fill(emitted, -torch.inf).log_softmax(dim=1)
        total, places = (total.unsqueeze(2) + steps.view(n, beam, m)).flatten(1).topk(beam, dim=1)
        origin, last = (first.unsqueeze(1) + places // m).flatten(), (places % m).flatten()
        memory = tuple(tensor[origin] for tensor in memory)
        emitted = emitted[origin].scatter(1, last.unsqueeze(1), True)
        columns = torch.cat([columns[origin], last.unsqueeze(1)], dim=1)
        likelihoods = torch.cat([likelihoods[origin], total.reshape(-1, 1)], dim=1)
    return columns[first], likelihoods[first]  # topk sorts: the first hypothesis is the likeliest
