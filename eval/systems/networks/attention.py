"""Soft attention, by which decoders look at cells of a photo and words of a caption."""

import torch
from torch import Tensor, nn


class SoftAttention(nn.Module):
    """Additive attention (Bahdanau, Cho and Bengio, arXiv 1409.0473): v tanh(W seen + U query), through a softmax."""

    def __init__(self, d_seen: int, d_query: int, width: int) -> None:
        super().__init__()
        self.key = nn.Linear(d_seen, width)
        self.query = nn.Linear(d_query, width, bias=False)
        self.score = nn.Linear(width, 1, bias=False)

    def forward(self, seen: Tensor, keys: Tensor, query: Tensor, there: Tensor | None = None) -> Tensor:
        """What is attended to, (n, d_seen).

        seen: (n, parts, d_seen). keys: (n, parts, width), `key(seen)`, which stays the same over a decoder's steps.
        query: (n, d_query). there: bool (n, parts), False for padding; where all is padding, all counts alike.
        """
        scores = self.score(torch.tanh(keys + self.query(query).unsqueeze(1))).squeeze(2)
        if there is not None:
            scores = scores.masked_fill(~there, torch.finfo(scores.dtype).min)
        attended: Tensor = (scores.softmax(dim=1).unsqueeze(1) @ seen).squeeze(1)
        return attended
