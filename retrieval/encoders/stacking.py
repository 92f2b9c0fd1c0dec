"""Batches of vectors as one."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse


def stacked(batches: Sequence[Any]) -> Any:
    """Batches of vectors as one, dense or sparse; None of none."""
    if not batches:
        return None
    return sparse.vstack(batches, format="csr") if sparse.issparse(batches[0]) else np.concatenate(batches)
