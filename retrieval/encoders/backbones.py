"""Frozen image networks whose features, pooled and before pooling, others are trained on."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.errors import SettingsError, WeightsError
from ...core.post import Modality, Photo
from ...core.protocols import Backbone, Encoder, Fingerprint
from ...core.vectors import PhotoFeatures, Vectors
from ..runtimes.loaded import Loaded
from ..runtimes.pytorch import TORCH
from ..runtimes.runtime import Network, Runtime
from .efficientnet import EXAMPLE, EfficientNetEncoder, feature_maps, load_efficientnet
from .open_clip_tower import OpenClipEncoder
from .photos import read_photo
from .weights import Weights, find_timm_weights

if TYPE_CHECKING:
    import torch

EFFICIENTNET = "efficientnet-lite0"

_BATCH = 16  # features before pooling are large
_KINDS = f"{EFFICIENTNET}, timm:MODEL, or open_clip:MODEL/WEIGHTS"


def make_backbone(name: str, runtime: Runtime = TORCH) -> Backbone:
    """A backbone by its name, whose weights are loaded at the first `encode`.

    name: `efficientnet-lite0`, which comes with the package. `timm:MODEL`, a model of timm with the weights of its
    name, such as `timm:resnext101_32x8d.fb_wsl_ig1b_ft_in1k`; `timm:MODEL/FILE` with those of a checkpoint file.
    `open_clip:MODEL/WEIGHTS`, as `find_open_clip_weights` takes them, such as `open_clip:ViT-B-16-SigLIP2/webli`; or
    `open_clip:FOLDER`.
    Raises SettingsError on another name, WeightsError where the weights are not on disk; nothing is downloaded.
    """
    kind, _, rest = name.partition(":")
    if name == EFFICIENTNET:
        return _EncoderBackbone(EfficientNetEncoder(), _efficientnet, runtime)
    if kind == "timm" and rest:
        return TimmBackbone(*_parted(rest), runtime)
    if kind == "open_clip" and rest:
        encoder = OpenClipEncoder(*((rest, "") if Path(rest).is_dir() else _parted(rest)))
        return _EncoderBackbone(encoder, lambda: _tower(encoder.load_tower(), encoder.example), runtime)
    raise SettingsError(f"there is no backbone {name!r}; known are {_KINDS}")


class _EncoderBackbone:
    """What an image encoder of the product looks at photos with."""

    channel = "image"
    modality: Modality = "image"
    languages = None
    sparse = False
    stored = False
    batch_size = _BATCH

    def __init__(self, encoder: Encoder[Vectors], load: Callable[[], Network], runtime: Runtime) -> None:
        """load: computes pooled features (n, d) and the grid (n, cells, d of a cell) of what the encoder prepares."""
        self._encoder = encoder
        self._model = Loaded(lambda: runtime.load_photo_model(self.fingerprint, load))

    @property
    def fingerprint(self) -> Fingerprint:
        """See `Encoder.fingerprint`."""
        return _with_grid(self._encoder.fingerprint)

    def prepare(self, content: Photo | Path | bytes) -> Any:
        """See `Encoder.prepare`."""
        return self._encoder.prepare(content)

    def encode(self, prepared: Sequence[Any]) -> PhotoFeatures:
        """n contents to features of n."""
        return PhotoFeatures(*self._model.get().run(np.stack(prepared)))

    def release(self) -> None:
        """See `Encoder.release`."""
        self._model.release()


class TimmBackbone:
    """Any model of timm whose weights are on disk."""

    channel = "image"
    modality: Modality = "image"
    languages = None
    sparse = False
    stored = False
    batch_size = _BATCH

    def __init__(self, model: str, weights: str, runtime: Runtime) -> None:
        """model, weights: as `find_timm_weights` takes them. Loads nothing yet.

        Raises WeightsError where the weights are not on disk or the model is unknown.
        """
        self._name = model
        self._model = Loaded(lambda: runtime.load_photo_model(self.fingerprint, self._network))
        self._weights: Weights = find_timm_weights(model, weights)
        self._weights_name = Path(weights).name or model.partition(".")[2] or "default"

    @cached_property
    def fingerprint(self) -> Fingerprint:
        """Known without loading the weights."""
        config = self._config
        how = f"timm {config['interpolation']}, crop {config['crop_pct']:g}, mean {config['mean']}, std {config['std']}"
        return _with_grid(
            Fingerprint(
                model=f"timm {self._name.partition('.')[0]}",
                weights=self._weights_name,
                revision=self._weights.revision,
                dimension=int(self._bare.num_features),
                preprocessing=f"{how}, size {config['input_size']}",
            )
        )

    def prepare(self, content: Photo | Path | bytes) -> Vectors:
        """Returns float32 (3, height, width), normalised as the model wants it."""
        pixels: torch.Tensor = self._transform(read_photo(content, max(self._config["input_size"][1:])))
        return np.asarray(pixels.numpy(), dtype=np.float32)

    def encode(self, prepared: Sequence[Vectors]) -> PhotoFeatures:
        """n arrays of `prepare` to features of n."""
        return PhotoFeatures(*self._model.get().run(np.stack(prepared)))

    def release(self) -> None:
        """See `Encoder.release`."""
        self._model.release()

    @cached_property
    def _bare(self) -> Any:
        """The model without memory for its weights: enough to know how it wants photos, and what it makes of them."""
        import timm
        import torch

        with torch.device("meta"):
            return timm.create_model(self._name, pretrained=False)

    @cached_property
    def _config(self) -> dict[str, Any]:
        from timm.data.config import resolve_model_data_config

        return dict(resolve_model_data_config(self._bare))  # type: ignore[no-untyped-call]

    @cached_property
    def _transform(self) -> Any:
        from timm.data.transforms_factory import create_transform

        return create_transform(**self._config, is_training=False)

    def _network(self) -> Network:
        import timm

        path = self._weights.path
        try:
            state = timm.models.load_state_dict(str(path), weights_only=True)
            model: Any = timm.create_model(self._name, pretrained=True, pretrained_cfg_overlay={"state_dict": state})
        except Exception as error:
            # A damaged or foreign checkpoint makes timm raise errors of many types.
            raise WeightsError(f"{path} cannot be loaded as {self._name}: {error}") from error

        def features(pixels: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor]":
            before = model.forward_features(pixels)
            pooled: torch.Tensor = model.forward_head(before, pre_logits=True)
            return pooled.flatten(1), _cells(before, model.num_features, getattr(model, "num_prefix_tokens", 0))

        return Network(features, model, np.zeros(self._config["input_size"], dtype=np.float32))


def _cells(before: "torch.Tensor", d: int, n_prefix: int) -> "torch.Tensor":
    """(n, cells, d) of what comes before pooling: (n, d, h, w), (n, h, w, d), or tokens behind some that are none."""
    if before.dim() == 3:
        return before[:, n_prefix:]
    return before.flatten(2).transpose(1, 2) if before.shape[1] == d else before.flatten(1, 2)


def _efficientnet() -> Network:
    network = load_efficientnet()

    def features(pixels: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor]":
        maps = feature_maps(network, pixels)
        return maps.mean(dim=(2, 3)), maps.flatten(2).transpose(1, 2)

    return Network(features, network, EXAMPLE)


def _tower(tower: Any, example: Vectors) -> Network:
    def features(pixels: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor]":
        seen = tower.forward_intermediates(pixels, indices=1, normalize_intermediates=True)
        return seen["image_features"], seen["image_intermediates"][-1].flatten(2).transpose(1, 2)

    return Network(features, tower, example)


def _with_grid(fingerprint: Fingerprint) -> Fingerprint:
    """Features as they come are others than vectors of length 1."""
    return replace(fingerprint, preprocessing=f"{fingerprint.preprocessing}; as they come, with the grid")


def _parted(rest: str) -> tuple[str, str]:
    """MODEL/WEIGHTS."""
    model, _, weights = rest.partition("/")
    return model, weights
