"""The image tower of a CLIP model through open_clip: the image channel of the `clip` profile."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.errors import WeightsError
from ...core.post import Modality, Photo
from ...core.protocols import Fingerprint
from ...core.vectors import Vectors, unit_rows
from ..runtimes.loaded import Loaded
from ..runtimes.pytorch import TORCH
from ..runtimes.runtime import Network, Runtime
from .open_clip_photos import prepare_photo, size_of
from .photos import read_photo
from .weights import Weights, check_same, find_open_clip_weights

if TYPE_CHECKING:
    import torch


_PREPROCESSED, _SCALED = "open_clip ", ", unit length"  # before and behind the fields in a fingerprint


class OpenClipEncoder:
    """Photos to the image embeddings of any open_clip model whose weights are on disk."""

    channel = "image"
    modality: Modality = "image"
    sparse = False
    stored = True
    batch_size = 32

    def __init__(self, model: str, weights: str, runtime: Runtime = TORCH, known: Fingerprint | None = None) -> None:
        """model, weights: as `find_open_clip_weights` takes them. Loads nothing yet.

        known: the fingerprint, of a model that the runtime holds; its weights are then not looked for. Without it,
        raises WeightsError if the weights are not on disk or the model is unknown.
        """
        self._name = model
        self._model = Loaded(lambda: runtime.load_photo_model(self.fingerprint, self._network))
        self._weights_name = weights
        self._known = known
        if known is None:
            _ = self._weights

    @property
    def fingerprint(self) -> Fingerprint:
        """Known without loading the weights."""
        return self._known or self._found

    @cached_property
    def _found(self) -> Fingerprint:
        return Fingerprint(
            model=Path(self._name).name,
            weights=Path(self._weights_name).name or "folder",
            revision=self._weights.revision,
            dimension=int(self._config["embed_dim"]),
            preprocessing=f"{_PREPROCESSED}{json.dumps(self._own_preprocessing, sort_keys=True)}{_SCALED}",
        )

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
        import open_clip

        path = self._weights.path
        try:
            # Without require_pretrained, open_clip would go on with random weights after a warning.
            if path.is_dir():
                model = open_clip.create_model(f"local-dir:{path}", require_pretrained=True, weights_only=True)
            else:
                model = open_clip.create_model(
                    self._name, pretrained=str(path), require_pretrained=True, weights_only=True
                )
        except Exception as error:
            # A damaged or foreign checkpoint makes open_clip raise errors of many types.
            raise WeightsError(f"{path} cannot be loaded as {self._name}: {error}") from error
        return model.visual  # the text tower, often the larger one, is let go

    @property
    def example(self) -> Vectors:
        """See `Network.example`."""
        return np.zeros((3, *size_of(self._preprocessing)), dtype=np.float32)

    @cached_property
    def _folder(self) -> dict[str, Any] | None:
        """The folder's own configuration, where the model is a folder."""
        if not self._weights.path.is_dir():
            return None
        try:
            folder: dict[str, Any] = json.loads((self._weights.path / "open_clip_config.json").read_text("utf-8"))
            folder["model_cfg"]["embed_dim"], folder["model_cfg"]["vision_cfg"]
        except (ValueError, KeyError, TypeError) as error:
            raise WeightsError(f"{self._weights.path}/open_clip_config.json is no open_clip configuration") from error
        return folder

    @cached_property
    def _config(self) -> dict[str, Any]:
        if self._folder is not None:
            return dict(self._folder["model_cfg"])
        import open_clip

        config: dict[str, Any] | None = open_clip.get_model_config(self._name)
        if config is None:
            raise WeightsError(f"open_clip knows no model {self._name!r}, and there is no such folder")
        return config

    @cached_property
    def _weights(self) -> Weights:
        return find_open_clip_weights(self._name, self._weights_name)

    @cached_property
    def _preprocessing(self) -> dict[str, Any]:
        if self._known is None:
            return self._own_preprocessing
        fields: dict[str, Any] = json.loads(self._known.preprocessing.removeprefix(_PREPROCESSED).removesuffix(_SCALED))
        return fields

    @cached_property
    def _own_preprocessing(self) -> dict[str, Any]:
        import open_clip
        from open_clip.transform import PreprocessCfg, merge_preprocess_dict

        if self._folder is not None:
            own = self._folder.get("preprocess_cfg", {})
        else:
            own = open_clip.get_pretrained_cfg(self._name, self._weights_name) or {}
        merged: dict[str, Any] = merge_preprocess_dict(asdict(PreprocessCfg()), own)
        return merged | {"size": self._config["vision_cfg"].get("image_size", merged["size"])}

    def _network(self) -> Network:
        check_same(self._found, self.fingerprint)
        tower = self.load_tower()

        def features(pixels: "torch.Tensor") -> "torch.Tensor":
            pooled = tower(pixels)
            embedding: torch.Tensor = pooled[0] if isinstance(pooled, tuple) else pooled
            return embedding

        return Network(features, tower, self.example)
