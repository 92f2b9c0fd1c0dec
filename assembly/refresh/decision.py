"""What a refresh has to do: decided once from sources, snapshot and settings, for the run and for the dry run alike."""

from collections.abc import Mapping, Sequence
from dataclasses import fields

from ...core.advice import ADD_SOURCE
from ...core.errors import SettingsError
from ...core.protocols import Ingested
from ...core.sources import KnownSource
from ...core.vectors import Rows
from ...db.database import Database
from ...index.snapshots import gates
from ...index.snapshots.build import ChannelPlan
from ...index.snapshots.gates import Gate
from ...index.snapshots.snapshot import serving_snapshot
from ..home import Home
from .build import chosen_encoders, origin_of, plan_channels, plans_of
from .checks import check_shrink, leaving_of, staying
from .reading import SourceRefresh
from .training import CarryOver, LearnAnew


class Decision:
    """Which sources a refresh reads, what it may lose, which encoders it uses, and whether it trains anew.

    serving: the snapshot in service; None if none is whole. sources: those to be read, and those whose posts leave.
    refused: why nothing is read at all; None if there is something to do. notes: of sources that are not read.
    Raises SettingsError if there is nothing to read and no snapshot serves.
    """

    def __init__(self, home: Home, database: Database, allow_shrink: bool) -> None:
        self._home = home
        self._database = database
        self._allow_shrink = allow_shrink
        self._known = database.sources.known()
        self.serving = serving_snapshot(home.folder)
        self._leaving = leaving_of(self._known, self.serving)
        self.refused = _why_nothing_is_read(self._known, self.serving is not None)
        self.notes = _notes_on(self._known)
        self.sources = [known for known in self._known if known.source or known.leaves_at]

    def check_removed(self, read: Sequence[SourceRefresh], removed: Mapping[str, int] | None = None) -> Gate | None:
        """Whether sources have lost too many posts, by counts; None if no snapshot serves, or shrinking is allowed.

        read: sources that were read before. removed: posts that go with one more, by its name.
        """
        if self.serving is None or self._allow_shrink:
            return None
        gone = {source.name: source.ingested.removed for source in read if source.ingested} | dict(removed or {})
        before = staying(self.serving.manifest.sources, self._leaving)
        return gates.shrink(before, staying(gone, self._leaving), self._home.settings.thresholds.max_shrink)

    def check_posts(self, posts: Rows) -> list[Gate]:
        """Whether too many posts in service are gone; nothing if none serves. posts: (n,) keys of those to serve."""
        return check_shrink(posts, self.serving, self._leaving, self._home.settings.thresholds)

    def is_allowed(self, gate: Gate) -> bool:
        """Whether a gate may be failed: what a person has allowed to shrink."""
        return gate.passed or (self._allow_shrink and gate.name in ("shrink", "photos"))

    def plans(self) -> list[ChannelPlan]:
        """The channels of the snapshot in service, by today's encoders; those that settings ask for if none serves.

        So models that were fetched in the meantime do not turn a refresh into encoding everything anew.
        """
        settings = self._home.settings
        if self.serving is None:
            return plan_channels(chosen_encoders(settings)[0], settings)
        return plans_of(self.serving.manifest.channels, settings)

    def learner(self) -> LearnAnew | CarryOver:
        """What fills the next snapshot with what is learned."""
        judgements = self._database.feedback.judgements()
        if self.serving is None:
            return LearnAnew(self._database, judgements, "no undamaged snapshot is in service")
        program, part = origin_of(self._database).program, self._home.settings.thresholds.relearn_after
        return CarryOver(self._database, judgements, self.serving, program, part)


def add_up(sources: Sequence[SourceRefresh]) -> Ingested:
    """What all sources together changed."""
    read = [source.ingested for source in sources if source.ingested]
    return Ingested(*(sum(getattr(one, kind.name) for one in read) for kind in fields(Ingested)))


def _why_nothing_is_read(known: Sequence[KnownSource], serves: bool) -> str | None:
    """Why a refresh is refused before anything is read: all posts would go. None if there is something to do.

    serves: whether a whole snapshot does. Raises SettingsError if there is nothing to read and none does.
    """
    if any(source.leaves_at is None for source in known):
        return None
    if not serves:
        raise SettingsError("no source is known", ADD_SOURCE)
    return f"every source was removed, so that no post would be left; {ADD_SOURCE}" if known else None


def _notes_on(known: Sequence[KnownSource]) -> list[str]:
    """What a person should know of sources that are not read."""
    notes = [
        f"the {source.posts:,} posts of {source.name} stay as they are: it is not known how to read it; "
        "set that with `hashtag sources add`, or remove the posts with `hashtag sources remove`"
        for source in known
        if source.source is None and source.leaves_at is None
    ]
    if not any(source.source for source in known):
        notes.append("no source is known; name them with `hashtag sources add SOURCE`")
    return notes
