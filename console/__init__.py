"""What a person sees: tables, progress and one-line complaints. Narrow enough for 80 columns."""

from .answers import show_answer, show_batch
from .archive import (
    show_aliases,
    show_build,
    show_changed,
    show_forgotten,
    show_info,
    show_judgements,
    show_models,
    show_rules,
)
from .captions import show_captions
from .evaluation import (
    show_captions_evaluation,
    show_comparison,
    show_evaluation,
    show_systems,
    tell_beginning,
    tell_captions,
    tell_outcome,
)
from .export import show_exported
from .lifecycle import show_backup, show_cleared, show_history, show_restored, show_rollback, show_verdict
from .log import LogFormat, event, progress_for
from .posts import show_change, show_post, show_posts
from .refreshing import show_added_source, show_refresh, show_removed_source, show_sources
from .stats import show_stats
from .terminal import complain, progress, say, tell

__all__ = [
    "LogFormat",
    "complain",
    "event",
    "progress",
    "progress_for",
    "say",
    "show_added_source",
    "show_aliases",
    "show_answer",
    "show_backup",
    "show_batch",
    "show_build",
    "show_captions",
    "show_captions_evaluation",
    "show_change",
    "show_changed",
    "show_comparison",
    "show_cleared",
    "show_evaluation",
    "show_exported",
    "show_forgotten",
    "show_history",
    "show_info",
    "show_judgements",
    "show_models",
    "show_post",
    "show_posts",
    "show_refresh",
    "show_removed_source",
    "show_restored",
    "show_rollback",
    "show_rules",
    "show_sources",
    "show_stats",
    "show_systems",
    "show_verdict",
    "tell",
    "tell_beginning",
    "tell_captions",
    "tell_outcome",
]
