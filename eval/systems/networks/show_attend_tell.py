"""A decoder that looks at another part of the photo for every hashtag."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ....core.post import Post
from ....core.query import Query
from ....networks.training import Columns, Inputs
from .attention import SoftAttention
from .contents import LookAt, Photos
from .decoding import Decoder, State, sequences
from .learner import Part, Setting
from .network import Network


class ShowAttendTell(Network):
    """Photo alone: an LSTM with soft attention over the cells of a photo emits hashtags.

    Show, Attend and Tell (Xu et al., arXiv 1502.03044), with hashtags for words. Differs in that cells, of a network
    that stays frozen, are projected before they are attended to, and that attention is not pressed to visit all cells.
    look_back: attention also sees what it attended to a step before (Qin et al., Look Back and Predict Forward in Image
    Captioning, CVPR 2019; without the prediction forward).
    """

    grid = tuple(
        Setting(batch_size=64, learning_rate=rate, width=256, dropout=dropout)
        for rate in (1e-3, 3e-4)
        for dropout in (0.2, 0.5)
    )

    def __init__(
        self, look_at: LookAt, look_back: bool = False, grid: Sequence[Setting] | None = None, seed: int = 0
    ) -> None:
        super().__init__("show_attend_tell" + " look_back" * look_back, grid, seed)
        self._photos = Photos(look_at, "grid")
        self._look_back = look_back

    def _prepare(self, posts: Sequence[Post]) -> None:
        self._require_photos(self._photos, posts)

    def _inputs(self, queries: Sequence[Query]) -> Columns:
        return (self._photos(queries),)

    def _targets(self, posts: Sequence[Post]) -> Tensor:
        return sequences(self._hashtags, posts)

    def _make_learner(self, setting: Setting, training: Part) -> Decoder:
        return _PhotoDecoder(self._photos.shape[-1], len(self._hashtags), training.targets, setting, self._look_back)


class _PhotoDecoder(Decoder):
    def __init__(self, d: int, n_hashtags: int, targets: Tensor, setting: Setting, look_back: bool) -> None:
        super().__init__(n_hashtags, targets)
        width = setting.width
        self.look_back = look_back
        self.look = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, width), nn.ReLU())
        self.first = nn.Linear(width, 2 * width)
        self.hashtag = nn.Embedding(n_hashtags + 1, width)
        self.attention = SoftAttention(width, width * (1 + look_back), width)
        self.gate = nn.Linear(width, width)
        self.cell = nn.LSTMCell(2 * width, width)
        self.deep = nn.Linear(3 * width, width)
        self.dropout = nn.Dropout(setting.dropout)
        self.out = nn.Linear(width, n_hashtags)

    def begin(self, inputs: Inputs) -> tuple[State, State]:
        """See `Decoder.begin`. inputs: cells of the photo (n, cells, d)."""
        seen = self.look(inputs[0])
        mean = seen.mean(dim=1)
        hidden, memory = torch.tanh(self.first(mean)).chunk(2, dim=1)
        return (seen, self.attention.key(seen)), (hidden, memory, mean)

    def step(self, seen: State, memory: State, last: Tensor) -> tuple[Tensor, State]:
        """See `Decoder.step`. Before the first hashtag, the mean of the cells was attended to."""
        hidden, cell, before = memory
        attended = self.attention(*seen, torch.cat([hidden, before], dim=1) if self.look_back else hidden)
        gated = self.gate(hidden).sigmoid() * attended
        word = self.dropout(self.hashtag(last))
        hidden, cell = self.cell(torch.cat([word, gated], dim=1), (hidden, cell))
        return torch.cat([word, hidden, gated], dim=1), (hidden, cell, attended)

    def emit(self, following: Tensor) -> Tensor:
        """See `Decoder.emit`."""
        logits: Tensor = self.out(self.dropout(torch.tanh(self.deep(following))))
        return logits
