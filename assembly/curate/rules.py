"""A person's rules on hashtags: which are blocked or allowed, and which mean the same."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ...core.post import normalise_hashtag
from ...core.rules import HashtagRule, Rules, combine_rules
from ...db.rules import RuleStore
from ...index.snapshots.snapshot import Snapshot, current_snapshot
from ...retrieval.learned import why_not_by_name
from ...retrieval.selection.lists import SPAM, spam_rules
from ...retrieval.selection.same_meaning import merge, read_links
from ...retrieval.selection.selector import HashtagTable
from ...retrieval.selection.synonyms import AliasCandidate, suggest_aliases
from ...retrieval.voting.votes import carrier_matrix
from ..hashtag_names import keep_names_for
from ..home import Home


@contextmanager
def rule_store(home: Home) -> Iterator[RuleStore]:
    """A person's rules on hashtags, to be changed."""
    home.existing()
    with home.database_to_write() as database:
        yield database.rules


def add_hashtags(home: Home, hashtags: Sequence[str]) -> tuple[list[HashtagRule], list[str]]:
    """Let hashtags be suggested where their names fit, although no post carries them.

    Returns the rules, and notes on why they do not come yet. Raises NoIndexError if no index was built, SettingsError
    on what is no hashtag.
    """
    snapshot = current_snapshot(home.existing())
    with home.database_to_write() as database:
        # First their names: a process that follows opens anew with the rule.
        keep_names_for(home, snapshot.manifest, list(filter(None, map(normalise_hashtag, hashtags))), database.posts)
        rules = [database.rules.add(hashtag) for hashtag in hashtags]
    reason = why_not_by_name(snapshot.folder)
    return rules, [f"not suggested yet: {reason}"] if reason else []


def hashtag_rules(home: Home) -> tuple[tuple[HashtagRule, ...], int]:
    """A person's rules, and how many hashtags the list of spam blocks beside them."""
    home.existing()
    home.check_database()
    shipped = spam_rules(home.folder / SPAM)
    if not home.has_database:
        return (), len(shipped.blocked)
    with home.database() as database:
        return database.rules.rules(), len(shipped.blocked)


def rules_with_merging(home: Home, snapshot: Snapshot) -> tuple[Rules, HashtagTable]:
    """A person's rules, the lists, and what a snapshot merges, as its answers have them; and its hashtags."""
    archive, (own, _) = snapshot.archive, hashtag_rules(home)
    table = HashtagTable(archive.hashtags, archive.shown, carrier_matrix(archive))
    return merge(read_links(snapshot.folder), combine_rules(spam_rules(home.folder / SPAM), own), table), table


def alias_candidates(home: Home) -> list[AliasCandidate]:
    """Pairs of hashtags that may mean the same, likeliest first, for a person to confirm; none that are merged."""
    snapshot = current_snapshot(home.existing())
    rules, table = rules_with_merging(home, snapshot)
    return suggest_aliases(table, snapshot.archive.author_of, rules)
