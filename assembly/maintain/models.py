"""Which models there are, and fetching them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...retrieval.encoders.profiles import ModelState


def model_states() -> "list[ModelState]":
    """The models of every profile, and whether their weights are here."""
    from ...retrieval.encoders.profiles import model_states

    return model_states()


def pull_models(profile: str) -> Iterator[str]:
    """Fetch the weights of a profile; yields each model's name when it is here.

    Raises WeightsError where that fails, SettingsError for a profile that has nothing to fetch.
    """
    from ...retrieval.encoders.profiles import pull_models

    return pull_models(profile)
