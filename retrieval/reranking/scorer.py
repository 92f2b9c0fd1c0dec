"""Scores candidates: boosted trees and logistic regression, blended and calibrated on held-out folds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.advice import REBUILD
from ...core.errors import SnapshotError
from ...core.odds import logistic
from ...core.vectors import Floats, Vectors
from .trees import MOST_LEAVES, BoostedTrees

FOLDS = 3

_BLENDS = (0.0, 0.25, 0.5, 0.75, 1.0)
_MANY = 60_000  # candidates; with more, more trees are fitted
_CLIP = 8.0  # standard deviations


@dataclass(frozen=True, slots=True)
class Line:
    """A logistic regression over standardised features.

    logged: (l,) indices of features whose logarithm is a feature too. means, scales, slopes: (f + l,). offset: (1,).
    """

    logged: NDArray[np.int64]
    means: Vectors
    scales: Vectors
    slopes: Floats
    offset: Floats

    def decision(self, features: Vectors) -> Floats:
        """Log odds, float64 (n,)."""
        return np.asarray(_standardise(features, self.logged, self.means, self.scales) @ self.slopes + self.offset[0])


@dataclass(frozen=True, slots=True)
class Scorer:
    """The model of candidates: log odds = slope * ((1 - blend) * line + blend * trees) + offset.

    calibration: (blend, slope, offset).
    """

    line: Line
    trees: BoostedTrees
    calibration: Floats

    def probability(self, features: Vectors) -> Floats:
        """features: float32 (n, f). Returns float64 (n,) in [0, 1]."""
        blend, slope, offset = self.calibration
        odds = np.zeros(len(features))
        if blend < 1:
            odds += (1 - blend) * self.line.decision(features)
        if blend > 0:
            odds += blend * self.trees.decision(features)
        return logistic(slope * odds + offset)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """For the snapshot."""
        line = {f"line_{name}": getattr(self.line, name) for name in Line.__slots__}
        return line | self.trees.arrays() | {"calibration": self.calibration}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> "Scorer":
        """Raises SnapshotError on other arrays."""
        try:
            line = Line(**{name: arrays[f"line_{name}"] for name in Line.__slots__})
            calibration = arrays["calibration"]
        except KeyError as error:
            raise SnapshotError(f"the reranker lacks {error}", REBUILD) from error
        lengths = {line.means.shape, line.scales.shape, line.slopes.shape}
        if len(lengths) > 1 or line.offset.shape != (1,) or calibration.shape != (3,):
            raise SnapshotError("the reranker is damaged: its arrays do not fit together", REBUILD)
        return cls(line, BoostedTrees.from_arrays(arrays), calibration)


@dataclass(frozen=True, slots=True)
class Learned:
    """A scorer, and probabilities (n,) float64 of the examples from models not trained on their fold."""

    scorer: Scorer
    held_out: Floats


def learn_scorer(features: Vectors, labels: NDArray[np.bool_], folds: NDArray[np.int64], logged: list[int]) -> Learned:
    """Fit one model on the complement of each fold, and average the models.

    features: (n, f). labels: (n,). folds: (n,) in 0..FOLDS-1; candidates of near-duplicate posts share one. logged:
    indices of features that are shares, whose logarithm the logistic regression takes too. Deterministic.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    chosen = np.asarray(logged, dtype=np.int64)
    straight = _straighten(features, chosen)
    means: Vectors = np.asarray(straight.mean(axis=0), dtype=np.float32)
    scales: Vectors = np.asarray(straight.std(axis=0) + 1e-6, dtype=np.float32)
    standard = _standardise(features, chosen, means, scales)
    odds = np.zeros((2, len(labels)))
    lines, forests = [], []
    for fold in range(FOLDS):
        out = folds == fold
        # One thread: such a small job gains little from more, and is much slower if other processes use the cores.
        with threadpool_limits(1):
            lines.append(LogisticRegression(C=0.01, max_iter=60, tol=1e-3).fit(standard[~out], labels[~out]))
            forests.append(_make_trees(len(labels) > _MANY).fit(features[~out], labels[~out]))
            odds[0, out] = lines[-1].decision_function(standard[out])
            odds[1, out] = forests[-1].decision_function(features[out])
    blend = min(_BLENDS, key=lambda part: log_loss((1 - part) * odds[0] + part * odds[1], labels))
    blended = (1 - blend) * odds[0] + blend * odds[1]
    slope, offset = platt(blended, labels)
    slopes = np.asarray(np.mean([line.coef_[0] for line in lines], axis=0), dtype=np.float64)
    start = np.asarray(np.mean([line.intercept_ for line in lines], axis=0), dtype=np.float64)
    scorer = Scorer(
        Line(chosen, means, scales, slopes, start), BoostedTrees.of(forests), np.asarray([blend, slope, offset])
    )
    return Learned(scorer, cross_calibrate(blended, labels, folds))


def log_loss(odds: Floats, labels: NDArray[np.bool_]) -> float:
    """The mean log loss of log odds, in nats."""
    return float(np.mean(np.logaddexp(0, odds) - labels * odds))


def _make_trees(many: bool) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        max_iter=100 if many else 80,
        learning_rate=0.1,
        max_leaf_nodes=MOST_LEAVES,
        min_samples_leaf=40,
        l2_regularization=5.0,
        max_features=0.5,
        early_stopping=False,
        random_state=0,
    )


def _straighten(features: Vectors, logged: NDArray[np.int64]) -> Vectors:
    known = np.nan_to_num(features, nan=0.0)
    logs = np.log(np.maximum(known[:, logged], 0) + np.float32(1e-3))
    return np.concatenate([known, logs], axis=1)


def _standardise(features: Vectors, logged: NDArray[np.int64], means: Vectors, scales: Vectors) -> Vectors:
    return np.asarray(np.clip((_straighten(features, logged) - means) / scales, -_CLIP, _CLIP))


def platt(odds: Floats, labels: NDArray[np.bool_]) -> tuple[float, float]:
    """Fit slope and offset that calibrate log odds (Platt, 1999)."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=1e3).fit(odds[:, None], labels)
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


def cross_calibrate(odds: Floats, labels: NDArray[np.bool_], folds: NDArray[np.int64]) -> Floats:
    """Calibrate each fold by the other folds: float64 (n,) probabilities."""
    calibrated = np.zeros(len(odds))
    for fold in range(FOLDS):
        out = folds == fold
        slope, offset = platt(odds[~out], labels[~out])
        calibrated[out] = logistic(slope * odds[out] + offset)
    return calibrated
