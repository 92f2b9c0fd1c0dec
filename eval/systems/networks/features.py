"""Features of photos: computed once, kept on disk."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np

from ....core.errors import PhotoError
from ....core.files import whole
from ....core.pipeline import batches, encode_stream
from ....core.progress import Progress
from ....core.protocols import Backbone
from ....core.vectors import PhotoFeatures
from ..system import SILENT

_AT_ONCE = 128  # photos between two looks at what is missing


class FeatureCache:
    """What a frozen backbone makes of photos, in a folder: a `LookAt`.

    Each photo has a file, named by the SHA-256 of the photo's bytes, in a folder named by the backbone's fingerprint:
    pooled features as float32, then the grid as float16, both as `np.save` writes them. A file is whole or not there,
    so that work which was interrupted goes on where it stood; one that is damaged is made anew. Nothing is held in
    memory but the photos' digests: a photo that changes meanwhile is not looked at again.
    """

    def __init__(self, backbone: Backbone, folder: Path) -> None:
        """folder: made when it is first needed; several backbones can share one."""
        self._backbone = backbone
        self._folder = folder / backbone.fingerprint.digest
        self._digests: dict[Path, str] = {}
        self._reasons: dict[str, str] = {}  # by digest, why a photo cannot be read

    def prepare(self, photos: Iterable[Path], progress: Progress = SILENT) -> None:
        """Compute what is missing, in batches. Photos that cannot be read are passed over."""
        photos = list(dict.fromkeys(photos))
        with progress.stage("Looking at photos", len(photos)) as stage:
            for some in batches(photos, _AT_ONCE):
                self._compute(some)
                stage.advance(len(some))
        self._backbone.release()

    def __call__(self, photo: Path | bytes) -> PhotoFeatures:
        """Features of one photo, the grid as float16. Raises PhotoError where it cannot be read."""
        digest = self._digest(photo)
        features = self._read(digest)
        if features is None and digest not in self._reasons:
            self._compute([photo])
            features = self._read(digest)
        if features is None:
            raise PhotoError(self._reasons.get(digest, f"{self._file(digest)} does not keep what is written to it"))
        return features

    def _compute(self, photos: Sequence[Path | bytes]) -> None:
        """Of those photos that can be read and have no features yet."""
        missing: dict[str, Path | bytes] = {}
        for photo in photos:
            try:
                digest = self._digest(photo)
            except PhotoError:
                continue
            if digest not in self._reasons and self._read(digest) is None:
                missing[digest] = photo
        for batch in encode_stream(self._backbone, missing.items()):
            self._reasons.update(batch.failures)
            if batch.vectors is not None:
                for digest, pooled, grid in zip(batch.keys, *batch.vectors, strict=True):
                    self._write(digest, PhotoFeatures(pooled, grid.astype(np.float16)))

    def _digest(self, photo: Path | bytes) -> str:
        if isinstance(photo, bytes):
            return sha256(photo).hexdigest()
        if photo not in self._digests:
            try:
                if not photo.is_file():
                    raise PhotoError("the photo is missing, or no file")
                self._digests[photo] = sha256(photo.read_bytes()).hexdigest()
            except OSError as error:
                raise PhotoError(f"the photo cannot be read ({error.strerror})") from None
        return self._digests[photo]

    def _file(self, digest: str) -> Path:
        return self._folder / digest[:2] / f"{digest}.npy"

    def _read(self, digest: str) -> PhotoFeatures | None:
        """None where there is no file, or a damaged one."""
        try:
            with self._file(digest).open("rb") as file:
                features = PhotoFeatures(np.load(file, allow_pickle=False), np.load(file, allow_pickle=False))
        except (OSError, ValueError, EOFError):
            return None
        sound = features.pooled.ndim == 1 and features.grid.ndim == 2
        return features if sound and all(np.isfinite(part).all() for part in features) else None

    def _write(self, digest: str, features: PhotoFeatures) -> None:
        path = self._file(digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as partial, partial.open("wb") as file:
            np.save(file, features.pooled)
            np.save(file, features.grid)
