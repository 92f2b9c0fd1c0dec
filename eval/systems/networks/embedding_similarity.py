"""A network that guesses from the photo where a post's hashtags lie, and names what lies there."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ....core.post import Post
from ....core.query import Query
from ....core.vectors import unit_rows
from ....networks.training import Columns, Inputs
from .contents import LookAt, Photos
from .hashtags import hashtag_vectors
from .learner import Learner, Part, Setting
from .network import Network

_DIMENSION = 300  # as of the word vectors that such networks are mostly trained on


class EmbeddingSimilarity(Network):
    """Photo alone: regresses the mean vector of the post's hashtags; hashtags seen in training that lie near are named.

    Visual-semantic embedding (DeViSE, Frome et al., NIPS 2013) as Keras projects do it for hashtags, with their grid
    over batch size and learning rate. Differs in the vectors, which are learned from the archive's own hashtags, since
    most of them stand in no list of word vectors, and in the loss, the cosine by which hashtags are ranked.
    """

    grid = tuple(
        Setting(batch_size=size, learning_rate=rate, width=512, dropout=0.2)
        for size in (32, 64, 128, 256)
        for rate in (1e-2, 1e-3, 1e-4)
    )

    def __init__(self, look_at: LookAt, grid: Sequence[Setting] | None = None, seed: int = 0) -> None:
        super().__init__("embedding_similarity", grid, seed)
        self._photos = Photos(look_at, "pooled")

    def table(self) -> str:
        """What each point of the grid came to on the validation posts: `bs / lr / f1 / pre / re`, one line each."""
        lines = [
            f"{attempt.setting.batch_size} / {attempt.setting.learning_rate:g} / {attempt.validation.f1:.4f} / "
            f"{attempt.validation.precision:.4f} / {attempt.validation.recall:.4f}"
            for attempt in self.attempts
        ]
        return "\n".join(["bs / lr / f1 / pre / re", *lines])

    def _prepare(self, posts: Sequence[Post]) -> None:
        self._require_photos(self._photos, posts)
        self._vectors = hashtag_vectors(self._hashtags.labels(posts), _DIMENSION)

    def _inputs(self, queries: Sequence[Query]) -> Columns:
        return (self._photos.look_up(queries),)

    def _targets(self, posts: Sequence[Post]) -> Tensor:
        return torch.from_numpy(unit_rows(self._hashtags.labels(posts) @ self._vectors))

    def _make_learner(self, setting: Setting, training: Part) -> Learner:
        return _Regressor(self._photos.shape[0], torch.from_numpy(self._vectors), setting)


class _Regressor(Learner):
    vectors: Tensor

    def __init__(self, d: int, vectors: Tensor, setting: Setting) -> None:
        """vectors: (m, dimension) of length 1."""
        super().__init__()
        self.register_buffer("vectors", vectors)
        self.regression = nn.Sequential(
            nn.LayerNorm(d),
            nn.Linear(d, setting.width),
            nn.ReLU(),
            nn.Dropout(setting.dropout),
            nn.Linear(setting.width, vectors.shape[1]),
        )

    def loss(self, inputs: Inputs, targets: Tensor) -> Tensor:
        """1 - cosine. inputs: pooled features (n, d). targets: (n, dimension)."""
        return (1 - nn.functional.cosine_similarity(self.regression(inputs[0]), targets)).mean()

    def rank(self, inputs: Inputs, k: int) -> tuple[Tensor, Tensor]:
        """See `Learner.rank`. A score is the cosine of hashtag and guess."""
        guess = nn.functional.normalize(self.regression(inputs[0]), dim=1)
        scores, columns = (guess @ self.vectors.T).topk(k, dim=1)
        return columns, scores
