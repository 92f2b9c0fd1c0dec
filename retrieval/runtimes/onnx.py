"""Models on ONNX Runtime, on a CPU: exported from PyTorch once, then loaded without it."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ...core.protocols import Fingerprint
from ...core.vectors import Vectors
from .exported_models import (
    LEAST_COSINE,
    MODEL,
    SAMPLE,
    SAMPLE_CAPTION,
    VECTORS,
    DamagedExportError,
    ExportedModels,
    first_line,
    least_cosine,
)
from .onnx_export import export_photo_model, export_sentence_model, export_text_model
from .pytorch import TORCH, load_sentence_transformer, one_at_a_time
from .runtime import Network, PhotoModel, Runtime, TextModel, TextNetwork
from .tokenization import Tokens, read_tokenizer

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

_LEAST_FILLED, _SLACK = 0.8, 4  # of a part of captions, and tokens beside that
_AT_ONCE = 16  # photos or captions in one run, whose memory grows with them
T = TypeVar("T")
P = TypeVar("P")


class OnnxRuntime:
    """Satisfies `Runtime`. A model that cannot be exported runs on PyTorch; a warning says so."""

    def __init__(self, folder: Path, otherwise: Runtime = TORCH) -> None:
        """folder: of the exported models. Nothing is loaded or written yet."""
        self._exported = ExportedModels(folder)
        self._otherwise = otherwise

    def holds(self, fingerprint: Fingerprint) -> bool:
        """See `Runtime.holds`."""
        return self._exported.holds(fingerprint)

    def load_photo_model(self, fingerprint: Fingerprint, load: Callable[[], Network]) -> PhotoModel:
        """See `Runtime.load_photo_model`."""
        model = self._open(fingerprint, partial(export_photo_model, load, OnnxPhotos), OnnxPhotos)
        return self._otherwise.load_photo_model(fingerprint, load) if model is None else model

    def load_text_model(self, fingerprint: Fingerprint, load: Callable[[], TextNetwork]) -> TextModel:
        """See `Runtime.load_text_model`."""
        model = self._open(fingerprint, partial(export_text_model, load, OnnxTexts), OnnxTexts)
        return self._otherwise.load_text_model(fingerprint, load) if model is None else model

    def load_sentence_model(self, fingerprint: Fingerprint, find: Callable[[], Path]) -> TextModel:
        """See `Runtime.load_sentence_model`."""

        def export(folder: Path) -> float:
            return export_sentence_model(load_sentence_transformer(find(), "cpu"), OnnxTexts, folder)

        model = self._open(fingerprint, export, OnnxTexts)
        return self._otherwise.load_sentence_model(fingerprint, find) if model is None else model

    def _open(self, fingerprint: Fingerprint, export: Callable[[Path], float], opened: Callable[[Path], T]) -> T | None:
        def export_alone(folder: Path) -> float:
            with one_at_a_time:
                return export(folder)

        folder = self._exported.find(fingerprint, export_alone)
        if folder is None:
            return None
        try:
            return opened(folder)
        except DamagedExportError as error:
            self._exported.discard(fingerprint, str(error))
        again = self._exported.find(fingerprint, export_alone)
        return None if again is None else opened(again)


class OnnxPhotos:
    """Satisfies `PhotoModel`; several threads may share one."""

    def __init__(self, folder: Path) -> None:
        """Raises DamagedExportError."""
        self._session = open_session(folder / MODEL)
        _check_sample(folder, lambda: self.run(np.load(folder / SAMPLE, allow_pickle=False))[0])

    def run(self, batch: NDArray[Any]) -> list[Vectors]:
        """See `PhotoModel.run`."""
        parts = np.array_split(batch, -(-len(batch) // _share(len(batch))))
        computed = _on_all_cores(lambda part: self._session.run(None, {"pixels": part}), parts)
        return [np.concatenate(outputs) for outputs in zip(*computed, strict=True)]


class OnnxTexts:
    """Satisfies `TextModel`; several threads may share one."""

    def __init__(self, folder: Path) -> None:
        """Raises DamagedExportError."""
        try:
            self._tokenizer = read_tokenizer(folder)
        except Exception as error:  # the package tokenizers raises no other type
            raise DamagedExportError(f"its tokenizer: {error}") from error
        self._session = open_session(folder / MODEL)
        self._inputs = [given.name for given in self._session.get_inputs()]
        self._any_length = not isinstance(self._session.get_inputs()[0].shape[1], int)
        _check_sample(folder, lambda: self.run([SAMPLE_CAPTION]))

    def run(self, captions: Sequence[str]) -> Vectors:
        """See `TextModel.run`."""
        tokens = self._tokenizer.tokenize(captions)
        lengths = tokens["attention_mask"].sum(axis=1) if self._any_length else _full_lengths(tokens)
        parts = _alike_in_length(lengths)
        vectors = np.concatenate(_on_all_cores(lambda part: self._embed(tokens, *part), parts))
        return np.ascontiguousarray(vectors[np.argsort(np.concatenate([rows for rows, _ in parts]))])

    def _embed(self, tokens: dict[str, Tokens], rows: NDArray[np.int64], length: int) -> Vectors:
        """The vectors of some captions. length: tokens of the longest."""
        embedded: Vectors = self._session.run(None, {name: tokens[name][rows, :length] for name in self._inputs})[0]
        return embedded


def _full_lengths(tokens: dict[str, Tokens]) -> NDArray[np.int64]:
    """Of captions for a model that takes one length alone."""
    n, length = tokens["input_ids"].shape
    return np.full(n, length)


def _alike_in_length(lengths: NDArray[np.int64]) -> list[tuple[NDArray[np.int64], int]]:
    """Captions in parts of like length, the longest first, each with its length: little of a part is padding.

    A long caption takes a hundred times as long as a short one, and so would all that run with it. lengths: in tokens.
    """
    order, most = np.argsort(-lengths, kind="stable"), _share(len(lengths))
    starts = [0]
    for end in range(1, len(lengths)):
        longest = lengths[order[starts[-1]]]
        if end - starts[-1] == most or lengths[order[end]] + _SLACK < _LEAST_FILLED * longest:
            starts.append(end)
    return [(rows, int(lengths[rows[0]])) for rows in np.split(order, starts[1:])]


def _check_sample(folder: Path, run: Callable[[], Vectors]) -> None:
    """Raises DamagedExportError if a sample gets other vectors than when the model was exported.

    Reading all weights for a checksum would take longer than a sample.
    """
    try:
        same = least_cosine(np.load(folder / VECTORS, allow_pickle=False), run())
    except Exception as error:  # ONNX Runtime raises one class for each of its codes
        raise DamagedExportError(first_line(error)) from error
    if same < LEAST_COSINE:
        raise DamagedExportError(f"a sample gets another vector, cosine {same:.4f}")


def open_session(file: Path) -> "InferenceSession":
    """A model of a file, on one thread. Raises DamagedExportError."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # A query runs on one thread, since threads that wait for each other spin, and on a busy machine that costs more
    # than it gains. Batches are cut into parts, each of which runs on a thread of its own.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong is raised, too
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the package raises one class for each of its codes
        raise DamagedExportError(f"{file.name}: {first_line(error)}") from error


def _share(n: int) -> int:
    """How many of n contents run at once: no more than a core's share."""
    return max(1, min(_AT_ONCE, -(-n // _cores())))


def _on_all_cores(function: Callable[[P], T], parts: Sequence[P]) -> list[T]:
    return list(_workers().map(function, parts)) if len(parts) > 1 else [function(part) for part in parts]


def _workers() -> ThreadPoolExecutor:
    return _workers_of(os.getpid())


@cache
def _workers_of(process: int) -> ThreadPoolExecutor:  # a fork has its parent's pool, but none of its threads
    return ThreadPoolExecutor(_cores(), thread_name_prefix="onnx")


def _cores() -> int:
    return os.cpu_count() or 1
