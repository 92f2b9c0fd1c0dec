"""Views of a photo: parts of it and their mirror images, which all show what the photo shows."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...core.post import Modality, Photo
from ...core.protocols import Fingerprint
from ..encoders.efficientnet import SIDE, EfficientNetEncoder, square
from ..encoders.photos import read_photo
from ..runtimes.runtime import Runtime

VIEWS = 4

_SMALLEST = 0.55  # part of the shorter side


def photo_views(content: Photo | Path | bytes) -> NDArray[np.uint8]:
    """uint8 (VIEWS, 3, 224, 224): the square that `EfficientNetEncoder` looks at, its mirror image, and random ones.

    The same for every call. Raises PhotoError if the photo cannot be read.
    """
    photo = read_photo(content, SIDE)
    views = [square(photo)]
    drawn = np.random.default_rng(0).uniform(size=(VIEWS // 2 - 1, 3))
    views += [square(photo, _SMALLEST + (1 - _SMALLEST) * part, right, down) for part, right, down in drawn]
    return np.stack([view for square_ in views for view in (square_, square_[:, :, ::-1])])


class ViewEncoder:
    """Photos to the features of their views, by the backbone of the student: an `Encoder`."""

    channel = "image"
    modality: Modality = "image"
    languages = None
    sparse = False
    stored = False
    batch_size = 8

    def __init__(self, runtime: Runtime) -> None:
        self._encoder = EfficientNetEncoder(runtime)

    @property
    def fingerprint(self) -> Fingerprint:
        """That of the backbone."""
        return self._encoder.fingerprint

    def prepare(self, content: Photo | Path | bytes) -> NDArray[np.uint8]:
        """See `photo_views`."""
        return photo_views(content)

    def encode(self, prepared: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """n photos' views to float32 (n, VIEWS, 1280), each of length 1."""
        features = self._encoder.encode([view for views in prepared for view in views])
        return features.reshape(len(prepared), VIEWS, -1)

    def release(self) -> None:
        """See `Encoder.release`."""
        self._encoder.release()
