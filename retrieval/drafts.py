"""A new post as it is looked at: its hashtags apart from its caption, its photos readable."""

from collections.abc import Sequence
from dataclasses import replace

from ..core.errors import PhotoError
from ..core.hashtags import take_out_hashtags
from ..core.post import distinct_hashtags
from ..core.query import Query
from .encoders.photos import read_photo


def part_hashtags(query: Query) -> tuple[Query, tuple[str, ...]]:
    """A post whose caption holds no hashtag: those that it held are given; and which these are, each once.

    What is no text at all in the caption (half a character, from a terminal that is not UTF-8) becomes `?`.
    """
    caption, inline = take_out_hashtags(query.caption.encode(errors="replace").decode())
    return replace(query, caption=caption, given=(*query.given, *inline)), distinct_hashtags(inline)


def unreadable(queries: Sequence[Query]) -> dict[int, str]:
    """Why photos cannot be read, by place: a photo that is none is told even if no channel looks at photos."""
    reasons = {}
    for place, query in enumerate(queries):
        try:
            for photo in query.photos:
                read_photo(photo, 1)
        except PhotoError as error:
            reasons[place] = str(error)
    return reasons
