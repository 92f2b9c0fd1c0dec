"""Forgetting: the posts of an author leave database and index for good."""

from dataclasses import asdict, dataclass
from typing import Any

from ...core.errors import NotFoundError, SourceError
from ...core.progress import Progress, Silent
from ...index.snapshots.build import Draft, embed
from ...index.snapshots.snapshot import current_snapshot, drop_others, withdraw
from ...index.snapshots.verify import FORGET
from ..home import Home
from ..refresh.build import plans_of, publish_index
from ..refresh.checks import check_soundness, refuse
from ..refresh.shards import keep_shards
from .kept_photos import delete_unused


@dataclass(frozen=True, slots=True)
class Forgotten:
    """posts: how many were deleted. snapshot: the index without them; None where nothing is left to suggest from."""

    posts: int
    snapshot: str | None

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


def forget_author(home: Home, author: str, progress: Progress | None = None) -> Forgotten:
    """Delete all posts of an author from the database, and publish an index without them; older ones are deleted.

    Raises NotFoundError if no post is by that author.
    """
    folder, progress = home.existing(), progress or Silent()
    with home.run(FORGET) as run, home.database() as database:
        # First, so that nothing is deleted where no index could be made without it.
        plans = plans_of(current_snapshot(folder).manifest.channels, home.settings)
        photos = database.posts.photos_by(author)
        try:
            deleted = database.posts.forget_author(author)
        except NotFoundError:
            run.reason = "no post is by that author"  # who is not named where others are forgotten
            raise
        run.counts["removed"] = deleted
        delete_unused(home, database, photos)
        # What a build that was stopped has left undone, and in shards, which may be of these posts.
        keep_shards(database.posts, folder, plans)
        embed(database.posts, plans, progress)

        def accept(draft: Draft) -> None:
            refuse(check_soundness(draft, database.posts), run)

        try:
            # What was rolled back is deleted with the rest, so nothing is left that a rollback could hold back.
            manifest = publish_index(home, database, plans, progress, accept, ends_rollback=True).manifest
        except SourceError:
            withdraw(folder)
            return Forgotten(deleted, None)
        drop_others(folder, manifest.snapshot)
    return Forgotten(deleted, manifest.snapshot)
