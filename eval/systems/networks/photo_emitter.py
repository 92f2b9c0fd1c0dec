"""What looks at another part of the photo for every symbol that it emits."""

import torch
from torch import Tensor, nn

from ....networks.training import Inputs
from .attention import SoftAttention
from .emitter import Emitter, State
from .learner import Setting


class PhotoEmitter(Emitter):
    """An LSTM with soft attention over the cells of a photo: Show, Attend and Tell (Xu et al., arXiv 1502.03044).

    Differs in that cells, of a network that stays frozen, are projected before they are attended to, and that attention
    is not pressed to visit all cells. look_back: attention also sees what it attended to a step before (Qin et al.,
    Look Back and Predict Forward in Image Captioning, CVPR 2019; without the prediction forward).
    """

    def __init__(self, d: int, n_symbols: int, setting: Setting, look_back: bool) -> None:
        """d: of each cell's features."""
        super().__init__(n_symbols)
        width = setting.width
        self.look_back = look_back
        self.look = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, width), nn.ReLU())
        self.first = nn.Linear(width, 2 * width)
        self.symbol = nn.Embedding(n_symbols + 1, width)
        self.attention = SoftAttention(width, width * (1 + look_back), width)
        self.gate = nn.Linear(width, width)
        self.cell = nn.LSTMCell(2 * width, width)
        self.deep = nn.Linear(3 * width, width)
        self.dropout = nn.Dropout(setting.dropout)
        self.out = nn.Linear(width, n_symbols)

    def begin(self, inputs: Inputs) -> tuple[State, State]:
        """See `Emitter.begin`. inputs: cells of the photo (n, cells, d)."""
        seen = self.look(inputs[0])
        mean = seen.mean(dim=1)
        hidden, memory = torch.tanh(self.first(mean)).chunk(2, dim=1)
        return (seen, self.attention.key(seen)), (hidden, memory, mean)

    def step(self, seen: State, memory: State, last: Tensor) -> tuple[Tensor, State]:
        """See `Emitter.step`. Before the first symbol, the mean of the cells was attended to."""
        hidden, cell, before = memory
        attended = self.attention(*seen, torch.cat([hidden, before], dim=1) if self.look_back else hidden)
        gated = self.gate(hidden).sigmoid() * attended
        symbol = self.dropout(self.symbol(last))
        hidden, cell = self.cell(torch.cat([symbol, gated], dim=1), (hidden, cell))
        return torch.cat([symbol, hidden, gated], dim=1), (hidden, cell, attended)

    def emit(self, following: Tensor) -> Tensor:
        """See `Emitter.emit`."""
        logits: Tensor = self.out(self.dropout(torch.tanh(self.deep(following))))
        return logits
