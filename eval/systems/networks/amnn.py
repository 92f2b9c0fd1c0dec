"""A decoder that looks at photo and caption for every hashtag."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ....core.post import Post
from ....core.query import Query
from ....networks.training import Columns, Inputs
from .attention import SoftAttention
from .contents import PADDING, LookAt, Photos, Tokeniser, trimmed
from .decoding import Decoder, sequences
from .emitter import Emitter, State
from .learner import Part, Setting
from .network import Network


class Amnn(Network):
    """Photo and caption: attention over both, fused, leads a GRU that emits hashtags.

    AMNN: Attention-Based Multimodal Neural Network Model for Hashtag Recommendation (Yang et al., IEEE Transactions on
    Computational Social Systems 7, 2020). Differs in that the image network stays frozen, that both attentions follow
    the decoder's state at every step, and that hashtags are learned in the order of their use. Where all posts lack
    photos, or captions, it learns from the other alone, and `notes` says so.
    """

    grid = tuple(
        Setting(batch_size=64, learning_rate=rate, width=256, dropout=dropout)
        for rate in (1e-3, 3e-4)
        for dropout in (0.2, 0.5)
    )

    def __init__(self, look_at: LookAt, grid: Sequence[Setting] | None = None, seed: int = 0) -> None:
        super().__init__("amnn", grid, seed)
        self._photos = Photos(look_at, "grid")

    def _prepare(self, posts: Sequence[Post]) -> None:
        self.notes = self._note_what_lacks(self._photos, posts)
        self._tokeniser = Tokeniser([post.caption for post in posts])

    def _inputs(self, queries: Sequence[Query]) -> Columns:
        return self._photos(queries), self._tokeniser([query.caption for query in queries])

    def _targets(self, posts: Sequence[Post]) -> Tensor:
        return sequences(self._hashtags, posts)

    def _make_learner(self, setting: Setting, training: Part) -> Decoder:
        emitter = _PostEmitter(self._photos.shape[-1], len(self._tokeniser), len(self._hashtags), setting)
        return Decoder(emitter, training.targets)


class _PostEmitter(Emitter):
    def __init__(self, d: int, n_pieces: int, n_hashtags: int, setting: Setting) -> None:
        super().__init__(n_hashtags)
        width = setting.width
        self.look = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, width), nn.ReLU())
        self.piece = nn.Embedding(n_pieces, width, padding_idx=PADDING)
        self.forwards = nn.LSTM(width, width // 2, batch_first=True)
        self.backwards = nn.LSTM(width, width // 2, batch_first=True)
        self.at_photo = SoftAttention(width, width, width)
        self.at_caption = SoftAttention(width, width, width)
        self.fuse = nn.Linear(2 * width, width)
        self.hashtag = nn.Embedding(n_hashtags + 1, width)
        self.cell = nn.GRUCell(2 * width, width)
        self.dropout = nn.Dropout(setting.dropout)
        self.out = nn.Linear(2 * width, n_hashtags)

    def begin(self, inputs: Inputs) -> tuple[State, State]:
        """See `Emitter.begin`. inputs: cells of the photo (n, cells, d), pieces of the caption int64 (n, LENGTH)."""
        cells, pieces = inputs[0], trimmed(inputs[1])
        there = pieces != PADDING
        lengths = there.sum(dim=1)
        read = self._read(pieces, lengths) * there.unsqueeze(2)
        seen = self.look(cells)
        caption = read.sum(dim=1) / lengths.clamp(min=1).unsqueeze(1)
        hidden = self._fused(seen.mean(dim=1), caption)
        return (seen, self.at_photo.key(seen), read, self.at_caption.key(read), there), (hidden,)

    def step(self, seen: State, memory: State, last: Tensor) -> tuple[Tensor, State]:
        """See `Emitter.step`."""
        cells, cell_keys, read, read_keys, there = seen
        (hidden,) = memory
        fused = self._fused(self.at_photo(cells, cell_keys, hidden), self.at_caption(read, read_keys, hidden, there))
        hidden = self.cell(torch.cat([self.dropout(self.hashtag(last)), fused], dim=1), hidden)
        return torch.cat([hidden, fused], dim=1), (hidden,)

    def emit(self, following: Tensor) -> Tensor:
        """See `Emitter.emit`."""
        logits: Tensor = self.out(self.dropout(following))
        return logits

    def _read(self, pieces: Tensor, lengths: Tensor) -> Tensor:
        """Each piece as both LSTMs come to it, (n, pieces, width); of padding, anything.

        Without packed sequences, by which a bidirectional LSTM takes 1.7 times as long on a CPU.
        """
        embedded = self.dropout(self.piece(pieces))
        places = torch.arange(pieces.shape[1], device=pieces.device).expand_as(pieces)
        mirrored = torch.where(places < lengths.unsqueeze(1), lengths.unsqueeze(1) - 1 - places, places)
        posts = torch.arange(len(pieces), device=pieces.device).unsqueeze(1)
        backwards = self.backwards(embedded[posts, mirrored])[0][posts, mirrored]
        return torch.cat([self.forwards(embedded)[0], backwards], dim=2)

    def _fused(self, photo: Tensor, caption: Tensor) -> Tensor:
        return torch.tanh(self.fuse(torch.cat([photo, caption], dim=1)))
