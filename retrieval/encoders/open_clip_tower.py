"""The image tower of a CLIP model through open_clip: the image channel of the `clip` profile."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.post import Modality, Photo
from ...core.protocols import Fingerprint
from ...core.vectors import Vectors, unit_rows
from ..runtimes.loaded import Loaded
from ..runtimes.pytorch import TORCH
from ..runtimes.runtime import Network, Runtime
from .open_clip_model import OpenClipModel, preprocessing_of
from .open_clip_photos import prepare_photo, size_of
from .photos import read_photo
from .weights import check_same

if TYPE_CHECKING:
    import torch


class OpenClipEncoder:
    """Photos to the image embeddings of any open_clip model whose weights are on disk."""

    channel = "image"
    modality: Modality = "image"
    languages = None
    sparse = False
    stored = True
    batch_size = 32

    def __init__(self, model: str, weights: str, runtime: Runtime = TORCH, known: Fingerprint | None = None) -> None:
        """model, weights: as `find_open_clip_weights` takes them. Loads nothing yet.

        known: the fingerprint, of a model that the runtime holds; its weights are then not looked for. Without it,
        raises WeightsError if the weights are not on disk or the model is unknown.
        """
        self._files = OpenClipModel(model, weights)
        self._model = Loaded(lambda: runtime.load_photo_model(self.fingerprint, self._network))
        self._known = known
        if known is None:
            _ = self._files.weights

    @property
    def fingerprint(self) -> Fingerprint:
        """Known without loading the weights."""
        return self._known or self._found

    @cached_property
    def _found(self) -> Fingerprint:
        return self._files.fingerprint(self._files.preprocessing)

    def prepare(self, content: Photo | Path | bytes) -> Vectors:
        """Returns float32 (3, height, width), normalised as the model wants it."""
        return prepare_photo(read_photo(content, max(size_of(self._preprocessing))), self._preprocessing)

    def encode(self, prepared: Sequence[Vectors]) -> Vectors:
        """n arrays of `prepare` to float32 (n, d), of length 1."""
        return unit_rows(self._model.get().run(np.stack(prepared))[0])

    def release(self) -> None:
        """See `Encoder.release`."""
        self._model.release()

    def load_tower(self) -> Any:
        """The image tower, with its weights. Raises WeightsError where they are not what their name says."""
        return self._files.load().visual  # the text tower, often the larger one, is let go

    @property
    def example(self) -> Vectors:
        """See `Network.example`."""
        return np.zeros((3, *size_of(self._preprocessing)), dtype=np.float32)

    @cached_property
    def _preprocessing(self) -> dict[str, Any]:
        if self._known is None:
            return self._files.preprocessing
        return preprocessing_of(self._known)

    def _network(self) -> Network:
        check_same(self._found, self.fingerprint)
        tower = self.load_tower()

        def features(pixels: "torch.Tensor") -> "torch.Tensor":
            pooled = tower(pixels)
            embedding: torch.Tensor = pooled[0] if isinstance(pooled, tuple) else pooled
            return embedding

        return Network(features, tower, self.example)
