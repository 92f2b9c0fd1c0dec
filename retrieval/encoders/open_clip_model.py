"""A model of open_clip whose weights are on disk: its configuration, and both of its towers."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

from ...core.errors import WeightsError
from ...core.protocols import Fingerprint
from .weights import Weights, find_open_clip_weights

_PREPROCESSED, _SCALED = "open_clip ", ", unit length"  # before and behind the fields in a fingerprint


def preprocessing_of(fingerprint: Fingerprint) -> dict[str, Any]:
    """The fields that `OpenClipModel.fingerprint` was given."""
    fields: dict[str, Any] = json.loads(fingerprint.preprocessing.removeprefix(_PREPROCESSED).removesuffix(_SCALED))
    return fields


class OpenClipModel:
    """Loads nothing before it is needed."""

    def __init__(self, name: str, weights: str) -> None:
        """name, weights: as `find_open_clip_weights` takes them."""
        self.name = name
        self._weights_name = weights

    @cached_property
    def weights(self) -> Weights:
        """Raises WeightsError if they are not on disk, or the model is unknown."""
        return find_open_clip_weights(self.name, self._weights_name)

    @cached_property
    def config(self) -> dict[str, Any]:
        """Of the model: `embed_dim`, `vision_cfg`, `text_cfg`."""
        if self._folder is not None:
            return dict(self._folder["model_cfg"])
        import open_clip

        config: dict[str, Any] | None = open_clip.get_model_config(self.name)
        if config is None:
            raise WeightsError(f"open_clip knows no model {self.name!r}, and there is no such folder")
        return config

    @cached_property
    def preprocessing(self) -> dict[str, Any]:
        """Of photos: the fields of open_clip's `PreprocessCfg`."""
        import open_clip
        from open_clip.transform import PreprocessCfg, merge_preprocess_dict

        if self._folder is not None:
            own = self._folder.get("preprocess_cfg", {})
        else:
            own = open_clip.get_pretrained_cfg(self.name, self._weights_name) or {}
        merged: dict[str, Any] = merge_preprocess_dict(asdict(PreprocessCfg()), own)
        return merged | {"size": self.config["vision_cfg"].get("image_size", merged["size"])}

    def fingerprint(self, preprocessing: Mapping[str, Any], tower: str = "") -> Fingerprint:
        """Of an encoder. preprocessing: read again by `preprocessing_of`. tower: behind the model's name."""
        return Fingerprint(
            model=f"{Path(self.name).name}{tower}",
            weights=Path(self._weights_name).name or "folder",
            revision=self.weights.revision,
            dimension=int(self.config["embed_dim"]),
            preprocessing=f"{_PREPROCESSED}{json.dumps(preprocessing, sort_keys=True)}{_SCALED}",
        )

    def load(self) -> Any:
        """The model, with its weights. Raises WeightsError where they are not what their name says."""
        import open_clip

        path = self.weights.path
        try:
            # Without require_pretrained, open_clip would go on with random weights after a warning.
            if path.is_dir():
                return open_clip.create_model(f"local-dir:{path}", require_pretrained=True, weights_only=True)
            return open_clip.create_model(self.name, pretrained=str(path), require_pretrained=True, weights_only=True)
        except Exception as error:
            # A damaged or foreign checkpoint makes open_clip raise errors of many types.
            raise WeightsError(f"{path} cannot be loaded as {self.name}: {error}") from error

    @cached_property
    def _folder(self) -> dict[str, Any] | None:
        """The folder's own configuration, where the model is a folder."""
        if not self.weights.path.is_dir():
            return None
        try:
            folder: dict[str, Any] = json.loads((self.weights.path / "open_clip_config.json").read_text("utf-8"))
            folder["model_cfg"]["embed_dim"], folder["model_cfg"]["vision_cfg"], folder["model_cfg"]["text_cfg"]
        except (ValueError, KeyError, TypeError) as error:
            raise WeightsError(f"{self.weights.path}/open_clip_config.json is no open_clip configuration") from error
        return folder
