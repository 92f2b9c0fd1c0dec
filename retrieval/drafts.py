"""Prepares queries: makes them of what a person gives, takes hashtags out of captions, finds unreadable photos."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from ..core.errors import PhotoError, SettingsError
from ..core.hashtags import take_out_hashtags
from ..core.post import distinct_hashtags
from ..core.query import AnyPhoto, Query, as_photos
from .encoders.photos import read_photo


def split_hashtags(queries: Sequence[Query]) -> tuple[list[Query], list[tuple[str, ...]]]:
    """Move the hashtags of each caption to the given hashtags of its query.

    Returns the queries, and for each the hashtags that its caption held, each once. Characters of a caption that are
    not valid Unicode (half a surrogate pair, from a terminal that does not use UTF-8) become `?`.
    """
    pairs = [take_out_hashtags(query.caption.encode(errors="replace").decode()) for query in queries]
    split = [
        replace(query, caption=caption, given=(*query.given, *inline))
        for query, (caption, inline) in zip(queries, pairs, strict=True)
    ]
    return split, [distinct_hashtags(inline) for _, inline in pairs]


def find_unreadable_photos(queries: Sequence[Query]) -> dict[int, str]:
    """Why photos cannot be read, by the index of the query. For archives without a channel that reads photos."""
    reasons = {}
    for i, query in enumerate(queries):
        try:
            for photo in query.photos:
                read_photo(photo, 1)
        except PhotoError as error:
            reasons[i] = str(error)
    return reasons


def make_query(
    photo: AnyPhoto | Sequence[AnyPhoto] | None,
    text: str,
    given: Collection[str],
    author: str | None,
    *,
    hashtags_suffice: bool = False,
) -> Query:
    """Raises SettingsError if there is neither a photo nor a caption of more than hashtags.

    hashtags_suffice: whether hashtags alone, given or in the caption, are enough.
    """
    query = Query(text, as_photos(photo), given, author)  # type: ignore[arg-type]
    split = split_hashtags([query])[0][0]
    if query.photos or split.caption or (hashtags_suffice and split.given):
        return query
    if hashtags_suffice:
        raise SettingsError("no photo, no draft and no hashtag: give at least one of them")
    raise SettingsError("no photo and no caption: give a photo, a caption of more than hashtags, or both")


def photo_error(query: Query, reason: str) -> PhotoError:
    """The error for a photo that cannot be read. reason: names the photo already if the query has several."""
    if len(query.photos) > 1:
        return PhotoError(reason)
    photo = query.photos[0]
    return PhotoError(f"{photo if isinstance(photo, Path) else 'photo'}: {reason}")
