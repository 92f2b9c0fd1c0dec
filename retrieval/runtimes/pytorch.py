"""Models on PyTorch: half precision on a GPU, float32 on a CPU."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import WeightsError
from ...core.protocols import Fingerprint
from ...core.vectors import Vectors
from .runtime import Network, TextNetwork

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_BATCH = 64  # captions

# One model works or is loaded at a time, in whatever thread: loading weights changes what all of PyTorch does, a
# tokenizer changes itself, and one batch keeps all cores busy.
one_at_a_time = RLock()


def has_gpu() -> bool:
    """Whether there is a GPU to compute on. FAISS tells without loading PyTorch."""
    import faiss

    return bool(faiss.get_num_gpus())


class TorchRuntime:
    """Satisfies `Runtime`. PyTorch is imported with the first model."""

    def holds(self, fingerprint: Fingerprint) -> bool:
        """See `Runtime.holds`; it always takes weights."""
        return False

    def load_photo_model(self, fingerprint: Fingerprint, load: Callable[[], Network]) -> "_TorchPhotos":
        """See `Runtime.load_photo_model`."""
        with one_at_a_time:
            return _TorchPhotos(load())

    def load_text_model(self, fingerprint: Fingerprint, load: Callable[[], TextNetwork]) -> "_TorchTexts":
        """See `Runtime.load_text_model`."""
        with one_at_a_time:
            return _TorchTexts(load())

    def load_sentence_model(self, fingerprint: Fingerprint, find: Callable[[], Path]) -> "_TorchSentences":
        """See `Runtime.load_sentence_model`."""
        with one_at_a_time:
            return _TorchSentences(find())


TORCH = TorchRuntime()


class _TorchPhotos:
    """A network, with photos in channels-last order."""

    def __init__(self, network: Network) -> None:
        import torch

        self._torch = torch
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._dtype = torch.float16 if self._device.type == "cuda" else torch.float32
        module = network.module.eval().requires_grad_(False)
        module.to(device=self._device, dtype=self._dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._features = network.features

    def run(self, batch: NDArray[Any]) -> list[Vectors]:
        """See `PhotoModel.run`."""
        with one_at_a_time, self._torch.inference_mode():
            pixels = self._torch.from_numpy(batch).to(self._device, non_blocking=True).to(self._dtype)
            computed = self._features(pixels.contiguous(memory_format=self._torch.channels_last))
            several = computed if isinstance(computed, tuple) else (computed,)
            return [np.asarray(features.float().cpu().numpy(), dtype=np.float32) for features in several]


class _TorchTexts:
    """A network, in float32 wherever it runs."""

    def __init__(self, network: TextNetwork) -> None:
        import torch

        self._torch = torch
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        network.module.eval().requires_grad_(False).to(self._device)
        self._network = network

    def run(self, captions: Sequence[str]) -> Vectors:
        """See `TextModel.run`."""
        return np.concatenate([self._embed(captions[i : i + _BATCH]) for i in range(0, len(captions), _BATCH)])

    def _embed(self, captions: Sequence[str]) -> Vectors:
        with one_at_a_time, self._torch.inference_mode():
            tokens = self._network.tokenizer.tokenize(captions).values()
            tensors = (self._torch.from_numpy(part).to(self._device) for part in tokens)
            return np.asarray(self._network.features(*tensors).float().cpu().numpy(), dtype=np.float32)


class _TorchSentences:
    def __init__(self, folder: Path) -> None:
        import torch

        on_gpu = torch.cuda.is_available()
        model = load_sentence_transformer(folder, "cuda" if on_gpu else "cpu")
        self._model = model.half() if on_gpu else model

    def run(self, captions: Sequence[str]) -> Vectors:
        """See `TextModel.run`."""
        with one_at_a_time:
            vectors = self._model.encode(
                list(captions), batch_size=_BATCH, convert_to_numpy=True, show_progress_bar=False
            )
        return np.asarray(vectors, dtype=np.float32)


def load_sentence_transformer(folder: Path, device: str) -> "SentenceTransformer":
    """A model of sentence-transformers, from safetensors alone. Raises WeightsError."""
    from sentence_transformers import SentenceTransformer

    try:
        with _no_bars():
            return SentenceTransformer(
                str(folder),
                device=device,
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise WeightsError(f"{folder} cannot be loaded as a sentence model: {error}") from error


@contextmanager
def _no_bars() -> Iterator[None]:
    """Loading weights is quick; its progress bar would only litter the terminal."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
