"""Prepares queries: takes hashtags out of captions, and finds photos that cannot be read."""

from collections.abc import Sequence
from dataclasses import replace

from ..core.errors import PhotoError
from ..core.hashtags import take_out_hashtags
from ..core.post import distinct_hashtags
from ..core.query import Query
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
