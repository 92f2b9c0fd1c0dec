"""Trains a student on the answers of its teacher, mixed with the posts' own hashtags."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...core.progress import Progress
from ...core.vectors import Rows, Vectors
from ...networks.training import EPOCHS, Samples, Training
from .distillation import FOLDS, DistillationSet, Part, matrix
from .network import Head, mean_head

TEACHER = 0.5  # the teacher's part of a target; the rest is what the post carries

_LEAST_BATCH, _MOST_BATCH = 8, 64
_STEPS = 12  # of an epoch, or more where the batches would be too large
_RATE = 1e-3
_FORGET = 0.2
_K = 5
_LEAST_PRIOR = 1e-4


@dataclass(frozen=True, slots=True)
class TrainedHead:
    """A head, and how its parts did on the posts that they had not seen.

    threshold: the least probability to suggest where the number of hashtags is free. posts: how many it learned from.
    f1, auto_f1: micro F1 of five hashtags, and of those from the threshold on. epochs: mean of the parts.
    """

    head: Head
    threshold: float
    posts: int
    f1: float
    auto_f1: float
    epochs: float

    def to_json(self) -> dict[str, Any]:
        """For the metadata."""
        fields = {name: getattr(self, name) for name in ("posts", "f1", "auto_f1", "epochs")}
        return fields | {"heads": FOLDS, "teacher": TEACHER, "rate": _RATE, "forget": _FORGET}


class HeadTraining(Training[Head, None]):
    """The head stands that has the lowest loss on posts that it does not learn from."""

    def _measure(self, network: Head) -> None:
        return None

    def _goodness(self, measured: None) -> float:
        return 0.0


def train(examples: DistillationSet, progress: Progress) -> TrainedHead:
    """A head for each fold learns from the posts of all others; their mean is the student's. Deterministic on a CPU."""
    labels, due = examples.labels, int(examples.due.sum())
    targets = _targets(examples, labels)
    buckets = 0 if examples.bags is None else examples.bags.shape[1]
    found, heads, epochs = np.zeros_like(labels), [], []
    with _one_thread(), progress.stage("training the student", FOLDS) as stage:
        for fold in range(FOLDS):
            out = examples.folds == fold
            training = _samples(examples, targets, ~out, draws=True)
            validation = _samples(examples, targets, out, draws=False)
            prior = torch.logit(training.targets.mean(dim=0), eps=_LEAST_PRIOR)
            batch = max(_LEAST_BATCH, min(len(training) // _STEPS, _MOST_BATCH))
            run = HeadTraining(partial(Head, prior, buckets, _FORGET), training, validation, batch, _RATE, fold)
            run.go_on(EPOCHS)
            heads.append(run.trained().cpu())
            epochs.append(run.best + 1)
            found[out] = _probabilities(heads[-1], examples, out)
            stage.advance(1)
    threshold, auto_f1 = best_threshold(found, labels, due)
    f1 = _f1_of_best(found, labels, due)
    return TrainedHead(mean_head(heads), threshold, len(found), f1, auto_f1, float(np.mean(epochs)))


@contextmanager
def _one_thread() -> Iterator[None]:
    """Steps are small: on a busy machine, threads that wait for each other take many times as long as one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def best_threshold(probabilities: Vectors, labels: Vectors, due: int) -> tuple[float, float]:
    """The probability from which hashtags are worth suggesting, and the micro F1 of that: the best there is.

    probabilities, labels: (n, m). due: hashtags that the posts carry. Equal probabilities are suggested all or none.
    """
    order = np.argsort(-probabilities, axis=None, kind="stable")
    falling, hits = probabilities.ravel()[order], labels.ravel()[order].cumsum(dtype=np.float64)
    f1 = 2 * hits / (np.arange(1, len(hits) + 1) + due)
    f1[:-1][falling[:-1] == falling[1:]] = 0
    best = int(f1.argmax())
    return float(falling[best]), float(f1[best])


def _f1_of_best(probabilities: Vectors, labels: Vectors, due: int) -> float:
    """Micro F1 of the _K likeliest hashtags of each post."""
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :_K]
    return float(2 * np.take_along_axis(labels, best, axis=1).sum() / (_K * len(labels) + due))


def _targets(examples: DistillationSet, labels: Vectors) -> dict[Part, Vectors]:
    """By what is looked at (n, m): the teacher's answers, mixed with what the posts carry."""
    of_teacher = {part: matrix(said, examples.vocabulary) for part, said in examples.soft_targets.items()}
    return {part: TEACHER * said + (1 - TEACHER) * labels for part, said in of_teacher.items()}


def _samples(
    examples: DistillationSet, targets: dict[Part, Vectors], chosen: NDArray[np.bool_], draws: bool
) -> Samples:
    """Of each chosen post a sample for each way to look at it. draws: whether another view is drawn every time."""
    looks = [(np.flatnonzero(chosen & examples.shows(part)), part) for part in targets]
    rows = np.concatenate([rows for rows, _ in looks])
    sees = np.concatenate([np.full(len(rows), part != "caption") for rows, part in looks])
    reads = np.concatenate([np.full(len(rows), part != "photo") for rows, part in looks])
    seen = torch.from_numpy(sees.astype(np.float32))[:, None]
    columns: list[Any] = [_Views(examples.features, rows, draws), seen]
    if examples.bags is not None:
        columns.append(torch.from_numpy(examples.bags[rows] * reads[:, None]))
    return Samples(tuple(columns), torch.from_numpy(np.concatenate([targets[part][rows] for rows, part in looks])))


class _Views:
    """A `Column`: of each sample the features of a view, the first or one that is drawn anew every time."""

    def __init__(self, features: NDArray[np.float16], rows: Rows, draws: bool) -> None:
        self._features = torch.from_numpy(features)
        self._rows = torch.from_numpy(rows)
        self._views = features.shape[1] if draws else 1

    @property
    def shape(self) -> tuple[int, ...]:
        return len(self._rows), self._features.shape[2]

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, samples: Tensor) -> Tensor:
        return self._features[self._rows[samples], torch.randint(self._views, samples.shape)]


def _probabilities(head: Head, examples: DistillationSet, chosen: NDArray[np.bool_]) -> Vectors:
    """Of the chosen posts as they are, with all that they show."""
    features = torch.from_numpy(examples.features[chosen, 0].astype(np.float32))
    bags = None if examples.bags is None else torch.from_numpy(examples.bags[chosen])
    with torch.inference_mode():
        odds = head.log_odds(features, features.any(dim=1, keepdim=True).float(), bags)
        return np.asarray(torch.sigmoid(odds).numpy())
