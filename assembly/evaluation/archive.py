"""The posts that systems are judged on: read, encoded once for all systems, and parted."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, get_args

from ...core.errors import HomeError, SettingsError, describe
from ...core.post import Post
from ...core.program import program
from ...core.progress import Progress
from ...core.protocols import PostReader
from ...db.database import open_database
from ...db.rejects import REJECTS, Rejects
from ...eval.runs.splits import Drawn, IsUsable, Split, draw_split, read_split
from ...index.snapshots.build import ChannelPlan, embed
from ...retrieval.encoders.profiles import EncoderSpec
from ..partial_build import EncodedPosts, encoded_posts

DATABASE = "archive.sqlite"
FEATURES = "features"

_SCRATCH = "product-"  # begins the names of folders for indexes that are judged


@contextmanager
def scratch_folder(out: Path) -> Iterator[Path]:
    """A folder within `out`, both made, that is gone afterwards. Raises HomeError where they cannot be written."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        for left in out.glob(f"{_SCRATCH}*"):  # by a run that was killed
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=_SCRATCH) as scratch:
            yield Path(scratch)
    except OSError as error:
        raise HomeError(f"{out} cannot be written: {describe(error)}") from error


def read_archive(
    out: Path, plans: Mapping[EncoderSpec, ChannelPlan], reader: PostReader, progress: Progress
) -> EncodedPosts:
    """Posts into a database of their own, through the encoders: what was encoded before is not encoded again."""
    rejects = Rejects(reader, out / REJECTS)
    with open_database(f"sqlite:///{(out / DATABASE).resolve()}") as database:
        store = database.posts
        try:
            store.ingest(reader.source, rejects.sift(frozenset()))
            rejects.set_unreadable(embed(store, list(plans.values()), progress).unreadable)
        finally:
            rejects.write()
        return encoded_posts(store, plans)


def split_archive(archive: EncodedPosts, split: str, allow_leaks: bool, is_usable: IsUsable) -> Split:
    """split: how posts are parted, or a file; see `eval.runs.splits`. is_usable: see there, too.

    Raises SettingsError where it is neither, and as the functions there do.
    """
    if split in get_args(Drawn):
        drawn: Any = split
        return draw_split(archive.posts, drawn, archive.clusters, allow_leaks=allow_leaks, is_usable=is_usable)
    if not Path(split).is_file():
        ways = ", ".join(get_args(Drawn))
        raise SettingsError(f"split is {split!r}, which is neither {ways} nor a file of posts and parts")
    return read_split(Path(split), archive.posts, archive.clusters, allow_leaks=allow_leaks, is_usable=is_usable)


def identity(
    task: Literal["hashtags", "captions"],
    parts: Sequence[Sequence[Post]],
    origin: str,
    archive: EncodedPosts,
    backbone: str,
) -> dict[str, Any]:
    """All that outcomes depend on, apart from the system and its seed.

    parts: posts to learn from, to validate and to be judged on. origin: how they were parted.
    """
    posts = sha256()
    for part in parts:
        for post in part:
            posts.update(repr((post.post_id, post.caption, post.hashtags, post.digests("image"))).encode())
    return {
        "program": program(),
        "task": task,
        "split": origin,
        "posts": posts.hexdigest(),
        "encoders": [str(encoder.fingerprint) for encoder in archive.encoders.values()],
        "backbone": backbone,
    }
