# What this package offers: type checkers read it, and `__init__.py` to import each name when it is first used.

from .assembly.suggest.following import FollowingRecommender as FollowingRecommender
from .assembly.suggest.following import follow_recommender as follow_recommender
from .assembly.suggest.recommender import open_recommender as open_recommender
from .core.errors import HashtagError as HashtagError
from .core.query import Query as Query
from .core.results import Answer as Answer
from .core.results import Neighbour as Neighbour
from .core.results import Suggestion as Suggestion
from .core.suggest_options import SuggestOptions as SuggestOptions
