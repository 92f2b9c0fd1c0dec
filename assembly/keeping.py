"""What a person keeps in the database beside the sources and posts of their own: feedback, rules on hashtags."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import SettingsError, SourceError
from ..core.feedback import Judgement, Verdict
from ..core.hashtags import take_out_hashtags
from ..core.post import normalise_hashtag
from ..core.progress import Progress, Silent
from ..core.rules import HashtagRule, combine_rules
from ..core.settings import Settings
from ..core.suggest_options import SuggestOptions
from .building import plan_channel, publish_index
from .gating import check_soundness, refuse
from .home import check_named, database_of, existing, has_database, kept_database, run_of
from .opening import open_recommender
from .posting import make_post

if TYPE_CHECKING:
    from ..db.rules import RuleStore
    from ..index.snapshots.build import Draft
    from ..retrieval.selection.synonyms import AliasCandidate

_EVERYTHING = SuggestOptions(count=500, raw=True)  # to see with which probability any hashtag was suggested


@dataclass(frozen=True, slots=True)
class Forgotten:
    """posts: how many were deleted. snapshot: the index without them; None where nothing is left to suggest from."""

    posts: int
    snapshot: str | None

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


def forget_author(settings: Settings, author: str, progress: Progress | None = None) -> Forgotten:
    """Delete all posts of an author from the database, and publish an index without them; older ones are deleted.

    Raises SettingsError where no post is by that author.
    """
    from ..index.snapshots.build import embed
    from ..index.snapshots.snapshot import current_snapshot, drop_others, withdraw
    from ..index.snapshots.verify import FORGET
    from ..retrieval.encoders.profiles import EncoderSpec

    home, progress = existing(settings.home), progress or Silent()
    with run_of(settings, FORGET) as run, database_of(settings, create=False) as database:
        # First, so that nothing is deleted where no index could be made without it.
        specs = [EncoderSpec.from_json(record.spec) for record in current_snapshot(home).manifest.channels]
        plans = [plan_channel(spec) for spec in specs]
        try:
            deleted = database.posts.forget_author(author)
        except SettingsError:
            run.reason = "no post is by that author"  # who is not named where others are forgotten
            raise
        run.counts["removed"] = deleted
        embed(database.posts, plans, progress)  # what a build that was stopped has left undone

        def accept(draft: "Draft") -> None:
            refuse(check_soundness(draft, database.posts, settings.thresholds), run)

        try:
            # What was rolled back is deleted with the rest, so nothing is left that a rollback could hold back.
            manifest = publish_index(settings, database, plans, progress, accept, ends_rollback=True).manifest
        except SourceError:
            withdraw(home)
            return Forgotten(deleted, None)
        drop_others(home, manifest.snapshot)
    return Forgotten(deleted, manifest.snapshot)


def judge(
    settings: Settings, verdict: Verdict, photos: Sequence[Path], text: str, hashtags: Sequence[str]
) -> list[Judgement]:
    """Keep what a person says of hashtags suggested for a post, with the probability they were suggested with.

    Raises SettingsError on a hashtag that no post carries, and where none is named.
    """
    recommender = open_recommender(settings.home, db=settings.db)
    wanted = list(dict.fromkeys(normalise_hashtag(tag) for tag in hashtags))
    if not wanted or "" in wanted:
        raise SettingsError('which hashtags? Name them with --hashtags "brunch 카페"')
    for tag in wanted:
        if not recommender.knows(tag):
            raise SettingsError(f"no post of the archive carries #{tag}, so it was never suggested")
    caption, now = take_out_hashtags(text)[0], datetime.now(UTC).replace(microsecond=0)
    shown = make_post(photos, caption, wanted[0]).photos
    answer = recommender.suggest(photos, caption, options=_EVERYTHING)  # its own hashtags would be left out as given
    scores = {normalise_hashtag(suggestion.hashtag): suggestion.score for suggestion in answer.suggestions}
    judgements = [Judgement(tag, verdict, scores.get(tag, 0.0), answer.snapshot, caption, shown, now) for tag in wanted]
    with kept_database(settings) as database:
        database.feedback.record(judgements)
    return judgements


@contextmanager
def rule_store(settings: Settings) -> "Iterator[RuleStore]":
    """A person's rules on hashtags, to be changed."""
    existing(settings.home)
    with kept_database(settings) as database:
        yield database.rules


def hashtag_rules(settings: Settings) -> tuple[tuple[HashtagRule, ...], int]:
    """A person's rules, and how many hashtags the list of spam blocks beside them."""
    from ..retrieval.selection.lists import SPAM, spam_rules

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

    from ..index.snapshots.snapshot import current_snapshot
    from ..retrieval.selection.lists import SPAM, spam_rules
    from ..retrieval.selection.selector import HashtagTable
    from ..retrieval.selection.synonyms import suggest_aliases
    from ..retrieval.voting import label_matrix

    archive = current_snapshot(existing(settings.home)).archive
    labels = label_matrix(archive)
    uses = np.bincount(labels.indices, minlength=len(archive.hashtags))
    own, _ = hashtag_rules(settings)
    rules = combine_rules(spam_rules(settings.home / SPAM), own)
    return suggest_aliases(HashtagTable(archive.hashtags, archive.shown, uses, labels), archive.author_of, rules)
