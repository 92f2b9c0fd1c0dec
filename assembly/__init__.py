"""The one place that wires concrete parts: what the command line and the Python interface offer.

Imports of other rooms stand inside the functions, so that `hashtag --help` loads no model library, index or database.
"""

from .answering import BatchReport, suggest_batch
from .backup import BackedUp, Restored, back_up, restore
from .building import PROGRAM, BuildReport, IndexInfo, build_channels, build_index, index_info, read_posts
from .evaluating import Beginning, EvaluationPlan, compare_reports, evaluate, systems
from .following import FollowingRecommender, follow_recommender
from .keeping import (
    Forgotten,
    alias_candidates,
    forget_author,
    hashtag_rules,
    judge,
    rule_store,
)
from .lifecycle import Cleared, History, clear_snapshots, index_history, roll_back_index, verify_index
from .models import model_states, pull_models
from .opening import open_recommender
from .planning import plan_refresh
from .posting import PostChange, add_post, edit_post, list_posts, remove_post, show_post
from .refreshing import RefreshReport, refresh_index
from .rereading import SourceRefresh
from .sources import RemovedSource, add_source, list_sources, remove_source

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
