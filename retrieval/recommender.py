"""The product: hashtags for new posts from their neighbours in the archive, each with the posts that speak for it."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import PhotoError, SettingsError
from ..core.post import Query, normalise_hashtag, take_out_hashtags
from ..core.protocols import Archive, Recommender
from ..core.results import Answer, Neighbour, Suggestion
from ..core.vectors import NO_ROW, Vectors
from .channels import Channel, Heard, listen
from .fusion import NEIGHBOURHOODS, Fused, Fusion, fuse
from .photos import read_photo
from .voting import carried_matrix

EVIDENCE = 5  # posts shown for a hashtag

_WEIGHTLESS = 0.02  # of what the weightiest post brings, below which another is no evidence

_MOST_USED = "no post of the archive speaks for a hashtag here; these are the archive's most used ones"
_BLIND = "the archive has no photos, so this photo was not compared with any"


class ArchiveRecommender(Recommender):
    """A recommender over one snapshot. Open one with `open_recommender`; it may be asked any number of times."""

    def __init__(self, channels: Sequence[Channel[Any]], archive: Archive, fusion: Fusion, snapshot: str) -> None:
        self._channels = channels
        self._archive = archive
        self._fusion = fusion
        self._carried = carried_matrix(archive)
        self._prior: Vectors = np.asarray(self._carried.mean(axis=0), dtype=np.float32).ravel()
        self._by_use = np.argsort(-self._prior, kind="stable")
        self.snapshot = snapshot

    def suggest(
        self, photo: str | Path | bytes | None = None, text: str = "", *, count: int = 5, exclude: Collection[str] = ()
    ) -> Answer:
        """Hashtags for one new post.

        photo: a file, or the bytes of one. text: its caption; hashtags in it are not looked at.
        count: how many at most. exclude: hashtags not to suggest, in any spelling.
        Raises PhotoError where the photo cannot be read, SettingsError where there is neither photo nor text.
        """
        query = Query(text, Path(photo) if isinstance(photo, str) else photo)
        if query.photo is None and not _as_encoders_see_it(text):
            raise SettingsError("nothing to go by: give a photo, a caption of more than hashtags, or both")
        answer = self.suggest_batch([query], count, exclude=exclude)[0]
        if answer.error is not None:
            raise PhotoError(f"{photo if isinstance(photo, str | Path) else 'photo'}: {answer.error}")
        return answer

    def suggest_batch(self, queries: Sequence[Query], count: int, *, exclude: Collection[str] = ()) -> list[Answer]:
        """Hashtags for many new posts, in order; a post whose photo cannot be read gets an answer with `error`.

        Memory grows with the number of queries times the hashtags of their neighbours: ask a few hundred at a time.
        """
        if count < 1:
            raise SettingsError(f"count is {count}; at least 1 hashtag can be asked for")
        queries = [Query(_as_encoders_see_it(query.caption), query.photo) for query in queries]
        heard = [listen(channel, queries, max(NEIGHBOURHOODS)) for channel in self._channels]
        barred = {normalise_hashtag(tag) for tag in exclude}
        matches = {channel.channel: channel.matches for channel in heard}
        fused = fuse(self._fusion, matches, self._carried, len(queries))
        failures = {place: reason for channel in heard for place, reason in channel.failures.items()}
        if not self._sees_photos:
            failures |= _unreadable(queries)
        return [
            Answer((), self.snapshot, error=failures[place])
            if place in failures
            else self._answer(place, heard, fused, count, barred, () if sighted else (_BLIND,))
            for place, query in enumerate(queries)
            for sighted in [query.photo is None or self._sees_photos]
        ]

    @property
    def _sees_photos(self) -> bool:
        return any(channel.encoder.modality == "image" for channel in self._channels)

    def _answer(
        self,
        place: int,
        heard: Sequence[Heard],
        fused: Fused,
        count: int,
        barred: Collection[str],
        notes: tuple[str, ...],
    ) -> Answer:
        here = slice(fused.scores.indptr[place], fused.scores.indptr[place + 1])
        columns: NDArray[np.integer[Any]] = fused.scores.indices[here]
        scores = fused.scores.data[here]
        if not len(columns):
            columns = self._by_use[: count + len(barred)]
            scores, notes = self._prior[columns], (*notes, _MOST_USED)
        order = np.lexsort((columns, -self._prior[columns], -scores))[: count + len(barred)]
        chosen = [i for i in order if self._archive.hashtags[columns[i]] not in barred][:count]
        evidence = self._evidence(place, columns[chosen], heard, fused)
        suggestions = tuple(
            Suggestion(self._archive.shown[columns[i]], min(1.0, float(scores[i])), behind)
            for i, behind in zip(chosen, evidence, strict=True)
        )
        return Answer(suggestions, self.snapshot, notes)

    def _evidence(
        self, place: int, columns: NDArray[np.integer[Any]], heard: Sequence[Heard], fused: Fused
    ) -> list[tuple[Neighbour, ...]]:
        """For each column, the neighbours that carry it, those whose votes weigh most first."""
        found: list[list[Neighbour]] = [[] for _ in columns]
        for channel in heard:
            weights = self._weights(place, channel.channel, fused)
            present = channel.matches.rows[place] != NO_ROW
            rows = channel.matches.rows[place][present]
            similarities = channel.matches.similarities[place][present]
            carries = self._carried[rows][:, columns].toarray() > 0
            for j, who in enumerate(carries.T):
                for i in np.flatnonzero(who)[:EVIDENCE]:
                    similarity, share = float(similarities[i]), float(weights[i])
                    found[j].append(self._archive.neighbour(int(rows[i]), channel.channel, similarity, share))
        return [_weightiest(behind) for behind in found]

    def _weights(self, place: int, channel: str, fused: Fused) -> Vectors:
        """What the vote of each of a channel's neighbours weighs in the scores, over all its neighbourhoods."""
        weights = np.zeros(max(NEIGHBOURHOODS), dtype=np.float32)
        for voice, shares in zip(self._fusion.voices, fused.shares, strict=True):
            if voice.channel == channel:
                weights[: voice.neighbours] += shares[place]
        return weights


def _weightiest(behind: list[Neighbour]) -> tuple[Neighbour, ...]:
    ranked = sorted(behind, key=lambda neighbour: -neighbour.share)[:EVIDENCE]
    return tuple(neighbour for neighbour in ranked if neighbour.share >= _WEIGHTLESS * ranked[0].share)


def _as_encoders_see_it(caption: str) -> str:
    """Without hashtags; what is no text at all (half a character, from a terminal that is not UTF-8) as `?`."""
    return take_out_hashtags(caption.encode(errors="replace").decode())[0]


def _unreadable(queries: Sequence[Query]) -> dict[int, str]:
    """Why photos cannot be read, by place: a photo that is none is told even where no channel looks at photos."""
    reasons = {}
    for place, query in enumerate(queries):
        try:
            if query.photo is not None:
                read_photo(query.photo, 1)
        except PhotoError as error:
            reasons[place] = str(error)
    return reasons
