"""Which models there are, and fetching them."""

from collections.abc import Iterator

from ...core.settings import Profile, resolve_settings
from ...retrieval.encoders import profiles
from ...retrieval.encoders.profiles import ModelState, model_states

__all__ = ["ModelState", "model_states", "pull_models"]


def pull_models(profile: Profile) -> Iterator[str]:
    """Fetch the weights of a profile, and export its models into the cache; yields the name of each when it is ready.

    Raises WeightsError if that fails.
    """
    return profiles.pull_models(profile, resolve_settings(None, {}).cache_folder)
