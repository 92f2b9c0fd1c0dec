"""The product: hashtags for new posts from their neighbours in the archive, each with the posts that carry it."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..core.captions import CaptionAnswer, CaptionOptions
from ..core.closing import Closing
from ..core.errors import SettingsError
from ..core.parallel import one_blas_thread, side_by_side
from ..core.post import distinct_hashtags, normalise_author, normalise_hashtag
from ..core.protocols import Archive, CaptionRecommender, Encoder, Recommender
from ..core.query import AnyPhoto, Query
from ..core.reach import Reach
from ..core.results import Answer, KnownHashtag, Neighbour, Reason, Suggestion
from ..core.rules import Rules
from ..core.suggest_options import SuggestOptions, accepts_wishes
from ..core.tiers import TIERS
from ..core.vectors import Rows, Vectors, highest
from ..core.writing_systems import written_in
from .adjustments import Adjusted, Adjuster
from .captions.caption_search import CaptionSearch
from .drafts import find_unreadable_photos, make_query, photo_error, split_hashtags
from .encoders.ngrams import NgramEncoder
from .learned import Learned
from .new_hashtags.extractor import NewHashtag, Writing
from .new_hashtags.words import Split
from .reranking.context_priors import Contexts
from .reranking.familiarity import BEST, LITTLE_KNOWN, Asked, temper
from .reranking.reasons import MOST_USED
from .search.channels import Channel, EncodedQueries, contents_of, encode_queries, lay_out, search_channel
from .search.duplicates import LIKE_CAPTIONS, LIKE_VECTORS
from .search.neighbours import Neighbours
from .search.similarity import Contents
from .selection.lists import cap
from .selection.selector import HashtagTable, Selected, select
from .selection.signatures import Signatures
from .timing import timed
from .voting.evidence import Evidence
from .voting.fusion import NEIGHBOURHOODS, Fused, fuse
from .voting.ranking import QueryBatch, Ranked
from .voting.votes import carrier_matrix, label_matrix

DEFAULT = SuggestOptions()
DEFAULT_CAPTIONS = CaptionOptions()

_SENTENCES = ("sentence", "multilingual")  # channels whose cosines mean the same in all archives
_LIKE = 0.7  # cosine; from here on, what similar posts carry is no guess
WEAK = 0.1  # probability; hashtags below it, or below the archive's own threshold if that is lower, are weak

_MOST_USED = "no post of the archive votes for a hashtag here; these are the archive's most used ones"
_UNLIKE_ANY = "no post of the archive votes for a hashtag here; the given hashtags or the author decide"
_BLIND = "the archive has no photos, so this photo was not compared with any"
_UNFAMILIAR = "the archive knows little of posts like this one: in most such cases none of five hashtags is right"
_NONE_DESERVES = "no hashtag is likely enough to suggest; ask for a count, such as 5, to see the likeliest ones"
_NOT_IN_LANGUAGES = "none of the hashtags that fit is in the requested languages"
_NO_PROBABILITIES = "the archive is too small to train on, so scores are shares of the vote instead of probabilities"


@dataclass(frozen=True, slots=True)
class _Votes:
    """The fused votes on a batch of queries. recent: with older posts counting less; None if that is not asked for."""

    plain: Fused
    recent: Fused | None


class ArchiveRecommender(Recommender, CaptionRecommender, Closing):
    """A recommender over one snapshot. Open one with `open_recommender`.

    Several threads may use it at once and get the same answers as one thread. Models encode for one thread at a time;
    everything else runs in parallel. Close it when no thread uses it any more: until then no other process deletes its
    snapshot.
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
        reach: Callable[[Sequence[str]], Sequence[tuple[Reach, ...]]] | None = None,
    ) -> None:
        """rules: blocked hashtags, aliases, and what is merged. notes: on what could not be opened.

        platforms: the user's own list, added to the one that ships; see `lists.platforms`. reach: tells what is known
        of the reach of hashtags (normalised); it is asked for explanations alone.
        """
        self._channels = channels
        self._encoders = {channel.encoder.channel: channel.encoder for channel in channels}
        self._archive = archive
        self._learned = learned
        self._rules = rules
        self._platforms = platforms
        self._reach = reach
        self._labels = label_matrix(archive)
        by_hashtag = carrier_matrix(archive)
        self._table = HashtagTable(archive.hashtags, archive.shown, by_hashtag)
        self._contexts = Contexts(self._labels, by_hashtag, archive.author_of)
        self._signatures = Signatures(archive.hashtags, by_hashtag, archive.author_of, learned.signatures)
        self._adjuster = Adjuster(self._contexts, learned.context_priors, learned.judged, self._table)
        self._ranker = learned.ranker(self._contexts.prior)
        self._writing = Writing.of(archive.shown)
        self._captions = CaptionSearch(archive, self._labels, by_hashtag, learned.fusion, channels)
        self.snapshot = snapshot
        self.notes = (*learned.notes, *notes)

    def close(self) -> None:
        """Release the snapshot. The recommender cannot be used afterwards."""
        self._archive.close()

    def by_vote(self) -> "ArchiveRecommender":
        """A recommender that ranks by the vote alone: what the reranker is compared with."""
        plain = replace(self._learned, reranker=None, report=None, new_hashtags=None, familiarity=None)
        known = self._channels, self._archive, plain, self.snapshot, self._rules, self.notes, self._platforms
        return ArchiveRecommender(*known)

    def without_merging(self) -> "ArchiveRecommender":
        """A recommender that merges only plurals and aliases: what the default form is compared with."""
        rules = replace(self._rules, merged={})
        known = self._channels, self._archive, self._learned, self.snapshot, rules, self.notes, self._platforms
        return ArchiveRecommender(*known)

    @property
    def has_probabilities(self) -> bool:
        """Whether scores are probabilities; in an archive too small to train on they are shares of the vote."""
        return self._learned.report is not None

    @property
    def _weak(self) -> float:
        """The probability below which hashtags are weak; 0 if scores are no probabilities."""
        return min(WEAK, self._ranker.threshold) if self.has_probabilities else 0.0

    def knows(self, hashtag: str) -> bool:
        """Whether any post carries a hashtag, in any spelling, or it was added."""
        return bool(self._columns_of([hashtag]))

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
        """Suggest hashtags for one new post.

        photo: a path, the bytes of a file, an open file or a `PIL.Image.Image`; a list of these for a carousel. text:
        the caption; hashtags in it count as given. options: how many hashtags, and which. given, author: see `Query`.
        explain: whether to give reasons.
        Raises PhotoError if the photo cannot be read; SettingsError if there is neither photo nor text, or if the
        options cannot be met.
        """
        query = make_query(photo, text, given, author)
        answer = self.suggest_batch([query], options, explain=explain)[0]
        if answer.error is not None:
            raise photo_error(query, answer.error)
        return answer

    @accepts_wishes
    @one_blas_thread()
    def suggest_batch(
        self,
        queries: Sequence[Query],
        options: SuggestOptions | Sequence[SuggestOptions] = DEFAULT,
        *,
        explain: bool | Sequence[bool] = False,
    ) -> list[Answer]:
        """Suggest hashtags for many new posts; answers are in the order of the queries.

        options, explain: for all queries, or for each. A query whose photo cannot be read gets an answer with `error`.
        Memory grows with the number of queries times the hashtags of their neighbours, so pass a few hundred at a time.
        `timing.measure_steps` measures the steps. Raises SettingsError if `check_options` does.
        """
        n = len(queries)
        wanted = [options] * n if isinstance(options, SuggestOptions) else list(options)
        for each in set(wanted):
            self.check_options(each)
        capped = {each: cap(each, self._platforms) for each in set(wanted)}
        explained = [explain] * n if isinstance(explain, bool) else explain
        queries, inline = split_hashtags(queries)
        looking: list[Callable[[], Any]] = [partial(self._look, queries), partial(self._split, queries, wanted)]
        (encoded, hits, compared), splits = side_by_side(looking)
        votes = {life: self._vote(hits, self._ages(life), n) for life in {each.half_life for each in wanted}}
        contents = self._contents(queries, encoded)
        ranked = self._rank(contents, hits, next(iter(votes.values())), compared) if queries else []
        familiarity = self._measure_familiarity(contents, hits, ranked)
        fusion = self._learned.fusion
        evidence = {
            life: Evidence(self._archive, self._labels, fusion, hits, fused.recent or fused.plain)
            for life, fused in votes.items()
        }
        failures = self._failures(queries, encoded)
        answers: list[Answer] = []
        for i, query in enumerate(queries):
            if i in failures:
                answers.append(Answer((), self.snapshot, error=failures[i]))
                continue
            (within, advice), fused = capped[wanted[i]], votes[wanted[i].half_life]
            new = self._find_new(query, within, splits[i], fused.plain.scores[i]) if splits and within.new else ()
            known = ranked[i]
            if not within.raw and not self._has_like_posts(hits, i):
                known = temper(known, familiarity[i], self._named(known))
            adjusted = self._adjust(i, query, known, fused, new)
            selected = self._select(query, adjusted, within)
            suggestions = self._explain(i, selected, adjusted, evidence[within.half_life], explained[i])
            has_votes = bool(fused.plain.scores[i].nnz)
            nothing = self._why_nothing(selected, adjusted, within)
            notes = (*advice, *self._notes(query, inline[i], has_votes, within, familiarity[i], nothing))
            answers.append(Answer(suggestions, self.snapshot, selected.removed, notes, familiarity=familiarity[i]))
        return answers

    def caption(
        self,
        photo: AnyPhoto | Sequence[AnyPhoto] | None = None,
        text: str = "",
        *,
        options: CaptionOptions = DEFAULT_CAPTIONS,
        given: Collection[str] = (),
    ) -> CaptionAnswer:
        """Suggest captions for one new post: those of similar posts, by consensus, each with its post.

        photo: as in `suggest`. text: a draft. given: hashtags of the post; they find posts, too.
        Raises PhotoError if the photo cannot be read; SettingsError if there is neither photo nor draft nor hashtag.
        """
        query = make_query(photo, text, given, None, hashtags_suffice=True)
        answer = self.caption_batch([query], options)[0]
        if answer.error is not None:
            raise photo_error(query, answer.error)
        return answer

    @one_blas_thread()
    def caption_batch(
        self, queries: Sequence[Query], options: CaptionOptions | Sequence[CaptionOptions] = DEFAULT_CAPTIONS
    ) -> list[CaptionAnswer]:
        """Suggest captions for many new posts; answers are in the order of the queries.

        options: for all queries, or for each. A query whose photo cannot be read gets an answer with `error`.
        """
        wanted = [options] * len(queries) if isinstance(options, CaptionOptions) else list(options)
        queries, _ = split_hashtags(queries)
        encoded, hits, _ = self._look(queries)
        fused = self._vote(hits, None, len(queries)).plain
        failures = self._failures(queries, encoded)
        answers = []
        for i, (query, each) in enumerate(zip(queries, wanted, strict=True)):
            if i in failures:
                answers.append(CaptionAnswer((), self.snapshot, error=failures[i]))
                continue
            captions, notes = self._captions.find(i, self._columns_of(query.given), hits, fused, each)
            answers.append(CaptionAnswer(captions, self.snapshot, (*self._notes_on_query(query), *notes)))
        return answers

    def check_options(self, options: SuggestOptions) -> None:
        """Raises SettingsError on options that this archive cannot meet.

        Its platform is unknown or takes fewer hashtags, or a half-life is set and no post has a date.
        """
        cap(options, self._platforms)
        if options.half_life is not None and np.isnan(self._archive.posted).all():
            raise SettingsError("no post of the archive carries a date, so older posts cannot count less")

    def neighbours(
        self, photo: AnyPhoto | Sequence[AnyPhoto] | None = None, text: str = "", *, k: int = 10
    ) -> dict[str, tuple[Neighbour, ...]]:
        """The posts of the archive nearest to a new post: at most k of each channel, nearest first.

        photo, text: as in `suggest`. Of near-duplicates only the nearest is there. Captions are whole. The share of
        the vote is 0 beyond the 100 nearest posts, which alone have a vote. A channel of photos is empty for a post
        without a photo, one of captions for a post without a caption, or with one that its encoder cannot read.
        Raises PhotoError if the photo cannot be read, SettingsError if there is neither photo nor text or k is below 1.
        """
        if k < 1:
            raise SettingsError(f"k is {k}; it must be at least 1")
        query = make_query(photo, text, (), None)
        queries, _ = split_hashtags([query])
        encoded, hits, _ = self._look(queries, max(k, *NEIGHBOURHOODS))
        for reason in self._failures(queries, encoded).values():
            raise photo_error(query, reason)
        votes = self._vote(hits, None, 1)
        return Evidence(self._archive, self._labels, self._learned.fusion, hits, votes.plain).nearest(0, k)

    def hashtags(self, prefix: str = "", count: int = 50) -> list[KnownHashtag]:
        """The hashtags of the archive that begin with a prefix, in any spelling; the most used first."""
        columns = self._archive.hashtags.find_beginning(normalise_hashtag(prefix))
        return [self._known(column) for column in columns[highest(self._table.uses[columns], count)].tolist()]

    def photo(self, key: str) -> Path:
        """The file of a photo of the archive. key: of `Neighbour.photo_key`; it holds for later snapshots, too.

        Raises PhotoError if the archive has no such photo.
        """
        return self._archive.photo(key)

    def _look(
        self, queries: Sequence[Query], k: int = max(NEIGHBOURHOODS)
    ) -> tuple[dict[str, EncodedQueries], dict[str, Neighbours], dict[str, Any]]:
        """All that each encoder alone can tell: the queries as it sees them, by encoder; the k neighbours of each
        query, by channel; and what the ranker compares, by encoder.
        """

        def look(encoder: Encoder[Any]) -> tuple[EncodedQueries, dict[str, Neighbours], Any]:
            encoded = self._encode(encoder, queries)
            own = [channel for channel in self._channels if channel.encoder is encoder]
            return (
                encoded,
                {channel.name: self._search(channel, encoded, k) for channel in own},
                self._compare(encoder, encoded),
            )

        looks = dict(
            zip(self._encoders, side_by_side([partial(look, each) for each in self._encoders.values()]), strict=True)
        )
        hits = {name: found for _, by_channel, _ in looks.values() for name, found in by_channel.items()}
        return (
            {name: encoded for name, (encoded, _, _) in looks.items()},
            {channel.name: hits[channel.name] for channel in self._channels},
            {name: compared for name, (_, _, compared) in looks.items() if compared is not None},
        )

    @timed("search")
    def _compare(self, encoder: Encoder[Any], encoded: EncodedQueries) -> Any:
        if encoder.sparse:
            return None
        vectors = lay_out(encoder, encoded.of, encoded.vectors, encoded.n)
        return self._ranker.compare(encoder.channel, vectors)

    @timed("encode")
    def _encode(self, encoder: Encoder[Any], queries: Sequence[Query]) -> EncodedQueries:
        return encode_queries(encoder, queries)

    @timed("search")
    def _search(self, channel: Channel[Any], encoded: EncodedQueries, k: int) -> Neighbours:
        return search_channel(channel, encoded, k)

    @timed("vote")
    def _vote(self, hits: Mapping[str, Neighbours], ages: Vectors | None, n: int) -> _Votes:
        """Count the votes of the neighbours of n queries. ages: see `_ages`."""
        fusion = self._learned.fusion
        recent = None if ages is None else fuse(fusion, hits, self._labels, n, ages)
        return _Votes(fuse(fusion, hits, self._labels, n), recent)

    def _contents(self, queries: Sequence[Query], encoded: Mapping[str, EncodedQueries]) -> Contents:
        vectors = [(self._encoders[name], made.of, made.vectors) for name, made in encoded.items()]
        return contents_of([query.caption for query in queries], vectors)

    @timed("rank")
    def _measure_familiarity(
        self, contents: Contents, hits: Mapping[str, Neighbours], ranked: Sequence[Ranked]
    ) -> list[float | None]:
        """The familiarity of each query; None where it is not known."""
        familiarity, n = self._learned.familiarity, len(contents)
        if familiarity is None or not n:
            return [None] * n
        best = np.zeros((n, BEST))
        for i, one in enumerate(ranked):
            best[i, : len(one.probabilities)] = one.probabilities[:BEST]
        lexical = hits.get(NgramEncoder.channel)
        nearest = np.zeros(n, dtype=np.float32) if lexical is None else lexical.similarities[:, 0]
        copies = np.zeros(n, dtype=np.bool_)
        for name, found in hits.items():
            least = LIKE_CAPTIONS if name == NgramEncoder.channel else LIKE_VECTORS
            copies |= found.similarities.max(axis=1, initial=0) >= least
        return familiarity.of(Asked(contents.captions, contents.ngrams, contents.dense, nearest, best), copies)

    @timed("rank")
    def _rank(
        self, contents: Contents, hits: Mapping[str, Neighbours], votes: _Votes, compared: Mapping[str, Any]
    ) -> list[Ranked]:
        """Rank the candidates of each query by probability."""
        return self._ranker.rank(QueryBatch(contents, hits, votes.plain.scores, compared))

    def _named(self, ranked: Ranked) -> NDArray[np.bool_]:
        """Whether the caption names each candidate; the vote does not know: (c,)."""
        if self._learned.reranker is None or not len(ranked.features):
            return np.zeros(len(ranked.columns), dtype=np.bool_)
        return self._learned.reranker.named(ranked)

    def _split(self, queries: Sequence[Query], wanted: Sequence[SuggestOptions]) -> list[Split] | None:
        """The words of the captions; None if no new hashtags are asked for, or none can be found."""
        finder = self._learned.new_hashtags
        if finder is None or not any(each.new for each in wanted):
            return None
        return finder.split([query.caption for query in queries])

    @timed("rank")
    def _find_new(
        self, query: Query, options: SuggestOptions, split: Split, votes: sparse.csr_matrix
    ) -> list[NewHashtag]:
        """Find hashtags in a caption that no post carries, likeliest first. votes: (1, m).

        Their words are joined without `_`, so what is given, excluded or blocked is compared without it.
        """
        assert self._learned.new_hashtags is not None
        found = self._learned.new_hashtags.find(split, self._archive.hashtags, votes, self._writing)
        unwanted = {*map(normalise_hashtag, query.given), *options.exclude, *self._rules.blocked} - self._rules.allowed
        spelt = {name.replace("_", "") for name in unwanted if "_" in name}
        return [new for new in found if normalise_hashtag(new.hashtag) not in spelt]

    def _has_like_posts(self, hits: Mapping[str, Neighbours], i: int) -> bool:
        """Whether the caption of some post says nearly what that of query i says, however unusual both are."""
        return any(hits[name].similarities[i, :1].max(initial=0) >= _LIKE for name in _SENTENCES if name in hits)

    @timed("adjust")
    def _adjust(self, i: int, query: Query, ranked: Ranked, votes: _Votes, new: Sequence[NewHashtag]) -> Adjusted:
        """Adjust the candidates of query i for given hashtags, author, age of posts and a person's judgements."""
        number = self._find_author(query.author)
        author = None if query.author is None or number is None else (number, query.author)
        by_age = None if votes.recent is None else (votes.plain.scores[i], votes.recent.scores[i])
        return self._adjuster.adjust(ranked, new, self._columns_of(query.given), author, by_age)

    @timed("select")
    def _select(self, query: Query, adjusted: Adjusted, options: SuggestOptions) -> Selected:
        """Select the hashtags to suggest, without those that the query has already."""
        given = frozenset(map(normalise_hashtag, query.given))
        columns, probabilities = adjusted.candidates()
        author = self._find_author(query.author)
        strange = frozenset() if options.raw else self._signatures.of_strangers(columns, query.caption, author)
        limits = self._ranker.threshold, given, self._weak, strange
        return select(columns, probabilities, adjusted.table, options, self._rules, *limits)

    @timed("explain")
    def _explain(
        self, i: int, selected: Selected, adjusted: Adjusted, evidence: Evidence, with_reasons: bool
    ) -> tuple[Suggestion, ...]:
        """Describe the selected hashtags of query i: the posts that carry them and, with `with_reasons`, reasons."""
        columns, table = selected.columns, adjusted.table
        m = table.n_known
        names = [table.hashtags[column] for column in columns.tolist()]
        return tuple(
            Suggestion(
                hashtag=table.shown[column],
                score=float(score),
                evidence=posts,
                uses=int(uses),
                tier=TIERS[tier],
                reasons=reasons,
                words=adjusted.new[column - m].words if column >= m else (),
                reach=reach,
                also=tuple(table.shown[other] for other in also),
                weak=bool(weak),
                origin=None if posts or column >= m else self._origin(adjusted.ranked, column),
            )
            for column, score, also, weak, posts, uses, tier, reasons, reach in zip(
                columns.tolist(),
                selected.scores,
                selected.also,
                selected.weak,
                evidence.find(i, columns),
                table.uses(columns),
                table.tiers(columns),
                self._reasons(adjusted, columns) if with_reasons else [()] * len(columns),
                self._reach(names) if with_reasons and self._reach else [()] * len(columns),
                strict=True,
            )
        )

    def _known(self, column: int) -> KnownHashtag:
        hashtag = self._archive.hashtags[column]
        return KnownHashtag(
            hashtag=self._table.shown[column],
            uses=int(self._table.uses[column]),
            tier=TIERS[self._table.tiers[column]],
            aliases=self._rules.same_as(hashtag),
            blocked=self._rules.why_blocked(hashtag),
        )

    def _failures(self, queries: Sequence[Query], encoded: Mapping[str, EncodedQueries]) -> dict[int, str]:
        """Why photos cannot be read, by query."""
        failures = {i: reason for made in encoded.values() for i, reason in made.failures.items()}
        return failures if self._sees_photos else failures | find_unreadable_photos(queries)

    @property
    def _sees_photos(self) -> bool:
        return any(encoder.modality == "image" for encoder in self._encoders.values())

    def _ages(self, half_life: float | None) -> Vectors | None:
        """The age of every post in half-lives, from the newest: float32 (posts,). Without a date: the median age."""
        if half_life is None:
            return None
        posted = self._archive.posted
        dated = np.where(np.isnan(posted), np.nanmedian(posted), posted)
        with np.errstate(over="ignore"):
            ages = (dated.max() - dated) / half_life
        return np.asarray(np.minimum(ages, np.finfo(np.float32).max), dtype=np.float32)

    def _notes(
        self,
        query: Query,
        inline: tuple[str, ...],
        has_votes: bool,
        options: SuggestOptions,
        familiarity: float | None,
        nothing: str | None,
    ) -> Iterable[str]:
        """The notes of an answer. inline: hashtags of the caption. has_votes: whether any hashtag got a vote.

        nothing: see `_why_nothing`.
        """
        if inline:
            tags = " ".join(f"#{tag}" for tag in inline)
            yield f"{tags} in the caption: given already, so not suggested again"
        yield from self._notes_on_query(query)
        known = self._find_author(query.author) is not None
        if query.author is not None and not known:
            yield f"no post of the archive is by {query.author!r}, so the author does not change the answer"
        if not has_votes:
            yield _UNLIKE_ANY if known or any(map(self.knows, query.given)) else _MOST_USED
        if familiarity is not None and familiarity < LITTLE_KNOWN:
            yield _UNFAMILIAR
        if nothing is not None:
            yield nothing
        if (
            (options.limit is None or options.min_score > 0)
            and self._learned.report is None
            and not self._learned.notes
        ):
            yield _NO_PROBABILITIES

    def _why_nothing(self, selected: Selected, adjusted: Adjusted, options: SuggestOptions) -> str | None:
        """Why no hashtag is suggested; None if any is, or if the person has asked for it."""
        if len(selected.columns):
            return None
        columns, _ = adjusted.candidates()
        names = (adjusted.table.hashtags[column] for column in columns.tolist())
        if options.languages and not any(written_in(name, options.languages) for name in names):
            return _NOT_IN_LANGUAGES
        return _NONE_DESERVES if options.count is None and self._weak and not options.min_score else None

    def _notes_on_query(self, query: Query) -> Iterable[str]:
        """What of a query could not be used."""
        if query.photos and not self._sees_photos:
            yield _BLIND
        for tag in distinct_hashtags(list(query.given)):
            if not self._table.uses[self._columns_of([tag])].any():
                yield f"no post of the archive carries #{tag}, so nothing is known of what goes with it"

    def _columns_of(self, hashtags: Collection[str]) -> list[int]:
        """The columns of those hashtags, in any spelling, that the archive knows."""
        columns = self._archive.hashtags.find(list(map(normalise_hashtag, hashtags)))
        return columns[columns >= 0].tolist()  # type: ignore[no-any-return]

    def _find_author(self, author: str | None) -> int | None:
        """The number of an author; None if no post is by that author."""
        if author is None:
            return None
        [number] = self._archive.authors.find([normalise_author(author)]).tolist()
        return number if number >= 0 else None

    def _origin(self, ranked: Ranked, column: int) -> str:
        """Where a hashtag comes from that no post shown carries."""
        reranker = self._learned.reranker
        if reranker is None or not len(ranked.features):
            return MOST_USED
        return reranker.origin(ranked, int(np.flatnonzero(ranked.columns == column)[0]))

    def _reasons(self, adjusted: Adjusted, columns: Rows) -> list[tuple[Reason, ...]]:
        """The reasons for each of some candidates: first the adjustments, then what the reranker weighed most."""
        ranked = adjusted.ranked
        known = np.flatnonzero(columns < adjusted.table.n_known)
        found: list[tuple[Reason, ...]] = [()] * len(columns)
        columns = columns[known]
        ranks = np.asarray([int(np.flatnonzero(ranked.columns == column)[0]) for column in columns], dtype=np.int64)
        reranker = self._learned.reranker
        learned = reranker.reasons(ranked, ranks) if reranker is not None else [()] * len(columns)
        for place, moved, of_reranker in zip(known, adjusted.reasons(columns), learned, strict=True):
            found[place] = (*moved, *of_reranker)
        return found
