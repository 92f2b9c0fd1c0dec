"""The student in 8 bits: a quarter of the size, and faster; checked against itself before."""

import logging
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.advice import WITHOUT_QUANTISATION
from ...core.errors import RefusedError
from ...core.vectors import Vectors
from .onnx_file import OnnxStudent, keep_metadata

LEAST_OVERLAP = 0.6  # of the likeliest hashtags, before and after
MOST_MEAN_DIFFERENCE = 0.1  # of probabilities; in a small vocabulary many are neither high nor low

POOLING = ("ReduceMean", "GlobalAveragePool")  # as the exporter may write it

_BACKBONE, _HEAD = ["Conv", "Clip", "Add"], ["Gemm", "MatMul"]
_TOP = 5


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two models agree on n posts.

    overlap: the mean part of the likeliest hashtags that both name: of five, or of half of them all if these are fewer.
    mean_difference: of all probabilities.
    """

    posts: int
    overlap: float
    mean_difference: float

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


def agreement(one: Vectors, other: Vectors) -> Agreement:
    """one, other: probabilities (n, m) of the same posts."""
    k = min(_TOP, ceil(one.shape[1] / 2))
    tops = [np.argsort(-part, axis=1, kind="stable")[:, :k] for part in (one, other)]
    shared = [len(np.intersect1d(*pair)) / k for pair in zip(*tops, strict=True)]
    return Agreement(len(one), float(np.mean(shared)), float(np.abs(one - other).mean()))


def check_agreement(before: Vectors, after: Vectors) -> Agreement:
    """As `agreement`. Raises RefusedError if both do not agree."""
    found = agreement(before, after)
    if found.overlap < LEAST_OVERLAP or found.mean_difference > MOST_MEAN_DIFFERENCE:
        raise RefusedError(
            f"in 8 bits the student says other hashtags than before: on {found.posts} posts it shares "
            f"{found.overlap:.0%} of the likeliest ones, and probabilities differ by {found.mean_difference:.3f} "
            "on average",
            WITHOUT_QUANTISATION,
        )
    return found


def quantise(
    model: Path, quantised: Path, calibration: Mapping[str, NDArray[Any]], check: Mapping[str, NDArray[Any]]
) -> Agreement:
    """Write an ONNX student in 8 bits: static, in QDQ form, a scale for each channel of the weights.

    calibration: inputs by name, of photos by whose values the scales are chosen. check: those of other posts, on which
    both are compared. Raises RefusedError if they do not agree.
    """
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as folder, _quiet():
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(model, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            quantised,
            _Calibration(calibration),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=[*_BACKBONE, *_HEAD],
            nodes_to_exclude=_exact_nodes(prepared),
            extra_options={"OpTypesToExcludeOutputQuantization": _HEAD},
        )
    before = OnnxStudent(model)
    keep_metadata(quantised, before.metadata)
    return check_agreement(before.probabilities(check), OnnxStudent(quantised).probabilities(check))


def _exact_nodes(model: Path) -> list[str]:
    """The nodes behind the pooled features, but for products: small probabilities do not survive 8 bits."""
    import onnx

    nodes = list(onnx.load(model).graph.node)
    pooled = next(place for place, node in enumerate(nodes) if node.op_type in POOLING)
    return [node.name for node in nodes[pooled:] if node.op_type not in _HEAD]


class _Calibration:
    """Satisfies ONNX Runtime's `CalibrationDataReader`: one post at a time."""

    def __init__(self, inputs: Mapping[str, NDArray[Any]]) -> None:
        self._posts = self._each(inputs)

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        return next(self._posts, None)

    def __iter__(self) -> "_Calibration":
        return self

    def __next__(self) -> dict[str, NDArray[Any]]:
        return next(self._posts)

    @staticmethod
    def _each(inputs: Mapping[str, NDArray[Any]]) -> Iterator[dict[str, NDArray[Any]]]:
        for row in range(len(next(iter(inputs.values())))):
            yield {name: rows[row : row + 1] for name, rows in inputs.items()}


@contextmanager
def _quiet() -> Iterator[None]:
    """What ONNX Runtime advises its own developers stays out of the terminal."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(level)
