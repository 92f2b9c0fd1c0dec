"""The student as one ONNX file, which carries its hashtags and all that a program needs to ask it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import UnusableError
from ...core.vectors import Vectors
from ..runtimes.onnx import open_session
from ..runtimes.onnx_export import quiet_export

if TYPE_CHECKING:
    from .network import Student

PHOTO, NGRAMS, PROBABILITIES = "photo", "ngrams", "probabilities"
MOST_DIFFERENCE = 1e-4  # of probabilities of ONNX Runtime and of PyTorch

_OPSET = 18


def write_onnx(
    student: "Student", example: Mapping[str, NDArray[Any]], metadata: Mapping[str, Any], path: Path
) -> float:
    """Write a student into a file; returns the largest difference of a probability from what PyTorch computes.

    example: inputs by name, of at least two posts, by which both are compared. metadata: by key what JSON can hold.
    Raises UnusableError where the difference is above MOST_DIFFERENCE.
    """
    import torch

    tensors = tuple(map(torch.from_numpy, example.values()))
    with quiet_export(), torch.inference_mode():
        expected = student(*tensors).numpy()
        torch.onnx.export(
            student,
            tuple(part[:2] for part in tensors),
            path,
            input_names=list(example),
            output_names=[PROBABILITIES],
            dynamic_shapes=tuple({0: torch.export.Dim.DYNAMIC} for _ in tensors),
            opset_version=_OPSET,
            external_data=False,
            dynamo=True,
            verbose=False,
        )
    keep_metadata(path, metadata)
    difference = float(np.abs(OnnxStudent(path).probabilities(example) - expected).max())
    if not difference <= MOST_DIFFERENCE:
        raise UnusableError(
            f"the student computes other probabilities in ONNX Runtime than in PyTorch: they differ by "
            f"{difference:.2g}, more than {MOST_DIFFERENCE:g}"
        )
    return difference


def keep_metadata(path: Path, metadata: Mapping[str, Any]) -> None:
    """Write metadata into an ONNX file, in place of what it has: by key a JSON text."""
    import onnx

    model = onnx.load(path)
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, {key: json.dumps(value, ensure_ascii=False) for key, value in metadata.items()})
    onnx.save(model, path)


class OnnxStudent:
    """A student in an ONNX file, on one thread of a CPU. Several threads may share one."""

    def __init__(self, path: Path) -> None:
        """Raises UnusableError if the file cannot be read or is no student."""
        try:
            self._session = open_session(path)
            known = self._session.get_modelmeta().custom_metadata_map
            self.metadata: dict[str, Any] = {key: json.loads(text) for key, text in known.items()}
            self.hashtags: tuple[str, ...] = tuple(self.metadata["hashtags"])
        except Exception as error:  # ONNX Runtime raises one class for each of its codes
            raise UnusableError(f"{path} is no student that can be read: {error}") from error

    @property
    def reads_captions(self) -> bool:
        """Whether it has the input `ngrams`."""
        return any(given.name == NGRAMS for given in self._session.get_inputs())

    def probabilities(self, inputs: Mapping[str, NDArray[Any]], at_once: int = 16) -> Vectors:
        """float32 (n, m). inputs: n rows of each, by name."""
        parts = [self._session.run(None, dict(some))[0] for some in _in_parts(inputs, at_once)]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.hashtags)), dtype=np.float32)


def _in_parts(inputs: Mapping[str, NDArray[Any]], at_once: int) -> Iterator[dict[str, NDArray[Any]]]:
    n = len(next(iter(inputs.values())))
    for start in range(0, n, at_once):
        yield {name: rows[start : start + at_once] for name, rows in inputs.items()}
