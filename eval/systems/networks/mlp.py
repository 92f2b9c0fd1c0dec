"""The strongest plain opponent: one hidden layer over all that the product looks at."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor, nn

from ....core.post import Post
from ....core.protocols import Encoder
from ....core.query import Query
from ....core.vectors import Vectors
from ....networks.training import Columns, Inputs
from ..channels import counts, vectors
from ..system import query_of
from .learner import Learner, Part, Setting
from .network import Network
from .sigmoids import Sigmoids, prior_bias

_MOST_GRAMS = 2**14  # n-grams that are looked at: those of most training captions
_FEWEST = 2  # captions that an n-gram must stand in
_WEIGHTIEST = 256  # n-grams of a caption that are looked at


class Mlp(Network):
    """All channels of the product, side by side, through one hidden layer to one sigmoid for each hashtag.

    Dense channels come in as their encoders make them, the lexical one weighted by tf-idf. What a post lacks is zeros.
    """

    grid = tuple(
        Setting(batch_size=64, learning_rate=rate, width=width, dropout=dropout)
        for rate in (1e-3, 3e-4)
        for width in (512, 1024)
        for dropout in (0.3, 0.6)
    )

    def __init__(
        self,
        dense: Sequence[Encoder[Vectors]],
        lexical: Encoder[sparse.csr_matrix],
        grid: Sequence[Setting] | None = None,
        seed: int = 0,
    ) -> None:
        """dense, lexical: the product's encoders, at least one dense."""
        super().__init__("mlp", grid, seed)
        self._dense = dense
        self._lexical = lexical

    def _prepare(self, posts: Sequence[Post]) -> None:
        self._lexicon = _Lexicon(counts(self._lexical, [query_of(post) for post in posts]))

    def _inputs(self, queries: Sequence[Query]) -> Columns:
        grams, weights = self._lexicon(counts(self._lexical, queries))
        dense = np.concatenate([_of_size_one(vectors(encoder, queries)) for encoder in self._dense], axis=1)
        return torch.from_numpy(dense), torch.from_numpy(grams), torch.from_numpy(weights)

    def _make_learner(self, setting: Setting, training: Part) -> Learner:
        return _Classifier(len(self._lexicon), training, setting)


class _Classifier(Sigmoids):
    def __init__(self, n_grams: int, training: Part, setting: Setting) -> None:
        super().__init__()
        self.dense = nn.Linear(training.inputs[0].shape[1], setting.width)
        self.lexical = nn.EmbeddingBag(n_grams + 1, setting.width, mode="sum", padding_idx=n_grams)
        self.hidden = nn.Sequential(nn.ReLU(), nn.Dropout(setting.dropout))
        self.bias = prior_bias(training)
        self.out = nn.Linear(setting.width, len(self.bias), bias=False)

    def log_odds(self, inputs: Inputs) -> Tensor:
        """inputs: dense vectors (n, d), numbers of n-grams int64 (n, WEIGHTIEST), and their weights."""
        vectors, grams, weights = inputs
        odds: Tensor = self.out(self.hidden(self.dense(vectors) + self.lexical(grams, per_sample_weights=weights)))
        return odds + self.bias


class _Lexicon:
    """Which n-grams are looked at, and what they weigh: (1 + ln count) * ln(n / captions with it), of length 1."""

    def __init__(self, counts: sparse.csr_matrix) -> None:
        """counts: (n, buckets) of the training captions."""
        captions = np.bincount(counts.indices, minlength=counts.shape[1])
        often = np.argsort(-captions, kind="stable")[:_MOST_GRAMS]
        self._buckets = often[captions[often] >= _FEWEST]
        self._idf = np.log(counts.shape[0] / captions[self._buckets])

    def __len__(self) -> int:
        return len(self._buckets)

    def __call__(self, counts: sparse.csr_matrix) -> tuple[NDArray[np.int64], Vectors]:
        """Numbers (n, _WEIGHTIEST) of each caption's weightiest n-grams, padded with len(self), and their weights."""
        kept = sparse.csr_matrix(counts[:, self._buckets])
        grams = np.full((kept.shape[0], _WEIGHTIEST), len(self), dtype=np.int64)
        weights = np.zeros(grams.shape, dtype=np.float32)
        for row in range(len(grams)):
            own = slice(kept.indptr[row], kept.indptr[row + 1])
            weight = (1 + np.log(kept.data[own])) * self._idf[kept.indices[own]]
            best = np.argsort(-weight, kind="stable")[:_WEIGHTIEST]
            grams[row, : len(best)] = kept.indices[own][best]
            weights[row, : len(best)] = weight[best] / max(float(np.linalg.norm(weight[best])), 1e-9)
        return grams, weights


def _of_size_one(unit: Vectors) -> Vectors:
    """Vectors (n, d) of length 1, scaled so that their components are about 1 in size."""
    return np.asarray(unit * np.float32(unit.shape[1] ** 0.5))
