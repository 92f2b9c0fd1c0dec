"""Probabilities and their log odds."""

import numpy as np

from .vectors import Floats


def logistic(odds: Floats) -> Floats:
    """Log odds to probabilities, without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(odds / 2)))


def log_odds(probabilities: Floats) -> Floats:
    """Their logit, within what float64 can tell apart."""
    inside = np.clip(probabilities, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(inside / (1 - inside)))
