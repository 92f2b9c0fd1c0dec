"""Which column of an archive is what."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass

from ...core.advice import Advice, name_column, other_column
from ...core.errors import SourceError
from ...core.post import MEASURES
from .usual_names import USUAL_NAMES, folded

# In the archives of AMNN the text is called `tweets`, and what the network has to tell, the hashtags, `caption`.
_HASHTAGS_BESIDE_TWEETS = "caption"
OPTIONS = {
    "image": "--image-column",
    "text": "--text-column",
    "hashtags": "--hashtags-column",
    "post_id": "--id-column",
    "author": "--author-column",
    "posted_at": "--posted-at-column",
    "given": "--given-column",
    "likes": "--likes-column",
    "comments": "--comments-column",
    "views": "--views-column",
}
_ROLES = {
    "image": "the photo",
    "text": "the caption",
    "hashtags": "the hashtags",
    "post_id": "the id",
    "author": "the author",
    "posted_at": "the date",
    "given": "the given hashtags",
    "likes": "the number of likes",
    "comments": "the number of comments",
    "views": "the number of views",
}
_NUMBER = re.compile(r"\d{1,3}")
# A column of this name may as well hold the author's; it does where there is a column of one of these.
_NAME = "name"
_BESIDE_NAMES_OF_AUTHORS = frozenset(["username", "screenname", "user", "handle", "account", "nickname"])
_OF_NEW_POSTS = ("image", "text", "author", "given")
_OF_ARCHIVES = ("image", "text", "hashtags", "post_id", "author", "posted_at", *MEASURES)
_SHOWN_COLUMNS = 30


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of the columns that posts are made of; None where one is not told, or not there.

    given: of new posts, the hashtags that they have already. likes, comments, views: numbers of them.
    """

    image: str | None = None
    text: str | None = None
    hashtags: str | None = None
    post_id: str | None = None
    author: str | None = None
    posted_at: str | None = None
    given: str | None = None
    likes: str | None = None
    comments: str | None = None
    views: str | None = None


def find_columns(found: Sequence[str], named: Columns, for_queries: bool) -> Columns:
    """Choose among the columns found: those named by options, else those with usual names (`usual_names`).

    for_queries: look for what a new post has. Its hashtags are in `given` and nowhere else: a column of the usual names
    may hold what a test is to find.
    Raises SourceError where a named column is missing, or where the columns that are there make no posts.
    """
    roles = _OF_NEW_POSTS if for_queries else _OF_ARCHIVES
    told = {role: name for role in roles if (name := getattr(named, role)) is not None}
    for role, name in told.items():
        if name not in found:
            missing = f"there is no column {name!r} for {_ROLES[role]}; {_listed(found)}"
            raise SourceError(missing, other_column(OPTIONS[role]))
    free = {name: folded(name) for name in found if name not in told.values()}
    images = (told["image"],) if "image" in told else _images(free)
    chosen = {role: told.get(role) or _usual(role, free) for role in roles if role != "image"}
    if "hashtags" in roles and chosen["hashtags"] is None and (chosen["text"] or "").casefold() == "tweets":
        chosen["hashtags"] = _named_like(_HASHTAGS_BESIDE_TWEETS, free)
    columns = Columns(image=next(iter(images), None), **chosen)
    if columns.image is None and columns.text is None:
        raise SourceError(f"no column is known for text or image; {_listed(found)}", _advice("text", "image"))
    if not for_queries and columns.hashtags is None and columns.text is None:
        raise SourceError(
            f"no column is known for hashtags, nor for text that may hold some; {_listed(found)}",
            _advice("hashtags", "text"),
        )
    return columns


def further_images(found: Sequence[str], columns: Columns, named: Columns) -> Sequence[str]:
    """The columns of a post's further photos, `image_2`, `image_3` and so on; none beside one that an option names."""
    if named.image is not None or columns.image is None:
        return ()
    free = {name: folded(name) for name in found if name not in astuple(named)}
    return _images(free)[1:]


def missing_columns(found: Sequence[str], columns: Columns) -> list[str]:
    """What a person should know where an archive has no photos or hashtags, but columns that may well be theirs."""
    unread = [name for name in found if name and name not in astuple(columns)]
    return [
        f"no column is known for {role}, and these are not read: {', '.join(unread[:_SHOWN_COLUMNS])}; {_advice(role)}"
        for role in ("image", "hashtags")
        if unread and getattr(columns, role) is None
    ]


def _usual(role: str, free: Mapping[str, str]) -> str | None:
    names = (_named_like(usual, free) for usual in USUAL_NAMES[role])
    return next((name for name in names if name is not None), None)


def _named_like(usual: str, free: Mapping[str, str]) -> str | None:
    return next((name for name, form in free.items() if form == usual), None)


def _images(free: Mapping[str, str]) -> Sequence[str]:
    """The column of photos, or several of one name with numbers behind it, in their order."""
    for usual in USUAL_NAMES["image"]:
        if usual == _NAME and _BESIDE_NAMES_OF_AUTHORS & set(free.values()):
            continue
        numbers = {name: form.removeprefix(usual) for name, form in free.items() if form.startswith(usual)}
        named = {name: int(rest or 0) for name, rest in numbers.items() if not rest or _NUMBER.fullmatch(rest)}
        if named:
            return sorted(named, key=lambda name: named[name])
    return ()


def _listed(found: Sequence[str]) -> str:
    shown = [name if name.isprintable() else repr(name) for name in found[:_SHOWN_COLUMNS] if name]
    more = ", ..." if len(found) > _SHOWN_COLUMNS else ""
    return f"its columns are: {', '.join(shown)}{more}" if shown else "it has no columns"


def _advice(*roles: str) -> Advice:
    return name_column(*(OPTIONS[role] for role in roles))
