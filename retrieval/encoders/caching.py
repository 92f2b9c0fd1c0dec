"""An encoder that encodes every content once."""

from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Generic

from ...core.errors import PhotoError
from ...core.post import Modality, Photo
from ...core.protocols import Encoder, Fingerprint, V
from .stacking import stacked


class CachingEncoder(Generic[V]):
    """Satisfies `Encoder` with the vectors of another, which is asked for each content once.

    Memory: every vector. For evaluations, in which many systems look at the same few posts.
    """

    def __init__(self, encoder: Encoder[V], known: Mapping[str, V] | None = None) -> None:
        """known: by SHA-256 (hex) of a content the vector, one row of what the encoder yields."""
        self._encoder = encoder
        self._known: dict[str, Any] = dict(known or {})

    @property
    def channel(self) -> str:
        """See `Encoder.channel`."""
        return self._encoder.channel

    @property
    def modality(self) -> Modality:
        """See `Encoder.modality`."""
        return self._encoder.modality

    @property
    def languages(self) -> Collection[str] | None:
        """See `Encoder.languages`."""
        return self._encoder.languages

    @property
    def sparse(self) -> bool:
        """See `Encoder.sparse`."""
        return self._encoder.sparse

    @property
    def stored(self) -> bool:
        """See `Encoder.stored`."""
        return self._encoder.stored

    @property
    def batch_size(self) -> int:
        """See `Encoder.batch_size`."""
        return self._encoder.batch_size

    @property
    def fingerprint(self) -> Fingerprint:
        """See `Encoder.fingerprint`."""
        return self._encoder.fingerprint

    def prepare(self, content: Any) -> Any:
        """See `Encoder.prepare`."""
        digest = _digest(content)
        return digest, None if digest in self._known else self._encoder.prepare(content)

    def encode(self, prepared: Sequence[Any]) -> V:
        """See `Encoder.encode`."""
        new = {digest: ready for digest, ready in prepared if digest not in self._known}
        if new:
            vectors: Any = self._encoder.encode(list(new.values()))
            self._known |= {digest: vectors[row : row + 1] for row, digest in enumerate(new)}
        rows: V = stacked([self._known[digest] for digest, _ in prepared])
        return rows

    def release(self) -> None:
        """See `Encoder.release`; what is known stays so."""
        self._encoder.release()


def _digest(content: Photo | Path | bytes | str) -> str:
    if isinstance(content, Photo):
        return content.digest
    if isinstance(content, Path):
        try:
            return sha256(content.read_bytes()).hexdigest()
        except OSError as error:
            raise PhotoError(f"{content} cannot be read: {error.strerror}") from error
    return sha256(content.encode() if isinstance(content, str) else content).hexdigest()
