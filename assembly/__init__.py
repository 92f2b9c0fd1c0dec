"""The one place that wires concrete parts: what the command line and the Python interface offer.

Imports of other rooms stand inside the functions, so that `hashtag --help` loads no model library, index or database.
"""

from .answering import BatchReport, make_wishes, suggest_batch
from .building import BuildReport, IndexInfo, build_channels, build_index, index_info, read_posts, verify_index
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
from .planning import plan_refresh
from .refreshing import RefreshReport, SourceRefresh, refresh_index
from .sources import RemovedSource, add_source, list_sources, remove_source

__all__ = [
    "Added",
    "Forgotten",
    "add_post",
    "alias_candidates",
    "forget_author",
    "hashtag_rules",
    "judge",
    "rule_book",
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
