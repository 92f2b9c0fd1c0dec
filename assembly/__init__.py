"""The one place that wires concrete parts: what the command line and the Python interface offer.

Imports of other rooms stand inside the functions, so that `hashtag --help` loads no model library, index or database.
"""

from .answering import BatchReport, make_wishes, suggest_batch
from .building import BuildReport, IndexInfo, build_channels, build_index, index_info, read_posts, verify_index
from .evaluating import EvaluationPlan, compare_reports, evaluate, systems
from .keeping import (
    Added,
    Forgotten,
    add_post,
    alias_candidates,
    forget_author,
    hashtag_rules,
    judge,
    rule_book,
)
from .models import model_states, pull_models
from .opening import open_recommender

__all__ = [
    "Added",
    "Forgotten",
    "add_post",
    "alias_candidates",
    "forget_author",
    "hashtag_rules",
    "judge",
    "rule_book",
    "EvaluationPlan",
    "compare_reports",
    "evaluate",
    "systems",
    "BatchReport",
    "BuildReport",
    "IndexInfo",
    "build_channels",
    "build_index",
    "index_info",
    "make_wishes",
    "model_states",
    "open_recommender",
    "pull_models",
    "read_posts",
    "suggest_batch",
    "verify_index",
]
