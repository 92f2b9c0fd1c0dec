"""How captions are written with an emitter of words: beam search until the end."""

import torch
from torch import Tensor

from ....networks.training import Columns, Inputs, Trainable, batched
from .emitter import Emitter

BEAM = 3

UNKNOWN = 0  # stands in captions that are learned from for words of one use; it is never written
END = 1
FIRST_WORD = 2  # numbers from here on are words


class Writer(Trainable):
    """Writes captions with an emitter, whose symbols are UNKNOWN, END and words."""

    def __init__(self, emitter: Emitter, longest: int) -> None:
        """longest: how many words a caption has at most."""
        super().__init__()
        self.emitter = emitter
        self.longest = longest

    def loss(self, inputs: Inputs, targets: Tensor) -> Tensor:
        """See `Emitter.loss`."""
        return self.emitter.loss(inputs, targets)

    def write(self, inputs: Columns, beam: int) -> list[list[int]]:
        """For each post the numbers of words; see `search`. A few posts at a time."""
        self.eval()
        with torch.inference_mode():
            return [words for some in batched(inputs) for words in search(self.emitter, some, self.longest, beam)]


def search(emitter: Emitter, inputs: Inputs, longest: int, beam: int) -> list[list[int]]:
    """The likeliest caption that a beam of so many hypotheses finds; 1 is greedy decoding.

    Captions of all lengths are compared by their log likelihood for each symbol, END included (Wu et al., arXiv
    1609.08144, with alpha 1): else the shortest would win. One that has not ended after `longest` words ends there.
    Each has one word at least, and no two words stand one behind the other twice (as Paulus et al., arXiv 1705.04304,
    have it for three): else what has learned little goes round in circles. Returns n lists of numbers from FIRST_WORD
    on.
    """
    n, m = len(inputs[0]), emitter.n_symbols
    beam = min(beam, m - FIRST_WORD)  # a word at least must be left for every hypothesis
    seen, memory = (tuple(tensor.repeat_interleave(beam, dim=0) for tensor in state) for state in emitter.begin(inputs))
    device = memory[0].device
    last = emitter.start(torch.empty(n * beam, device=device))
    first = torch.arange(0, n * beam, beam, device=device)  # where each post's hypotheses begin
    words = torch.zeros(n * beam, 0, dtype=torch.int64, device=device)
    # A post's hypotheses begin alike: all but one are out, or the beam would hold the same thing many times.
    total = torch.full((n, beam), -torch.inf, device=device)
    total[:, 0] = 0
    best = [(-torch.inf, [0])] * n
    for length in range(1, longest + 2):
        following, memory = emitter.step(seen, memory, last)
        logits = emitter.emit(following)
        came_before = words[:, :-1] == last.unsqueeze(1)
        logits.scatter_(1, torch.where(came_before, words[:, 1:], UNKNOWN), -torch.inf)
        logits[:, UNKNOWN] = -torch.inf
        if length == 1:
            logits[:, END] = -torch.inf
        if length > longest:
            logits[:, FIRST_WORD:] = -torch.inf
        steps = logits.log_softmax(dim=1)
        total, places = (total.unsqueeze(2) + steps.view(n, beam, m)).flatten(1).topk(beam, dim=1)
        origin, last = (first.unsqueeze(1) + places // m).flatten(), (places % m).flatten()
        memory, words = tuple(tensor[origin] for tensor in memory), words[origin]
        ended = (last.view(n, beam) == END) & total.isfinite()
        for post, place in ended.nonzero().tolist():
            likelihood = total[post, place].item() / length
            if likelihood > best[post][0]:
                best[post] = likelihood, words[post * beam + place].tolist()
        total = total.masked_fill(last.view(n, beam) == END, -torch.inf)
        if not total.isfinite().any():
            break
        words = torch.cat([words, last.unsqueeze(1)], dim=1)
    return [own for _, own in best]
