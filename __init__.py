"""Hashtags for a new post, from the posts of your own archive that look and read like it.

from hashtag_recommender import open_recommender

answer = open_recommender(".hashtag").suggest("photo.jpg", "오늘의 브런치")
print([suggestion.hashtag for suggestion in answer.suggestions])
"""

# By the full name: pytest takes a root __init__.py for a package of its own and imports it without a parent.
from typing import Any
from warnings import warn

from hashtag_recommender.assembly import FollowingRecommender, follow_recommender, open_recommender
from hashtag_recommender.core.errors import HashtagError
from hashtag_recommender.core.query import Query
from hashtag_recommender.core.results import Answer, Neighbour, Suggestion
from hashtag_recommender.core.suggest_options import SuggestOptions

__all__ = [
    "Answer",
    "FollowingRecommender",
    "HashtagError",
    "Neighbour",
    "Query",
    "SuggestOptions",
    "Suggestion",
    "follow_recommender",
    "open_recommender",
]


def __getattr__(name: str) -> Any:
    if name == "Wishes":  # the name of release 0.1
        warn(
            "Wishes is SuggestOptions now; the old name leaves with the next release", DeprecationWarning, stacklevel=2
        )
        return SuggestOptions
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
