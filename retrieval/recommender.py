"""The product: hashtags for new posts from their neighbours in the archive, each with the posts that speak for it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any
from unicodedata import normalize

import numpy as np

from ..core.errors import PhotoError, SettingsError
from ..core.post import distinct_hashtags, normalise_hashtag
from ..core.protocols import Archive, Recommender
from ..core.query import AnyPhoto, Query, as_photos
from ..core.results import Answer, Reason, Suggestion
from ..core.rules import Rules
from ..core.suggest_options import SuggestOptions, accepts_wishes
from ..core.vectors import Rows, Vectors
from .drafts import part_hashtags, unreadable
from .learning import Learned
from .reranking.context_priors import Contexts, apply_prior, lift, shifted
from .search.channels import Channel, ChannelHits, contents_of, search_channel
from .selection.lists import capped
from .selection.selector import TIERS, HashtagTable, select
from .voting.evidence import Evidence
from .voting.fusion import NEIGHBOURHOODS, Fused, fuse
from .voting.ranking import Floats, QueryBatch, Ranked
from .voting.votes import label_matrix

DEFAULT = SuggestOptions()

_FELT = 0.05  # log odds below which nothing was moved

_MOST_USED = "no post of the archive votes for a hashtag here; these are the archive's most used ones"
_UNLIKE_ANY = "no post of the archive votes for a hashtag here; the given hashtags or the author decide"
_BLIND = "the archive has no photos, so this photo was not compared with any"
_NO_PROBABILITIES = "the archive is too small to train on, so scores are shares of the vote instead of probabilities"


@dataclass(frozen=True, slots=True)
class _Inquiry:
    """A batch of n queries, and what the archive says of each.

    inline: hashtags that stood in their captions. fused: the votes on them. recent: the same with older posts counting
    less, if that is wished for. ranked: (n,) the candidates. evidence: the posts behind them.
    """

    queries: Sequence[Query]
    inline: Sequence[tuple[str, ...]]
    fused: Fused
    recent: Fused | None
    ranked: Sequence[Ranked]
    evidence: Evidence


class ArchiveRecommender(Recommender):
    """A recommender over one snapshot. Open one with `open_recommender`; it may be asked any number of times.

    Several threads may ask it at once: answers are those it gives to one thread. Models encode for one at a time, all
    else goes on side by side. Close it when no thread asks any more.

    As long as it lives, or until it is closed, no other process deletes its snapshot.
    """

    def __init__(
        self,
        channels: Sequence[Channel[Any]],
        archive: Archive,
        learned: Learned,
        snapshot: str,
        rules: Rules,
        notes: Sequence[str] = (),
        platforms: Path | None = None,
    ) -> None:
        """rules: what is not suggested, and what means the same. notes: of whatever could not be opened.

        platforms: a list of one's own beside the one that ships; see `lists.platforms`.
        """
        self._channels = channels
        self._archive = archive
        self._learned = learned
        self._rules = rules
        self._platforms = platforms
        self._labels = label_matrix(archive)
        uses = np.bincount(self._labels.indices, minlength=len(archive.hashtags))
        self._table = HashtagTable(archive.hashtags, archive.shown, uses, self._labels)
        self._column_of = {hashtag: column for column, hashtag in enumerate(archive.hashtags)}
        self._author_named: dict[str, int] = {}
        known_as = [self._author_named.setdefault(_as_known(name), i) for i, name in enumerate(archive.authors)]
        self._contexts = Contexts(self._labels, np.asarray([*known_as, -1], dtype=np.int64)[archive.author_of])
        self._judged = np.asarray([learned.judged.get(hashtag, 0.0) for hashtag in archive.hashtags])
        self._ranker = learned.ranker(self._labels)
        self.snapshot = snapshot
        self.notes = (*learned.notes, *notes)

    def __enter__(self) -> "ArchiveRecommender":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the snapshot; ask no more."""
        self._archive.close()

    def by_vote(self) -> "ArchiveRecommender":
        """The same without what was learned beyond the vote: what the reranker is held against."""
        plain = replace(self._learned, reranker=None, report=None)
        known = self._channels, self._archive, plain, self.snapshot, self._rules, self.notes, self._platforms
        return ArchiveRecommender(*known)

    def knows(self, hashtag: str) -> bool:
        """Whether any post carries a hashtag, in whatever spelling."""
        return normalise_hashtag(hashtag) in self._column_of

    @accepts_wishes
    def suggest(
        self,
        photo: AnyPhoto | Sequence[AnyPhoto] | None = None,
        text: str = "",
        *,
        options: SuggestOptions = DEFAULT,
        given: Collection[str] = (),
        author: str | None = None,
        explain: bool = False,
    ) -> Answer:
        """Hashtags for one new post.

        photo: a path, the bytes of a file, an open file or a `PIL.Image.Image`; of a carousel a list of these. text:
        its caption; hashtags in it are given. options: how many, and which. given, author: see `Query`.
        explain: with the reasons for each.
        Raises PhotoError if the photo cannot be read, SettingsError if there is neither photo nor text, and on options
        that nothing can fulfil.
        """
        query = Query(text, as_photos(photo), given, author)  # type: ignore[arg-type]
        if not query.photos and not part_hashtags(query)[0].caption:
            raise SettingsError("no photo and no caption: give a photo, a caption of more than hashtags, or both")
        answer = self.suggest_batch([query], options, explain=explain)[0]
        if answer.error is not None:
            named = query.photos[0] if len(query.photos) == 1 and isinstance(query.photos[0], Path) else "photo"
            raise PhotoError(f"{named}: {answer.error}" if len(query.photos) == 1 else answer.error)
        return answer

    @accepts_wishes
    def suggest_batch(
        self, queries: Sequence[Query], options: SuggestOptions = DEFAULT, *, explain: bool = False
    ) -> list[Answer]:
        """Hashtags for many new posts, in order; a post whose photo cannot be read gets an answer with `error`.

        Memory grows with the number of queries times the hashtags of their neighbours: ask a few hundred at a time.
        Raises SettingsError if `options` names a platform that is not known or takes fewer, and if dates are asked for
        and the archive has none.
        """
        options, of_platform = capped(options, self._platforms)
        ages = self._ages(options.half_life)
        parted = [part_hashtags(query) for query in queries]
        queries = [query for query, _ in parted]
        hits = [search_channel(channel, queries, max(NEIGHBOURHOODS)) for channel in self._channels]
        inquiry = self._inquire(queries, [inline for _, inline in parted], hits, ages)
        failures = {place: reason for channel in hits for place, reason in channel.failures.items()}
        if not self._sees_photos:
            failures |= unreadable(queries)
        return [
            Answer((), self.snapshot, error=failures[place])
            if place in failures
            else self._answer(place, inquiry, options, explain, of_platform)
            for place in range(len(queries))
        ]

    def _inquire(
        self,
        queries: Sequence[Query],
        inline: Sequence[tuple[str, ...]],
        hits: Sequence[ChannelHits],
        ages: Vectors | None,
    ) -> _Inquiry:
        fusion = self._learned.fusion
        matches = {channel.channel: channel.matches for channel in hits}
        fused = fuse(fusion, matches, self._labels, len(queries))
        recent = None if ages is None else fuse(fusion, matches, self._labels, len(queries), ages)
        contents = contents_of(
            [query.caption for query in queries],
            [
                (channel.encoder, found.places, found.vectors)
                for channel, found in zip(self._channels, hits, strict=True)
            ],
        )
        ranked = self._ranker.rank(QueryBatch(contents, matches, fused.scores))
        evidence = Evidence(self._archive, self._labels, fusion, hits, recent or fused)
        return _Inquiry(queries, inline, fused, recent, ranked, evidence)

    @property
    def _sees_photos(self) -> bool:
        return any(channel.encoder.modality == "image" for channel in self._channels)

    def _ages(self, half_life: float | None) -> Vectors | None:
        """The age of every post in half-lives before the newest; one without a date counts as middling old."""
        if half_life is None:
            return None
        posted = self._archive.posted
        if np.isnan(posted).all():
            raise SettingsError("no post of the archive carries a date, so older posts cannot count less")
        dated = np.where(np.isnan(posted), np.nanmedian(posted), posted)
        with np.errstate(over="ignore"):
            ages = (dated.max() - dated) / half_life
        return np.asarray(np.minimum(ages, np.finfo(np.float32).max), dtype=np.float32)

    def _answer(
        self, place: int, inquiry: _Inquiry, options: SuggestOptions, explain: bool, of_platform: Sequence[str]
    ) -> Answer:
        query, ranked = inquiry.queries[place], inquiry.ranked[place]
        moves: dict[str, Floats] = {}
        for what, after, moved in self._contexts_of(place, inquiry):
            ranked = after
            moves[what] = moved
        given = frozenset(map(normalise_hashtag, query.given))
        chosen = select(
            ranked.columns,
            ranked.probabilities,
            self._table,
            options,
            self._rules,
            self._ranker.threshold,
            given,
        )
        suggestions = tuple(
            Suggestion(
                hashtag=self._table.shown[column],
                score=float(score),
                evidence=behind,
                uses=int(self._table.uses[column]),
                tier=TIERS[self._table.tiers[column]],
                reasons=why,
            )
            for column, score, behind, why in zip(
                chosen.columns.tolist(),
                chosen.scores,
                inquiry.evidence.behind(place, chosen.columns),
                self._reasons(ranked, chosen.columns, moves) if explain else [()] * len(chosen.columns),
                strict=True,
            )
        )
        notes = (*of_platform, *self._notes(place, inquiry, options))
        return Answer(suggestions, self.snapshot, chosen.removed, notes)

    def _notes(self, place: int, inquiry: _Inquiry, options: SuggestOptions) -> Iterable[str]:
        query, votes = inquiry.queries[place], inquiry.fused.scores
        if query.photos and not self._sees_photos:
            yield _BLIND
        if inquiry.inline[place]:
            yield f"{_listed(inquiry.inline[place])} in the caption: given already, so not suggested again"
        for tag in distinct_hashtags(list(query.given)):
            if not self.knows(tag):
                yield f"no post of the archive carries #{tag}, so it does not change the answer"
        known = self._number_of(query.author) is not None
        if query.author is not None and not known:
            yield f"no post of the archive is by {query.author!r}, so the author does not change the answer"
        if votes.indptr[place] == votes.indptr[place + 1]:
            yield _UNLIKE_ANY if known or any(map(self.knows, query.given)) else _MOST_USED
        if (
            (options.limit is None or options.min_score > 0)
            and self._learned.report is None
            and not self._learned.notes
        ):
            yield _NO_PROBABILITIES

    def _contexts_of(self, place: int, inquiry: _Inquiry) -> Iterable[tuple[str, Ranked, Floats]]:
        """All that is known beside photo and caption: the words for it, the candidates after it, and its part in them.

        That is (m,), what it adds to the log odds of every hashtag.
        """
        query, ranked = inquiry.queries[place], inquiry.ranked[place]
        context_priors, prior = self._learned.context_priors, self._contexts.prior
        given = [self._column_of[tag] for tag in map(normalise_hashtag, query.given) if tag in self._column_of]
        if given:
            moved = context_priors.given.lift * lift(self._contexts.beside(given), prior)
            ranked = apply_prior(ranked, moved, prior, context_priors.given)
            yield "how often it occurs with the given hashtags", ranked, moved
        author = self._number_of(query.author)
        if author is not None:
            moved = context_priors.author.lift * lift(self._contexts.by(author), prior)
            ranked = apply_prior(ranked, moved, prior, context_priors.author)
            yield f"how often {query.author} uses it", ranked, moved
        if inquiry.recent is not None:
            moved = self._recency(place, inquiry.fused, inquiry.recent)
            ranked = shifted(ranked, moved)
            yield "how recent the posts behind it are", ranked, moved
        if self._judged.any():
            ranked = shifted(ranked, self._judged)
            yield "whether it was accepted or rejected before", ranked, self._judged

    def _number_of(self, author: str | None) -> int | None:
        """By which an author's posts are known; None if there are none."""
        return None if author is None else self._author_named.get(_as_known(author))

    def _recency(self, place: int, fused: Fused, recent: Fused) -> Floats:
        """ln of how many times more the vote is for each hashtag when older posts count less: (m,)."""
        plain, decayed = (votes.scores[place].toarray().ravel().astype(np.float64) for votes in (fused, recent))
        doubt = 0.1 * self._contexts.prior + 1e-6
        return np.asarray(np.log((decayed + doubt) / (plain + doubt)))

    def _reasons(self, ranked: Ranked, columns: Rows, moves: dict[str, Floats]) -> list[tuple[Reason, ...]]:
        places = np.asarray([int(np.flatnonzero(ranked.columns == column)[0]) for column in columns], dtype=np.int64)
        reranker = self._learned.reranker
        learned = reranker.reasons(ranked, places) if reranker is not None else [()] * len(columns)
        told: list[tuple[Reason, ...]] = []
        for column, why in zip(columns.tolist(), learned, strict=True):
            moved = [Reason(what, float(by[column])) for what, by in moves.items() if abs(by[column]) >= _FELT]
            told.append((*moved, *why))
        return told


def _as_known(author: str) -> str:
    """The same name however its letters are composed."""
    return normalize("NFC", author.strip())


def _listed(hashtags: Sequence[str]) -> str:
    return " ".join(f"#{hashtag}" for hashtag in hashtags)
