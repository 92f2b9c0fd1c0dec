"""From PyTorch to ONNX, with a check that the exported model computes the same vectors."""

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import HashtagError
from ...core.vectors import Vectors
from .exported_models import (
    LEAST_COSINE,
    MODEL,
    SAMPLE,
    SAMPLE_CAPTION,
    VECTORS,
    ExportError,
    first_line,
    least_cosine,
)
from .runtime import Network, PhotoModel, TextModel, TextNetwork
from .tokenization import INPUTS, PackagedTokenizer

_OPSET = 18
_SAMPLES = 4  # photos
_CAPTIONS = (
    SAMPLE_CAPTION,
    "espresso",
    "Tiny coffee bar, big wooden tables. Staying here all afternoon. " * 8,
    "日曜の朝 ☕️ #coffee",
    "una tarde de verano en la playa",
    ".",
)


def export_photo_model(load: Callable[[], Network], run: Callable[[Path], PhotoModel], folder: Path) -> float:
    """Write a network for photos to `folder`. run: opens it in ONNX Runtime.

    Returns the least cosine between vectors of both runtimes; raises ExportError where it is below LEAST_COSINE.
    """
    import torch

    network = load()
    batch = _noise(network.example)
    with quiet_export(), torch.inference_mode():
        exported = _as_module(lambda pixels: network.features(pixels.to(torch.float32)), network.module)
        expected = exported(torch.from_numpy(batch))
    _export(exported, {"pixels": batch[:2]}, folder)
    several = [part.float().numpy() for part in (expected if isinstance(expected, tuple) else (expected,))]
    np.save(folder / SAMPLE, batch[:1])
    np.save(folder / VECTORS, several[0][:1])
    return _check(several, run(folder).run(batch))


def export_text_model(load: Callable[[], TextNetwork], run: Callable[[Path], TextModel], folder: Path) -> float:
    """Write a network for captions and its tokenizer to `folder`. run, returns and raises: see `export_photo_model`."""
    import torch

    network = load()
    with torch.inference_mode():
        tokens = network.tokenizer.tokenize(_CAPTIONS).values()
        expected = network.features(*map(torch.from_numpy, tokens)).numpy()
    return _export_text(network, expected, run, folder)


def export_sentence_model(model: Any, run: Callable[[Path], TextModel], folder: Path) -> float:
    """Write a `SentenceTransformer` and its tokenizer to `folder`. run, returns, raises: see `export_photo_model`."""
    with quiet_export():
        names = [name for name in INPUTS if name in model.preprocess(["one", "two words"])]
        tokenizer = _tokenizer_of(model, names)
        expected = model.encode(list(_CAPTIONS), convert_to_numpy=True, show_progress_bar=False)

    def features(*tensors: Any) -> Any:
        return model(dict(zip(names, tensors, strict=True)))["sentence_embedding"]

    return _export_text(TextNetwork(features, model, tokenizer), expected, run, folder)


def _export_text(network: TextNetwork, expected: Vectors, run: Callable[[Path], TextModel], folder: Path) -> float:
    network.tokenizer.save(folder)
    tokens = network.tokenizer.tokenize(_CAPTIONS[:2])
    lengths = {network.tokenizer.tokenize([caption])["input_ids"].shape[1] for caption in _CAPTIONS}
    _export(_as_module(network.features, network.module), tokens, folder, any_length=len(lengths) > 1)
    np.save(folder / VECTORS, expected[:1])
    return _check([expected], [run(folder).run(_CAPTIONS)])


def _as_module(function: Callable[..., Any], module: Any) -> Any:
    """A function of tensors as a module, for the exporter. module: holds its weights."""
    import torch

    class Exported(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.module = module

        def forward(self, *tensors: torch.Tensor) -> Any:
            return function(*tensors)

    return Exported().eval().requires_grad_(False)


def _tokenizer_of(model: Any, inputs: Sequence[str]) -> PackagedTokenizer:
    """The tokenizer of a sentence model. Raises ExportError if it works otherwise than by the package tokenizers."""
    tokenizer = model.tokenizer
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise ExportError(f"its tokenizer, {type(tokenizer).__name__}, is none of the package tokenizers")
    longest = model.max_seq_length
    backend.enable_truncation(max_length=longest or tokenizer.model_max_length)
    backend.enable_padding(
        pad_id=tokenizer.pad_token_id or 0,
        pad_token=str(tokenizer.pad_token),
        pad_type_id=tokenizer.pad_token_type_id,
        direction=tokenizer.padding_side,
    )
    return PackagedTokenizer(backend, inputs)


def _export(module: Any, inputs: Mapping[str, NDArray[Any]], folder: Path, any_length: bool = False) -> None:
    """inputs: by name, two contents; as many as are wanted in the end. any_length: whether the second axis varies."""
    import torch

    dynamic = torch.export.Dim.DYNAMIC
    axes = {0: dynamic} | ({1: dynamic} if any_length else {})
    try:
        with quiet_export():
            torch.onnx.export(
                module,
                tuple(map(torch.from_numpy, inputs.values())),
                folder / MODEL,
                input_names=list(inputs),
                dynamic_shapes=(tuple(axes for _ in inputs),),
                opset_version=_OPSET,
                external_data=True,
                dynamo=True,
                verbose=False,
            )
    except (HashtagError, OSError, MemoryError):
        raise
    except Exception as error:
        # Of many types: an operator that ONNX does not have, a shape that depends on data, an older PyTorch. What
        # PyTorch itself says of it begins with pages of advice to its own developers.
        cause = error.__cause__ or error
        raise ExportError(f"it cannot be exported to ONNX ({type(cause).__name__}: {first_line(cause)})") from error


def _check(expected: Sequence[Vectors], found: Sequence[Vectors]) -> float:
    """The least cosine between rows of both."""
    least = min(least_cosine(*pair) for pair in zip(expected, found, strict=True))
    if least < LEAST_COSINE:
        raise ExportError(f"exported to ONNX it computes other vectors (cosine {least:.4f})")
    return least


def _noise(example: NDArray[Any]) -> NDArray[Any]:
    """Inputs that differ much from each other: smooth noise in the range of the example's type."""
    random = np.random.default_rng(0)
    height, width = example.shape[1:]
    coarse = random.standard_normal((_SAMPLES, 3, -(-height // 16), -(-width // 16)))
    noise = coarse.repeat(16, axis=2).repeat(16, axis=3)[:, :, :height, :width]
    if example.dtype == np.uint8:
        return np.clip(128 + 64 * noise, 0, 255).astype(np.uint8)
    return noise.astype(example.dtype)


@contextmanager
def quiet_export() -> Iterator[None]:
    """Exporting is an inner matter: what PyTorch says of it stays out of the terminal."""
    loggers = [logging.getLogger(name) for name in ("torch", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
