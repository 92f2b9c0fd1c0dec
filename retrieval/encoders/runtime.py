"""Runs a model on a batch. A runtime is the replaceable part of an image encoder."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...core.vectors import Vectors

if TYPE_CHECKING:
    import torch


class Runtime(Protocol):
    """Arrays of prepared photos to features."""

    def run(self, batch: NDArray[Any]) -> Vectors:
        """batch: (n, 3, height, width), uint8 or float32 as the encoder prepares it. Returns float32 (n, d)."""
        ...


class TorchRuntime:
    """A PyTorch module: half precision on a GPU, float32 on a CPU, channels-last on both."""

    def __init__(
        self, features: "Callable[[torch.Tensor], torch.Tensor | tuple[torch.Tensor, ...]]", module: "torch.nn.Module"
    ) -> None:
        """features: the function of the batch to be computed, whose weights `module` holds."""
        import torch

        self._torch = torch
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._dtype = torch.float16 if self._device.type == "cuda" else torch.float32
        module.eval().requires_grad_(False)
        module.to(device=self._device, dtype=self._dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._features = features

    def run(self, batch: NDArray[Any]) -> Vectors:
        """See `Runtime.run`."""
        return self.run_all(batch)[0]

    def run_all(self, batch: NDArray[Any]) -> list[Vectors]:
        """As `run`, where the function computes several tensors at once. Each float32 (n, ...)."""
        with self._torch.inference_mode():
            pixels = self._torch.from_numpy(batch).to(self._device, non_blocking=True).to(self._dtype)
            computed = self._features(pixels.contiguous(memory_format=self._torch.channels_last))
            several = computed if isinstance(computed, tuple) else (computed,)
            return [np.asarray(features.float().cpu().numpy(), dtype=np.float32) for features in several]
