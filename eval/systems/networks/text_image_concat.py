"""A classifier of caption and photo side by side."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ....core.post import Post
from ....core.query import Query
from ....networks.training import Columns, Inputs
from .contents import LENGTH, PADDING, LookAt, Photos, Tokeniser, trimmed
from .learner import Learner, Part, Setting
from .network import Network
from .sigmoids import Sigmoids, prior_bias

TEXT_MODEL = "albert/albert-base-v2"

_SIDE = 100  # what caption and photo are each pressed into
_HEADS, _LAYERS = 4, 2
_AT_ONCE = 64  # captions


class TextImageConcat(Network):
    """Caption and photo, 100 units each, side by side: one sigmoid for each of the 100 most used hashtags.

    As a public project does it with ALBERT (Lan et al., arXiv 1909.11942) and VGG16. Captions are read by ALBERT where
    its weights are on this machine, else by a small transformer that is trained with the rest; `notes` says by which.
    Where all posts lack photos, or captions, it learns from the other alone, and `notes` says so, too. Differs in that
    ALBERT, like the image network, stays frozen.
    """

    grid = tuple(
        Setting(batch_size=64, learning_rate=rate, width=128, dropout=dropout)
        for rate in (1e-3, 3e-4)
        for dropout in (0.1, 0.3)
    )
    most_hashtags = 100

    def __init__(
        self,
        look_at: LookAt,
        text_model: str = TEXT_MODEL,
        grid: Sequence[Setting] | None = None,
        seed: int = 0,
    ) -> None:
        """text_model: what transformers knows it by, or its folder."""
        super().__init__("text_image_concat", grid, seed)
        self._photos = Photos(look_at, "pooled")
        self._text_model = text_model

    def _prepare(self, posts: Sequence[Post]) -> None:
        lacking = self._note_what_lacks(self._photos, posts)
        self._pretrained = _find_pretrained(self._text_model)
        if self._pretrained is None:
            self._tokeniser = Tokeniser([post.caption for post in posts])
            read_by = f"a small transformer trained from scratch, since {self._text_model} is not on this machine"
        else:
            read_by = f"{self._text_model}, frozen"
        self.notes = (f"captions are read by {read_by}", *lacking)

    def _inputs(self, queries: Sequence[Query]) -> Columns:
        captions = [query.caption for query in queries]
        read = self._tokeniser(captions) if self._pretrained is None else self._pretrained(captions)
        return read, self._photos.look_up(queries)

    def _make_learner(self, setting: Setting, training: Part) -> Learner:
        if self._pretrained is None:
            reader: nn.Module = _SmallTransformer(len(self._tokeniser), setting)
            width = setting.width
        else:
            reader = nn.Identity()  # it has read already
            width = training.inputs[0].shape[1]
        return _SideBySide(reader, width, self._photos.shape[0], training, setting)


class _SideBySide(Sigmoids):
    def __init__(self, reader: nn.Module, width: int, d: int, training: Part, setting: Setting) -> None:
        """reader: captions as they come in to (n, width). d: of the photo's features."""
        super().__init__()
        self.reader = reader
        self.caption = nn.Sequential(nn.Linear(width, _SIDE), nn.ReLU())
        self.photo = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, _SIDE), nn.ReLU())
        self.dropout = nn.Dropout(setting.dropout)
        self.bias = prior_bias(training)
        self.out = nn.Linear(2 * _SIDE, len(self.bias), bias=False)

    def log_odds(self, inputs: Inputs) -> Tensor:
        """inputs: captions as the reader takes them, and pooled features (n, d)."""
        both = torch.cat([self.caption(self.reader(inputs[0])), self.photo(inputs[1])], dim=1)
        odds: Tensor = self.out(self.dropout(both)) + self.bias
        return odds


class _SmallTransformer(nn.Module):
    """Two layers of a transformer's encoder (Vaswani et al., arXiv 1706.03762), normalised before each part."""

    def __init__(self, n_pieces: int, setting: Setting) -> None:
        super().__init__()
        width = setting.width
        self.piece = nn.Embedding(n_pieces, width, padding_idx=PADDING)
        self.place = nn.Parameter(torch.randn(LENGTH, width) * 0.02)
        self.whole = nn.Parameter(torch.randn(width) * 0.02)  # [CLS]
        layer = nn.TransformerEncoderLayer(width, _HEADS, 2 * width, setting.dropout, batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, _LAYERS, nn.LayerNorm(width), enable_nested_tensor=False)

    def forward(self, pieces: Tensor) -> Tensor:
        """pieces: int64 (n, LENGTH). Returns (n, width), what stands at [CLS]."""
        pieces = trimmed(pieces)
        whole = self.whole.expand(len(pieces), 1, -1)
        padding = nn.functional.pad(pieces == PADDING, (1, 0))
        read: Tensor = self.layers(
            torch.cat([whole, self.piece(pieces) + self.place[: pieces.shape[1]]], dim=1), src_key_padding_mask=padding
        )
        return read[:, 0]


class _Pretrained:
    """Captions to what a transformer of others makes of them at [CLS]."""

    def __init__(self, tokeniser: Any, transformer: Any) -> None:
        self._tokeniser = tokeniser
        self._transformer = transformer.eval()

    def __call__(self, captions: Sequence[str]) -> Tensor:
        """float32 (n, d)."""
        parts = []
        with torch.no_grad():
            for start in range(0, len(captions), _AT_ONCE):
                batch = list(captions[start : start + _AT_ONCE])
                tokens = self._tokeniser(batch, padding=True, truncation=True, max_length=LENGTH, return_tensors="pt")
                parts.append(self._transformer(**tokens).last_hidden_state[:, 0])
        return torch.cat(parts)


def _find_pretrained(name: str) -> _Pretrained | None:
    """None where its weights are not on this machine; nothing is fetched."""
    from transformers import AutoModel, AutoTokenizer

    try:
        tokeniser = AutoTokenizer.from_pretrained(name, local_files_only=True)
        return _Pretrained(tokeniser, AutoModel.from_pretrained(name, local_files_only=True))
    except OSError:
        return None
