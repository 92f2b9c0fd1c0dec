"""Photos in memory: those that were uploaded a short while ago, and thumbnails of the archive's."""

import io
from collections import OrderedDict
from hashlib import sha256
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.query import NewPhoto
from ..retrieval.encoders.photos import read_photo
from .metrics import Metrics

_THUMBNAIL = 320  # pixels of the longer side
_QUALITY = 80


class RecentBytes:
    """The bytes used most recently, by name, as many as fit."""

    def __init__(self, room: int) -> None:
        """room: in bytes."""
        self._room = room
        self._held = 0
        self._entries: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def put(self, name: str, content: bytes) -> None:
        """Hold one more; what was not used for longest goes."""
        with self._lock:
            self._held += len(content) - len(self._entries.pop(name, b""))
            self._entries[name] = content
            while self._held > self._room:
                _, gone = self._entries.popitem(last=False)
                self._held -= len(gone)

    def get(self, name: str) -> bytes | None:
        """None if it is not held, or no more."""
        with self._lock:
            if name in self._entries:
                self._entries.move_to_end(name)
            return self._entries.get(name)

    @property
    def held(self) -> int:
        """Bytes in all."""
        return self._held


class UploadedPhotos:
    """Photos that were uploaded, until newer ones take their room or the server ends. Nothing is written to disk."""

    def __init__(self, room: int) -> None:
        """room: in bytes."""
        self._recent = RecentBytes(room)

    def put(self, content: bytes) -> str:
        """Hold a photo. Returns its id, which depends on its bytes alone. Raises PhotoError if it is none."""
        read_photo(content, 1)
        name = f"upload-{sha256(content).hexdigest()[:32]}"
        self._recent.put(name, content)
        return name

    @property
    def held(self) -> int:
        """Bytes in all."""
        return self._recent.held

    def get(self, name: str) -> bytes | None:
        """The bytes of a photo; None if it is not held, or no more."""
        return self._recent.get(name)


class Thumbnails:
    """Small copies of photos, without metadata."""

    def __init__(self, room: int, metrics: Metrics) -> None:
        """room: in bytes."""
        self._recent = RecentBytes(room)
        self._metrics = metrics

    def make(self, name: str, photo: NewPhoto) -> bytes:
        """A JPEG of `_THUMBNAIL` pixels at most. name: unique to the photo. Raises PhotoError if it cannot be read."""
        known = self._recent.get(name)
        self._metrics.thumbnail(known is not None)
        if known is not None:
            return known
        small = shrink(photo)
        self._recent.put(name, small)
        return small


def shrink(photo: NewPhoto) -> bytes:
    """A photo as a small JPEG without metadata. Raises PhotoError."""
    image = read_photo(photo, _THUMBNAIL)
    image.thumbnail((_THUMBNAIL, _THUMBNAIL), Image.Resampling.LANCZOS)
    made = io.BytesIO()
    Image.fromarray(_pixels(image)).save(made, "JPEG", quality=_QUALITY)
    return made.getvalue()


def _pixels(image: Image.Image) -> NDArray[np.uint8]:
    """The pixels alone: whatever else Pillow carries along with a picture stays behind."""
    return np.asarray(image.convert("RGB"))
