"""A person's rules on hashtags: which are blocked or allowed, and which mean the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ...core.rules import HashtagRule, combine_rules
from ...core.settings import Settings
from ..home import check_named, database_of, existing, has_database, kept_database

if TYPE_CHECKING:
    from ...db.rules import RuleStore
    from ...retrieval.selection.synonyms import AliasCandidate


@contextmanager
def rule_store(settings: Settings) -> "Iterator[RuleStore]":
    """A person's rules on hashtags, to be changed."""
    existing(settings.home)
    with kept_database(settings) as database:
        yield database.rules


def hashtag_rules(settings: Settings) -> tuple[tuple[HashtagRule, ...], int]:
    """A person's rules, and how many hashtags the list of spam blocks beside them."""
    from ...retrieval.selection.lists import SPAM, spam_rules

    existing(settings.home)
    check_named(settings)
    shipped = spam_rules(settings.home / SPAM)
    if not has_database(settings):
        return (), len(shipped.blocked)
    with database_of(settings, create=False) as database:
        return database.rules.rules(), len(shipped.blocked)


def alias_candidates(settings: Settings) -> "list[AliasCandidate]":
    """Pairs of hashtags of the archive that may mean the same, likeliest first, for a person to confirm."""
    import numpy as np

    from ...index.snapshots.snapshot import current_snapshot
    from ...retrieval.selection.lists import SPAM, spam_rules
    from ...retrieval.selection.selector import HashtagTable
    from ...retrieval.selection.synonyms import suggest_aliases
    from ...retrieval.voting.votes import label_matrix

    archive = current_snapshot(existing(settings.home)).archive
    labels = label_matrix(archive)
    uses = np.bincount(labels.indices, minlength=len(archive.hashtags))
    own, _ = hashtag_rules(settings)
    rules = combine_rules(spam_rules(settings.home / SPAM), own)
    return suggest_aliases(HashtagTable(archive.hashtags, archive.shown, uses, labels), archive.author_of, rules)
