"""What models run on: the replaceable part of every encoder that has weights."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from numpy.typing import NDArray

from ...core.protocols import Fingerprint
from ...core.vectors import Vectors
from .tokenization import Tokenizer

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Network:
    """A network for photos, with its weights, as PyTorch has it.

    features: the function of the batch to be computed, one tensor (n, ...) or several. module: holds its weights.
    example: one content as the encoder prepares it, for its shape (3, height, width) and dtype.
    """

    features: "Callable[[torch.Tensor], torch.Tensor | tuple[torch.Tensor, ...]]"
    module: "torch.nn.Module"
    example: NDArray[Any]


@dataclass(frozen=True, slots=True)
class TextNetwork:
    """A network for captions, with its weights, as PyTorch has it.

    features: the function of what the tokenizer gives, in its order, to a tensor (n, d). module: holds the weights.
    """

    features: "Callable[..., torch.Tensor]"
    module: "torch.nn.Module"
    tokenizer: Tokenizer


class PhotoModel(Protocol):
    """A network that is loaded."""

    def run(self, batch: NDArray[Any]) -> list[Vectors]:
        """batch: (n, 3, height, width), uint8 or float32 as the encoder prepares it. Returns float32 (n, ...) each."""
        ...


class TextModel(Protocol):
    """A network for captions that is loaded."""

    def run(self, captions: Sequence[str]) -> Vectors:
        """n captions to float32 (n, d), of any length."""
        ...


class Runtime(Protocol):
    """Loads models to where they run; what is loaded is let go with the last reference to it."""

    def holds(self, fingerprint: Fingerprint) -> bool:
        """Whether it can load the model of an encoder without its weights."""
        ...

    def load_photo_model(self, fingerprint: Fingerprint, load: Callable[[], Network]) -> PhotoModel:
        """fingerprint: of the encoder. load: reads the weights into PyTorch; it raises WeightsError."""
        ...

    def load_text_model(self, fingerprint: Fingerprint, load: Callable[[], TextNetwork]) -> TextModel:
        """See `load_photo_model`."""
        ...

    def load_sentence_model(self, fingerprint: Fingerprint, find: Callable[[], Path]) -> TextModel:
        """find: the folder of the weights, as sentence-transformers saves a model. Raises WeightsError on any other."""
        ...
