"""The posts of an archive one by one: those that a person adds, corrects and removes, and a look at all of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from ...core.advice import LIST_POSTS, LIST_SOURCES, NAME_CHANGES, NAME_HASHTAGS, NAME_SOURCE, OTHER_ID
from ...core.errors import NotFoundError, PhotoError, SettingsError
from ...core.paths import in_any_form
from ...core.pipeline import encode_stream
from ...core.post import ADDED, Photo, Post, Reject
from ...core.protocols import AddOutcome, Fingerprint, StoredPost
from ...db.database import Database
from ...db.readers.columns import Columns
from ...db.readers.fields import PostMaker
from ...db.readers.invalid_row import InvalidRow
from ...db.readers.photos import PhotoFinder
from ...index.snapshots.snapshot import Snapshot, current_snapshot, serving_snapshot
from ..hashtag_names import keep_names_for
from ..home import Home
from .kept_photos import delete_unused, keep_photos


@dataclass(frozen=True, slots=True)
class PostChange:
    """What became of one post.

    indexed: whether the index that serves was built with the post as it was before. That speaks for no suggestion any
    more, but what was learned from it stays until the next index.
    """

    post_id: str
    outcome: AddOutcome | Literal["removed"]
    indexed: bool = False

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        fields = {"post": self.post_id, "outcome": self.outcome, "indexed": self.indexed}
        return fields | ({"new": self.outcome == "added"} if self.outcome != "removed" else {})


def add_post(
    home: Home,
    photos: Sequence[Path | bytes],
    text: str,
    hashtags: str,
    *,
    author: str | None = None,
    posted_at: str | None = None,
    post_id: str | None = None,
) -> PostChange:
    """Put one post into the database, with its vectors, so that the next suggestion finds it.

    photos: files, which stay where they are, or the bytes of files, which the home keeps. post_id: by which it is
    known; without, by its photos and caption. One that is known already is corrected.
    Raises NoIndexError if no index was built, SettingsError on a post that cannot be taken, PhotoError on a photo that
    cannot be read.
    """
    snapshot = current_snapshot(home.existing())
    make_post((), text, hashtags, author, posted_at, post_id)  # before a photo is kept for it
    files = keep_photos(home, photos)
    post = make_post(files, text, hashtags, author, posted_at, post_id)
    with home.database_to_write() as database:
        before = database.posts.photos_of(ADDED, post.post_id)
        try:
            return _keep(home, database, snapshot, post, files, by_content=post_id is None)
        finally:
            delete_unused(home, database, [*before, *post.photos])


def edit_post(
    home: Home,
    post_id: str,
    photos: Sequence[Path] = (),
    *,
    source: str | None = None,
    text: str | None = None,
    hashtags: str | None = None,
    author: str | None = None,
    posted_at: str | None = None,
) -> PostChange:
    """Change a post that was added: what is told takes the place of what it has, an empty text takes it away.

    source: see `show_post`. Raises SettingsError on a post of a source that is read, and if nothing is told,
    NotFoundError if there is no such post.
    """
    if not photos and text is hashtags is author is posted_at is None:
        raise SettingsError("there is nothing to change", NAME_CHANGES)
    snapshot = current_snapshot(home.existing())
    with home.database_to_write() as database:
        stored = _own(database, post_id, source)
        kept = " ".join(f"#{hashtag}" for hashtag in stored.hashtags)
        post = make_post(
            photos,
            stored.caption if text is None else text,
            kept if hashtags is None else hashtags,
            author,
            posted_at,
            stored.post_id,
        )
        # What is not told is not read again: a caption may look like an absent value.
        post = replace(
            post,
            photos=post.photos or stored.photos,
            caption=stored.caption if text is None else post.caption,
            author=stored.author if author is None else post.author,
            posted_at=stored.posted_at if posted_at is None else post.posted_at,
        )
        if not post.photos and not post.caption:
            raise SettingsError("the post would have no photo and no caption: give a photo, a caption, or both")
        known = {*stored.digests("image"), *stored.digests("text")}  # which have vectors, though a file may be gone
        change = _keep(home, database, snapshot, post, photos, known=known)
        delete_unused(home, database, stored.photos)
        return change


def remove_post(home: Home, post_id: str, *, source: str | None = None) -> PostChange:
    """Delete a post that was added, for good. source: see `show_post`.

    Raises SettingsError on a post of a source that is read, NotFoundError if there is no such post.
    """
    snapshot = serving_snapshot(home.existing(), every_byte=False)
    with home.database_to_write() as database:
        key = _found(database, post_id, source).key
        post = _own(database, post_id, source)
        database.posts.remove_added(key)
        delete_unused(home, database, post.photos)
    return PostChange(post_id, "removed", _holds(snapshot, key))


def list_posts(
    home: Home, count: int = 20, *, source: str | None = None, author: str | None = None, text: str = ""
) -> list[StoredPost]:
    """The newest posts of the archive, by date.

    source: the name of one, or its path. author: in any composition. text: what their caption or hashtags hold.
    """
    with _reading(home) as database:
        return database.posts.newest(count, _source_named(database, source), author, text)


def show_post(home: Home, post_id: str, *, source: str | None = None) -> StoredPost:
    """The post of an id. source: the name of its source, or its path, since ids are unique within a source only.

    Raises NotFoundError if there is none, SettingsError if there is more than one.
    """
    with _reading(home) as database:
        return _found(database, post_id, source)


def make_post(
    photos: Sequence[Path],
    text: str,
    hashtags: str,
    author: str | None = None,
    posted_at: str | None = None,
    post_id: str | None = None,
) -> Post:
    """A post as a reader would make it of a row, known by its id, else by its photos and caption."""
    if post_id is not None and not post_id.strip():
        raise SettingsError("the id is empty", OTHER_ID)
    post_id = post_id and post_id.strip()
    row = {"text": text, "hashtags": hashtags, "id": post_id, "author": author, "posted_at": posted_at}
    columns = Columns(None, "text", "hashtags", "id", "author", "posted_at")
    made = PostMaker(ADDED, Path(), columns, for_queries=False).make(1, row)
    if isinstance(made, Reject):
        raise SettingsError(f"the post cannot be stored: {made.reason}", made.advice)
    if made.flaws:
        raise SettingsError(f"the post cannot be stored: {made.flaws[0].reason}", made.flaws[0].advice)
    if not made.hashtags:
        raise SettingsError("the post has no hashtag", NAME_HASHTAGS)
    made = replace(made, photos=find_photos(photos))
    if post_id is not None:
        return replace(made, post_id=post_id)  # as it is written, even if an archive's `nan` is none
    held = repr((made.caption, made.digests("image")))
    return replace(made, post_id=f"{ADDED}-{sha256(held.encode()).hexdigest()[:12]}")


def find_photos(paths: Sequence[Path]) -> tuple[Photo, ...]:
    """The photos of files. Raises SettingsError on what is no file."""
    try:
        whole = [in_any_form(path).resolve() for path in paths]
        return tuple(PhotoFinder(path.parent).find(Path(path.name)) for path in whole)
    except InvalidRow as reason:
        raise SettingsError(f"the post cannot be stored: {reason}", reason.advice) from None


def _keep(
    home: Home,
    database: Database,
    snapshot: Snapshot,
    post: Post,
    photos: Sequence[Path],
    *,
    by_content: bool = False,
    known: set[str] | None = None,
) -> PostChange:
    """known: digests of contents that have vectors already."""
    made = list(_encoded(home, snapshot, post, photos, known or set()))
    keep_names_for(home, snapshot.manifest, post.hashtags, database.posts)  # before a process that follows looks
    taken = database.posts.add(post, made, by_content=by_content)
    return PostChange(taken.stored.post.post_id, taken.outcome, _holds(snapshot, taken.before))


def _encoded(
    home: Home, snapshot: Snapshot, post: Post, photos: Sequence[Path], known: set[str]
) -> Iterator[tuple[Fingerprint, str, Any]]:
    """The vectors of a post in all channels whose vectors are stored."""
    for record in snapshot.manifest.channels:
        encoder = home.encoder(record)
        if not encoder.stored:
            continue
        contents = zip(post.digests(encoder.modality), post.contents(encoder.modality), strict=True)
        for batch in encode_stream(encoder, (content for content in contents if content[0] not in known)):
            if batch.failures:
                damaged, reason = batch.failures[0]
                raise PhotoError(f"{photos[post.digests('image').index(damaged)]}: {reason}")
            for i, digest in enumerate(batch.keys):
                if batch.vectors is not None:
                    yield encoder.fingerprint, digest, batch.vectors[i : i + 1]


def _holds(snapshot: Snapshot | None, key: int | None) -> bool:
    return snapshot is not None and key is not None and bool((snapshot.archive.keys == key).any())


def _reading(home: Home) -> Database:
    home.existing()
    home.check_database()
    return home.database()


def _own(database: Database, post_id: str, source: str | None) -> Post:
    """A post that was added one by one. Raises SettingsError on any other."""
    post = _found(database, post_id, source).post
    if post.source != ADDED:
        raise SettingsError(
            f"post {post_id} is from {post.source}; change it there, because the next refresh reads it from there again"
        )
    return post


def _found(database: Database, post_id: str, source: str | None) -> StoredPost:
    named = _source_named(database, source)
    post_id = post_id.strip()  # as it is kept
    found = [stored for stored in database.posts.find(post_id) if named in (None, stored.post.source)]
    if not found:
        of = f" of {named}" if named else ""
        raise NotFoundError(f"there is no post {post_id!r}{of}", LIST_POSTS)
    if len(found) > 1:
        sources = ", ".join(stored.post.source for stored in found)
        raise SettingsError(f"post {post_id} is in several sources: {sources}", NAME_SOURCE)
    return found[0]


def _source_named(database: Database, source: str | None) -> str | None:
    """A source's name as the database has it, of a name or a path."""
    if source is None:
        return None
    names = {known.name for known in database.sources.known()}
    for name in (source, str(Path(source).resolve())):
        if name in names or name == ADDED:
            return name
    raise NotFoundError(f"no source is called {source!r}", LIST_SOURCES)
