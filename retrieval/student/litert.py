"""The student as a LiteRT (TFLite) file. It carries its hashtags as TFLite carries associated files: in a zip."""

import io
import json
import logging
import os
import tempfile
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...core.advice import INSTALL_LITERT
from ...core.errors import SettingsError, UnusableError
from ...core.vectors import Vectors
from .onnx_file import MOST_DIFFERENCE
from .quantisation import Agreement, check_agreement

if TYPE_CHECKING:
    from .network import Student

HASHTAGS = "hashtags.json"  # within the file

_CONVERTS, _RUNS, _QUANTISES = "litert_torch", "ai_edge_litert", "ai_edge_quantizer"
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)  # of the zip, so that equal students are equal files


@dataclass(frozen=True, slots=True)
class LiteRtFile:
    """What was written. difference: the largest of a probability in LiteRT and in PyTorch, before it was quantised.

    agreement: of weights in 8 bits with weights in 32; None where it is not quantised.
    """

    bytes: int  # noqa: A003 - the word of the JSON document
    difference: float
    agreement: Agreement | None

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


def check_litert(quantised: bool) -> None:
    """Raises SettingsError where a package is missing. Nothing is imported."""
    for package in (_CONVERTS, _RUNS, *([_QUANTISES] if quantised else [])):
        if find_spec(package) is None:
            name = package.replace("_", "-")
            raise SettingsError(f"a LiteRT file needs {name}, which is not installed", INSTALL_LITERT)


def write_litert(
    student: "Student", metadata: Mapping[str, Any], check: Mapping[str, NDArray[Any]], path: Path, quantised: bool
) -> LiteRtFile:
    """Write a student into a LiteRT file, which takes one post at a time.

    metadata: as in the ONNX file; it becomes `hashtags.json` in the zip. check: inputs of posts on which it is compared
    with PyTorch. quantised: with weights in 8 bits; what is computed with them stays in 32. Raises UnusableError or
    RefusedError where it does not compute what the student does.
    """
    import torch

    tensors = tuple(map(torch.from_numpy, check.values()))
    with torch.inference_mode():
        expected = student(*tensors).numpy()
    with tempfile.TemporaryDirectory() as scratch:
        in_32_bits = Path(scratch) / "student.tflite" if quantised else path
        with _silent():
            import litert_torch

            litert_torch.convert(student, tuple(part[:1] for part in tensors)).export(str(in_32_bits))
        found = _run(in_32_bits, check)
        difference = float(np.abs(found - expected).max())
        if not difference <= MOST_DIFFERENCE:
            raise UnusableError(
                f"the student computes other probabilities in LiteRT than in PyTorch: they differ by {difference:.2g}, "
                f"more than {MOST_DIFFERENCE:g}"
            )
        if quantised:
            _quantise(in_32_bits, path)
        _append(path, metadata)
        agreement = check_agreement(found, _run(path, check)) if quantised else None
        return LiteRtFile(path.stat().st_size, difference, agreement)


def read_metadata(path: Path) -> dict[str, Any]:
    """What `write_litert` wrote of the student beside its weights."""
    with zipfile.ZipFile(path) as archive:
        known: dict[str, Any] = json.loads(archive.read(HASHTAGS))
        return known


def _append(path: Path, metadata: Mapping[str, Any]) -> None:
    """The metadata as a zip behind what the file holds, which LiteRT passes over."""
    text = json.dumps(metadata, ensure_ascii=False)
    with zipfile.ZipFile(path, mode="a") as archive:
        archive.writestr(zipfile.ZipInfo(HASHTAGS, _FIXED_TIME), text.encode(), zipfile.ZIP_DEFLATED)


def _quantise(model: Path, quantised: Path) -> None:
    with _silent():
        from ai_edge_quantizer import quantizer, recipe

        made = quantizer.Quantizer(str(model))
        made.load_quantization_recipe(recipe.dynamic_wi8_afp32())
        quantised.write_bytes(made.quantize().quantized_model)


def _run(model: Path, inputs: Mapping[str, NDArray[Any]]) -> Vectors:
    """Probabilities (n, m), computed by LiteRT, post by post."""
    with _silent():
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(model_path=str(model))
        interpreter.allocate_tensors()
        # In the order of the arguments, by whose place they are named.
        places = sorted(interpreter.get_input_details(), key=lambda place: place["name"])
        answer = interpreter.get_output_details()[0]["index"]
        found = []
        for row in range(len(next(iter(inputs.values())))):
            for place, rows in zip(places, inputs.values(), strict=True):
                interpreter.set_tensor(place["index"], rows[row : row + 1])
            interpreter.invoke()
            found.append(interpreter.get_tensor(answer)[0])
    return np.stack(found)


@contextmanager
def _silent() -> Iterator[None]:
    """Converting is an inner matter: what its packages say and log, also past Python, stays out of the terminal."""
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()), _no_stderr():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logging.disable(disabled)


@contextmanager
def _no_stderr() -> Iterator[None]:
    """What C++ writes to standard error goes nowhere."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
