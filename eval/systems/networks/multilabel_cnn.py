"""A classifier of photos with one sigmoid for each hashtag."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor, nn

from ....core.post import Post
from ....core.query import Query
from ....networks.training import Columns, Inputs
from .contents import LookAt, Photos
from .hashtags import enriched, hashtag_vectors
from .learner import Learner, Part, Setting
from .network import Network
from .oversampling import oversampled
from .sigmoids import Sigmoids, prior_bias

_BRANCH = 8  # units of a hashtag's own layer
_DIMENSION = 100
_ALIKE = 0.8  # cosine of hashtags of which one is added where the other stands
_MOST_ADDED = 3
_SYNTHETIC = 0.3  # synthetic posts for each real one


class MultilabelCnn(Network):
    """Photo alone: frozen features, one hidden layer, one sigmoid for each hashtag.

    As the Keras projects on HARRISON (Park, Li and Kim, arXiv 1605.05054) do it. outputs: `single`, one layer for all
    hashtags; or `multi`, where each hashtag has a small hidden layer of its own. balance: with synthetic posts of rare
    hashtags. enrich: training posts carry hashtags that resemble theirs, too. Differs in the similarity of hashtags,
    which is that of the posts they stand on, not of word vectors learned elsewhere, and in that the convolutions are
    never trained further.
    """

    grid = tuple(
        Setting(batch_size=64, learning_rate=rate, width=512, dropout=dropout)
        for rate in (1e-3, 3e-4)
        for dropout in (0.2, 0.5)
    )

    def __init__(
        self,
        look_at: LookAt,
        outputs: Literal["single", "multi"] = "single",
        balance: bool = False,
        enrich: bool = False,
        grid: Sequence[Setting] | None = None,
        seed: int = 0,
    ) -> None:
        name = "multilabel_cnn" + " multi" * (outputs == "multi") + " balanced" * balance + " enriched" * enrich
        super().__init__(name, grid, seed)
        self._photos = Photos(look_at, "pooled")
        self._outputs = outputs
        self._balance = balance
        self._enrich = enrich

    def _prepare(self, posts: Sequence[Post]) -> None:
        self._require_photos(self._photos, posts)

    def _inputs(self, queries: Sequence[Query]) -> Columns:
        return (self._photos.look_up(queries),)

    def _training_part(self, posts: Sequence[Post]) -> Part:
        part = self._part(posts)
        features, labels = part.inputs[0][torch.arange(len(part))].numpy(), part.targets.numpy()
        if self._enrich:
            labels = enriched(labels, hashtag_vectors(labels, _DIMENSION), _ALIKE, _MOST_ADDED)
        if self._balance:
            features, labels = oversampled(features, labels, _SYNTHETIC, self._seed)
        targets = torch.from_numpy(labels)
        return replace(part, inputs=(torch.from_numpy(features),), targets=targets, labels=targets)

    def _make_learner(self, setting: Setting, training: Part) -> Learner:
        return _PhotoClassifier(self._photos.shape[0], training, setting, self._outputs == "multi")


class _PhotoClassifier(Sigmoids):
    def __init__(self, d: int, training: Part, setting: Setting, branches: bool) -> None:
        super().__init__()
        self.bias = prior_bias(training)
        m = len(self.bias)
        self.trunk = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, setting.width), nn.ReLU(), nn.Dropout(setting.dropout))
        self.out = _Branches(setting.width, m) if branches else nn.Linear(setting.width, m, bias=False)

    def log_odds(self, inputs: Inputs) -> Tensor:
        """inputs: pooled features (n, d)."""
        odds: Tensor = self.out(self.trunk(inputs[0])) + self.bias
        return odds


class _Branches(nn.Module):
    """For each hashtag a hidden layer and an output that no other uses."""

    def __init__(self, width: int, m: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(width, m * _BRANCH)
        self.out = nn.Parameter(torch.randn(m, _BRANCH) / _BRANCH**0.5)

    def forward(self, trunk: Tensor) -> Tensor:
        """trunk: (n, width). Returns (n, m)."""
        units: Tensor = self.hidden(trunk).relu().view(len(trunk), *self.out.shape)
        return (units * self.out).sum(dim=2)
