"""Hashtags for a new post, from the posts of your own archive that look and read like it.

from hashtag_recommender import open_recommender

answer = open_recommender(".hashtag").suggest("photo.jpg", "오늘의 브런치")
print([suggestion.hashtag for suggestion in answer.suggestions])
"""

from typing import Any
from warnings import warn

import lazy_loader

_load, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    if name == "Wishes":  # its name in release 0.1
        warn("Wishes is SuggestOptions now; the old name leaves next release", DeprecationWarning, stacklevel=2)
        name = "SuggestOptions"
    return _load(name)
