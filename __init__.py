"""Hashtags for a new post, from the posts of your own archive that look and read like it.

from hashtag_recommender import open_recommender

answer = open_recommender(".hashtag").suggest("photo.jpg", "오늘의 브런치")
print([suggestion.hashtag for suggestion in answer.suggestions])
"""

# By the full name: pytest takes a root __init__.py for a package of its own and imports it without a parent.
from hashtag_recommender.assembly import FollowingRecommender, follow_recommender, open_recommender
from hashtag_recommender.core.errors import HashtagError
from hashtag_recommender.core.query import Query
from hashtag_recommender.core.results import Answer, Neighbour, Suggestion
from hashtag_recommender.core.wishes import Wishes

__all__ = [
    "Answer",
    "FollowingRecommender",
    "HashtagError",
    "Neighbour",
    "Query",
    "Suggestion",
    "Wishes",
    "follow_recommender",
    "open_recommender",
]
