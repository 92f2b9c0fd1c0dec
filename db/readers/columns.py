"""Which column of an archive is what."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

from ...core.errors import SourceError

# Usual names by role, the surest first; matched in any case.
_USUAL = {
    "image": ("image", "image_name", "image_names", "image_path", "name", "file", "photo"),
    "text": ("text", "tweets", "caption", "contents"),
    "hashtags": ("hashtags", "tags", "captions"),
    "post_id": ("id", "post_id"),
    "author": ("author", "user"),
    "posted_at": ("posted_at", "date", "created_at", "timestamp"),
}
# In the archives of AMNN the text is called `tweets`, and what the network has to tell, the hashtags, `caption`.
_HASHTAGS_BESIDE_TWEETS = "caption"
_OPTIONS = {
    "image": "--image-column",
    "text": "--text-column",
    "hashtags": "--hashtags-column",
    "post_id": "--id-column",
    "author": "--author-column",
    "posted_at": "--posted-at-column",
}
_SHOWN_COLUMNS = 30


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of the columns that posts are made of; None where one is not told, or not there."""

    image: str | None = None
    text: str | None = None
    hashtags: str | None = None
    post_id: str | None = None
    author: str | None = None
    posted_at: str | None = None


def find_columns(found: Sequence[str], named: Columns, for_queries: bool) -> Columns:
    """Choose among the columns found: those named by options, else those with usual names.

    for_queries: look for image and text alone, which is all that a new post has.
    Raises SourceError where a named column is missing, or where the columns that are there make no posts.
    """
    roles = ("image", "text") if for_queries else tuple(field.name for field in fields(Columns))
    told = {role: name for role in roles if (name := getattr(named, role)) is not None}
    for role, name in told.items():
        if name not in found:
            raise SourceError(f"there is no column {name!r} as {_OPTIONS[role]} says; {_listed(found)}")
    chosen = {role: told.get(role) or _usual(role, found, set(told.values())) for role in roles}
    if "hashtags" in roles and chosen["hashtags"] is None and (chosen["text"] or "").casefold() == "tweets":
        chosen["hashtags"] = _named_like(_HASHTAGS_BESIDE_TWEETS, found, set(told.values()))
    columns = Columns(**chosen)
    if columns.image is None and columns.text is None:
        raise SourceError(f"no column is known for text or image; {_listed(found)}; {_advice('text', 'image')}")
    if not for_queries and columns.hashtags is None and columns.text is None:
        raise SourceError(
            f"no column is known for hashtags, nor for text that may hold some; {_listed(found)}; "
            f"{_advice('hashtags', 'text')}"
        )
    return columns


def missing_columns(found: Sequence[str], columns: Columns) -> list[str]:
    """What a person should know where an archive has no photos or hashtags, but columns that may well be theirs."""
    unread = [name for name in found if name and name not in astuple(columns)]
    return [
        f"no column is known for {role}, and these are not read: {', '.join(unread[:_SHOWN_COLUMNS])}; {_advice(role)}"
        for role in ("image", "hashtags")
        if unread and getattr(columns, role) is None
    ]


def _usual(role: str, found: Sequence[str], taken: set[str]) -> str | None:
    names = (_named_like(usual, found, taken) for usual in _USUAL[role])
    return next((name for name in names if name is not None), None)


def _named_like(usual: str, found: Sequence[str], taken: set[str]) -> str | None:
    return next((name for name in found if name.casefold() == usual and name not in taken), None)


def _listed(found: Sequence[str]) -> str:
    shown = [name if name.isprintable() else repr(name) for name in found[:_SHOWN_COLUMNS] if name]
    more = ", ..." if len(found) > _SHOWN_COLUMNS else ""
    return f"its columns are: {', '.join(shown)}{more}" if shown else "it has no columns"


def _advice(*roles: str) -> str:
    return "name it with " + " or ".join(f"{_OPTIONS[role]} NAME" for role in roles)
