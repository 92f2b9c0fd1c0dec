"""The one place that wires concrete parts: what the command line and the Python interface offer.

Imports of other rooms stand inside the functions, so that `hashtag --help` loads no model library, index or database.
"""

from .curate.feedback import judge
from .curate.forgetting import Forgotten, forget_author
from .curate.posts import PostChange, add_post, edit_post, list_posts, remove_post, show_post
from .curate.rules import alias_candidates, hashtag_rules, rule_store
from .evaluation import Beginning, EvaluationPlan, compare_reports, evaluate, systems
from .maintain.backup import BackedUp, Restored, back_up, restore
from .maintain.info import IndexInfo, index_info
from .maintain.models import model_states, pull_models
from .maintain.snapshots import Cleared, History, clear_snapshots, index_history, roll_back_index, verify_index
from .refresh.build import PROGRAM, BuildReport, build_channels, build_index, read_posts
from .refresh.dry_run import plan_refresh
from .refresh.reading import SourceRefresh
from .refresh.refresh import RefreshReport, refresh_index
from .refresh.sources import RemovedSource, add_source, list_sources, remove_source
from .suggest.batch import BatchReport, suggest_batch
from .suggest.following import FollowingRecommender, follow_recommender
from .suggest.recommender import open_recommender

__all__ = [
    "BackedUp",
    "Cleared",
    "FollowingRecommender",
    "History",
    "Restored",
    "back_up",
    "clear_snapshots",
    "follow_recommender",
    "index_history",
    "restore",
    "roll_back_index",
    "Forgotten",
    "PostChange",
    "add_post",
    "edit_post",
    "list_posts",
    "remove_post",
    "show_post",
    "alias_candidates",
    "forget_author",
    "hashtag_rules",
    "judge",
    "rule_store",
    "Beginning",
    "EvaluationPlan",
    "compare_reports",
    "evaluate",
    "systems",
    "PROGRAM",
    "BatchReport",
    "BuildReport",
    "IndexInfo",
    "build_channels",
    "build_index",
    "index_info",
    "model_states",
    "open_recommender",
    "pull_models",
    "read_posts",
    "RefreshReport",
    "RemovedSource",
    "SourceRefresh",
    "add_source",
    "list_sources",
    "plan_refresh",
    "refresh_index",
    "remove_source",
    "suggest_batch",
    "verify_index",
]
