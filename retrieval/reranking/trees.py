"""Boosted trees as plain arrays: fitted by scikit-learn, stored without pickle, and fast for a few rows.

After QuickScorer (Lucchese et al., SIGIR 2015): the leaves of each tree are bits, from left to right. A split that
sends a row to the right excludes the leaves on its left; the row's leaf is the first that no split excludes. The leaves
that a feature excludes depend only on how many of its thresholds are below the row's value, so a row needs one look-up
for each feature, for all trees together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.advice import REBUILD
from ...core.errors import SnapshotError

MOST_LEAVES = 16

_ROWS_AT_ONCE = 4096
_FIELDS = ("features", "thresholds", "missing_left", "spared", "trees", "values", "start")


@dataclass(frozen=True, slots=True)
class Splits:
    """All splits of t trees, (s,) each, and their leaves.

    features, thresholds: values up to the threshold go left. missing_left: whether NaN goes left. spared: uint16, the
    leaves of the tree that remain if a row goes right, as bits. trees: the tree of each split. values: float64 (t,
    MOST_LEAVES), what a leaf adds. start: (1,), the sum before any tree.
    """

    features: NDArray[np.int32]
    thresholds: NDArray[np.float64]
    missing_left: NDArray[np.bool_]
    spared: NDArray[np.uint16]
    trees: NDArray[np.int32]
    values: NDArray[np.float64]
    start: NDArray[np.float64]


class BoostedTrees:
    """The mean of the decision functions of several boosted models."""

    def __init__(self, splits: Splits) -> None:
        """Raises SnapshotError if the arrays do not match."""
        self._check(splits)
        self.splits = splits
        self._tables = [
            _make_table(splits, splits.features == feature)
            for feature in range(int(splits.features.max(initial=-1)) + 1)
        ]

    @classmethod
    def of(cls, models: Sequence[Any]) -> "BoostedTrees":
        """Convert models: fitted `HistGradientBoostingClassifier`s of two classes, trees of at most MOST_LEAVES leaves.

        Raises ValueError on larger trees, and on categorical features.
        """
        columns: list[list[Any]] = [[] for _ in range(5)]
        values: list[NDArray[np.float64]] = []
        for model in models:
            for (predictor,) in model._predictors:
                for column, part in zip(columns, _list_splits(predictor.nodes, len(values), values), strict=True):
                    column.extend(part)
        start = sum(float(np.ravel(model._baseline_prediction)[0]) for model in models) / len(models)
        features, thresholds, missing_left, spared, trees = columns
        return cls(
            Splits(
                np.asarray(features, dtype=np.int32),
                np.asarray(thresholds, dtype=np.float64),
                np.asarray(missing_left, dtype=np.bool_),
                np.asarray(spared, dtype=np.uint16),
                np.asarray(trees, dtype=np.int32),
                np.asarray(values, dtype=np.float64).reshape(-1, MOST_LEAVES) / len(models),
                np.asarray([start]),
            )
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """For the snapshot."""
        return {name: getattr(self.splits, name) for name in _FIELDS}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> "BoostedTrees":
        """Raises SnapshotError on other arrays."""
        try:
            return cls(Splits(**{name: arrays[name] for name in _FIELDS}))
        except KeyError as error:
            raise SnapshotError(f"the reranker's trees lack {error}", REBUILD) from error

    def decision(self, features: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """The mean of scikit-learn's `decision_function`s. features: (n, f), may hold NaN. Returns float64 (n,)."""
        parts = [np.zeros(0)]
        for start in range(0, len(features), _ROWS_AT_ONCE):
            parts.append(self._decision(features[start : start + _ROWS_AT_ONCE].astype(np.float64)))
        return np.concatenate(parts)

    def _decision(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        values = self.splits.values
        left = np.full((len(features), len(values)), 0xFFFF, dtype=np.uint16)
        remaining = np.empty_like(left)  # after one feature
        columns = np.ascontiguousarray(features.T)
        for (thresholds, spared), column, missing in zip(self._tables, columns, np.isnan(columns), strict=False):
            below = thresholds.searchsorted(column)
            below[missing] = len(thresholds) + 1
            # mode: all are within, and "raise" would copy what it takes once more
            spared.take(below, axis=0, out=remaining, mode="clip")
            left &= remaining
        leaves = np.arange(len(values)) * MOST_LEAVES + _FIRST_BIT.take(left)
        return np.asarray(values.take(leaves).sum(axis=1) + self.splits.start[0])

    @staticmethod
    def _check(splits: Splits) -> None:
        columns = (splits.features, splits.thresholds, splits.missing_left, splits.spared, splits.trees)
        n_trees = len(splits.values)
        fit = (
            len({column.shape for column in columns}) == 1
            and splits.features.ndim == 1
            and splits.values.shape == (n_trees, MOST_LEAVES)
            and splits.start.shape == (1,)
            and splits.spared.dtype == np.uint16
            and bool(((splits.trees >= 0) & (splits.trees < n_trees) & (splits.features >= 0)).all())
        )
        if not fit:
            raise SnapshotError("the reranker's trees are damaged: their arrays do not fit together", REBUILD)


def _list_splits(nodes: Any, tree: int, values: list[NDArray[np.float64]]) -> list[list[Any]]:
    """The splits of one tree as columns of `Splits`; the values of its leaves are appended to `values`."""
    if nodes["is_categorical"].any() or int(nodes["is_leaf"].sum()) > MOST_LEAVES:
        raise ValueError(f"only trees of at most {MOST_LEAVES} leaves, without categories, are kept as arrays")
    leaves: list[float] = []
    rows: list[tuple[int, float, bool, int, int]] = []

    def walk(index: int) -> int:
        """Visit the nodes below a node, left to right; returns its leaves as bits."""
        node = nodes[index]
        if node["is_leaf"]:
            leaves.append(float(node["value"]))
            return 1 << (len(leaves) - 1)
        left = walk(int(node["left"]))
        right = walk(int(node["right"]))
        threshold, missing_left = float(node["num_threshold"]), bool(node["missing_go_to_left"])
        rows.append((int(node["feature_idx"]), threshold, missing_left, 0xFFFF & ~left, tree))
        return left | right

    walk(0)
    values.append(np.pad(np.asarray(leaves), (0, MOST_LEAVES - len(leaves))))
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(5)]


def _make_table(splits: Splits, of_feature: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.uint16]]:
    """The u thresholds of a feature, ascending, and its table, uint16 (u + 2, trees).

    Row i of the table holds the leaves that remain if i thresholds are below the value; the last row is for NaN.
    """
    thresholds, threshold_of = np.unique(splits.thresholds[of_feature], return_inverse=True)
    trees, spared, missing_left = (x[of_feature] for x in (splits.trees, splits.spared, splits.missing_left))
    table = np.full((len(thresholds) + 2, len(splits.values)), 0xFFFF, dtype=np.uint16)
    np.bitwise_and.at(table, (threshold_of + 1, trees), spared)
    table[:-1] = np.bitwise_and.accumulate(table[:-1], axis=0)
    table[-1] = 0xFFFF
    np.bitwise_and.at(table[-1], trees[~missing_left], spared[~missing_left])
    return thresholds, table


def _make_first_bits() -> NDArray[np.uint8]:
    every = np.arange(1 << MOST_LEAVES, dtype=np.int64)
    lowest = np.maximum(every & -every, 1)
    return np.asarray(np.log2(lowest), dtype=np.uint8)


_FIRST_BIT = _make_first_bits()
