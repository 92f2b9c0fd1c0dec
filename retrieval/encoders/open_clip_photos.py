"""Photos as open_clip prepares them for a model, by Pillow alone: its own code takes PyTorch, seconds to load."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from ...core.vectors import Vectors

_INTERPOLATIONS = {"bilinear": Image.Resampling.BILINEAR}  # anything else is bicubic, as in open_clip


def size_of(preprocessing: Mapping[str, Any]) -> tuple[int, int]:
    """Height and width of what the model takes."""
    size = preprocessing["size"]
    return (size, size) if isinstance(size, int) else (size[0], size[1])


def prepare_photo(photo: Image.Image, preprocessing: Mapping[str, Any]) -> Vectors:
    """A photo in RGB to float32 (3, height, width).

    preprocessing: the fields of open_clip's `PreprocessCfg`: size, mean, std, interpolation, resize_mode (`shortest`,
    `longest` or `squash`) and fill_color.
    """
    height, width = size_of(preprocessing)
    resample = _INTERPOLATIONS.get(preprocessing["interpolation"], Image.Resampling.BICUBIC)
    mode = preprocessing["resize_mode"]
    if mode == "squash":
        resized = photo.resize((width, height), resample)
    elif mode == "longest":
        resized = _resize_by(photo, max(photo.height / height, photo.width / width), resample)
    elif height == width:
        resized = _resize_shorter_side(photo, height, resample)
    else:  # open_clip always takes bicubic here
        resized = _resize_by(photo, min(photo.height / height, photo.width / width), Image.Resampling.BICUBIC)
    fill = (preprocessing["fill_color"],) * 3 if mode == "longest" else (0, 0, 0)
    pixels = np.asarray(_crop_or_pad(resized, height, width, fill), dtype=np.float32) / np.float32(255)
    mean, std = (_three(preprocessing[name]) for name in ("mean", "std"))
    return np.ascontiguousarray(((pixels - mean) / std).transpose(2, 0, 1))


def _resize_shorter_side(photo: Image.Image, side: int, resample: Image.Resampling) -> Image.Image:
    short, long = sorted(photo.size)
    longer = int(side * long / short)
    return photo.resize((side, longer) if photo.width <= photo.height else (longer, side), resample)


def _resize_by(photo: Image.Image, ratio: float, resample: Image.Resampling) -> Image.Image:
    return photo.resize((round(photo.width / ratio), round(photo.height / ratio)), resample)


def _crop_or_pad(photo: Image.Image, height: int, width: int, fill: tuple[int, int, int]) -> Image.Image:
    missing = max(0, width - photo.width), max(0, height - photo.height)
    if any(missing):
        left, top = missing[0] // 2, missing[1] // 2
        photo = ImageOps.expand(photo, (left, top, missing[0] - left, missing[1] - top), fill)
    left, top = round((photo.width - width) / 2), round((photo.height - height) / 2)
    return photo.crop((left, top, left + width, top + height))


def _three(number: Any) -> Vectors:
    return np.asarray(number if isinstance(number, list | tuple) else [number] * 3, dtype=np.float32)
