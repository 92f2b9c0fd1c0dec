"""Bringing the database in line with what a source holds now."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from unicodedata import normalize

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from ..core.errors import DatabaseError, SettingsError
from ..core.pipeline import batches
from ..core.post import Post, Response, caption_digest
from ..core.protocols import Ingested
from .tables import ForgottenAuthorRow, PhotoRow, PostRow, ResponseRow

CHUNK = 500  # rows a statement; SQLite takes 999 parameters in its older releases

_RESPONSE = (ResponseRow.likes, ResponseRow.comments, ResponseRow.views)  # in the order of the fields of `Response`


def author_digest(author: str) -> str:
    """SHA-256 (hex) of an author's name, the same however its letters are composed."""
    return sha256(normalize("NFC", author.strip()).encode(errors="surrogatepass")).hexdigest()


def forgotten_authors(connection: Connection) -> frozenset[str]:
    """The `author_digest` of all authors of whom no post is taken in any more."""
    return frozenset(connection.scalars(select(ForgottenAuthorRow.digest)))


class Ingest:
    """One reading of one source, within the transaction of `connection`.

    Memory: one number for each post that the source had before.
    A response that has changed is kept, and makes no post another one: nothing is encoded or built for it.
    keeps: whether it changes the database, or only tells what it would change; then `photos` and `captions` are the
    digests of the contents of posts that are new or changed, and `known` and `new` as those of `Compared`.
    Raises SettingsError on a post of a forgotten author; a source's `Rejects` keep these away.
    """

    def __init__(self, connection: Connection, source: str, keeps: bool = True) -> None:
        self._connection = connection
        self._source = source
        self._keeps = keeps
        self.photos: set[str] = set()
        self.captions: set[str] = set()
        self.known: dict[int, str | None] = {}
        self.new = 0
        active = select(PostRow.id).where(PostRow.source == source, PostRow.removed_at.is_(None))
        self._unseen = set(connection.scalars(active))
        self._forgotten = forgotten_authors(connection)
        self._added = self._updated = self._unchanged = 0
        self.responds_anew = False  # whether any response is another one than before

    def add(self, post: Post) -> bool:
        """Add or update one post, and mark none as removed. Returns whether that changed anything."""
        self._take([post])
        return not self._unchanged

    def run(self, posts: Iterable[Post]) -> Ingested:
        """Add, update, and mark as removed what does not come."""
        for chunk in batches(posts, CHUNK):
            self._take(chunk)
        removed = len(self._unseen)
        self.known |= {} if self._keeps else dict.fromkeys(self._unseen)
        for keys in batches(self._unseen if self._keeps else (), CHUNK):
            gone = update(PostRow).where(PostRow.id.in_(keys)).values(removed_at=datetime.now(UTC))
            self._connection.execute(gone)
        return Ingested(self._added, self._updated, self._unchanged, removed)

    def _take(self, posts: Sequence[Post]) -> None:
        rows = {post.post_id: self._row(post) for post in posts}
        if len(rows) < len(posts):
            raise self._comes_twice(Counter(post.post_id for post in posts).most_common(1)[0][0])
        stored = self._connection.execute(
            select(PostRow.id, PostRow.post_id, PostRow.content_digest, PostRow.removed_at, *_RESPONSE)
            .outerjoin(ResponseRow, ResponseRow.post_key == PostRow.id)
            .where(PostRow.source == self._source, PostRow.post_id.in_(rows))
        )
        changed: list[dict[str, Any]] = []
        outdated: list[int] = []
        responses = {post.post_id: post.response for post in posts if post.response != Response()}
        for key, post_id, content_digest, removed_at, *counts in stored:
            row = rows.pop(post_id)
            if Response(*counts) == responses.get(post_id, Response()):
                responses.pop(post_id, None)
            else:
                outdated.append(key)
            if removed_at is None and key not in self._unseen:
                raise self._comes_twice(post_id)
            self._unseen.discard(key)
            if removed_at is None and row["content_digest"] == content_digest:
                self._unchanged += 1
                continue
            if removed_at is None:
                self._updated += 1
            else:
                self._added += 1
            changed.append(row | {"key": key})
        self._added += len(rows)
        told = {*rows, *(row["post_id"] for row in changed)}
        if not self._keeps:
            self.known |= {row["key"]: row["content_digest"] for row in changed}
            self.new += len(rows)
            for post in posts:
                if post.post_id in told:
                    self.photos |= set(post.digests("image"))
                    self.captions |= set(post.digests("text"))
            return
        if rows:
            self._connection.execute(insert(PostRow), list(rows.values()))
        if changed:
            self._connection.execute(update(PostRow).where(PostRow.id == bindparam("key")), changed)
        self._keep_photos({post.post_id: post for post in posts if post.post_id in told})
        self._keep_responses(responses, outdated)

    def _keys(self, posts: Iterable[str]) -> dict[str, int]:
        """The keys of posts, by id."""
        ours = select(PostRow.post_id, PostRow.id).where(PostRow.source == self._source, PostRow.post_id.in_(posts))
        return {post_id: key for post_id, key in self._connection.execute(ours)}

    def _keep_responses(self, responses: Mapping[str, Response], outdated: Sequence[int]) -> None:
        """Keep these, by id of their posts, in the place of those of the keys `outdated`."""
        if outdated:
            self._connection.execute(delete(ResponseRow).where(ResponseRow.post_key.in_(outdated)))
        if responses:
            keys = self._keys(responses)
            rows = [{"post_key": keys[post_id], **asdict(response)} for post_id, response in responses.items()]
            self._connection.execute(insert(ResponseRow), rows)
        self.responds_anew = self.responds_anew or bool(outdated or responses)

    def _keep_photos(self, posts: Mapping[str, Post]) -> None:
        """Exactly the photos of these posts, by id."""
        keys = self._keys(posts)
        self._connection.execute(delete(PhotoRow).where(PhotoRow.post_key.in_(keys.values())))
        photos = [
            {"post_key": keys[post_id], "rank": rank, "path": str(photo.path), "digest": photo.digest}
            for post_id, post in posts.items()
            for rank, photo in enumerate(post.photos)
        ]
        for chunk in batches(photos, CHUNK):
            self._connection.execute(insert(PhotoRow), chunk)

    def _row(self, post: Post) -> dict[str, Any]:
        if post.source != self._source:
            raise ValueError(f"a post of {post.source!r} among those of {self._source!r}")
        if post.author and author_digest(post.author) in self._forgotten:
            raise SettingsError(f"post {post.post_id!r} of {post.source} cannot be stored: its author was forgotten")
        return {
            "source": post.source,
            "post_id": post.post_id,
            "caption": post.caption,
            "hashtags": list(post.hashtags),
            "author": post.author,
            "posted_at": post.posted_at,
            "caption_digest": caption_digest(post.caption),
            "content_digest": content_digest(post),
            "removed_at": None,
            "unreadable": None,
        }

    def _comes_twice(self, post_id: str) -> DatabaseError:
        return DatabaseError(f"post {post_id!r} comes twice in {self._source}; give each post an id of its own")


def content_digest(post: Post) -> str:
    """SHA-256 (hex) over all that a source says of a post but for its response.

    Of at most one photo, as before there were several.
    """
    photos: list[list[str | None]] = [[str(photo.path), photo.digest] for photo in post.photos] or [[None, None]]
    first, *others = photos
    told = [post.source, post.post_id, post.caption, list(post.hashtags), *first, post.author, _moment(post.posted_at)]
    return sha256(json.dumps([*told, *others]).encode()).hexdigest()


def _moment(posted_at: datetime | None) -> str | None:
    """The same text for the same moment in whatever zone it was told."""
    if posted_at is None:
        return None
    return (posted_at if posted_at.tzinfo else posted_at.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
