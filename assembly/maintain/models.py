"""Which models there are, and fetching them."""

from ...retrieval.encoders.profiles import ModelState, model_states, pull_models

__all__ = ["ModelState", "model_states", "pull_models"]
