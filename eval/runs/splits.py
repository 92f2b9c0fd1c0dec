"""Which posts systems learn from, and on which they are judged."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...core.errors import SettingsError
from ...core.post import Post
from ...core.vectors import Rows

Drawn = Literal["group", "random", "author", "time"]
Origin = Literal[Drawn, "file"]

# Whether a post has an answer that could be remembered. A test post whose near-duplicates teach nothing is no leak.
IsUsable: TypeAlias = Callable[[Post], bool]

TEST = 0.2  # of all posts
HARRISON_TEST = 5_000 / 57_383  # as its authors part theirs (Park, Li and Kim, arXiv 1605.05054)
VALIDATION = 0.1  # of the posts that are not test posts

_PARTS = ("train", "validation", "test")
_FEW = 30  # test posts, of which figures say little


def has_hashtags(post: Post) -> bool:
    """Whether a system can learn from a post which hashtags to suggest."""
    return bool(post.hashtags)


@dataclass(frozen=True, slots=True)
class Split:
    """Every post's part: rows, ascending, of which each is in one, or was dropped.

    origin: how they were parted. leaks: test posts with a near-duplicate among the others. dropped: posts of no part,
    which were to be test posts, but have a near-duplicate among the others.
    """

    origin: Origin
    train: Rows
    validation: Rows
    test: Rows
    leaks: int
    dropped: int = 0

    def notes(self) -> list[str]:
        """What a person should know of it."""
        if not self.dropped:
            return []
        note = (
            f"{self.dropped:,} of {self.dropped + len(self.test):,} test posts are left out: each has a near-duplicate"
            " among the training posts, so it would only test memory"
        )
        few = f"; the {len(self.test):,} that remain are few, so the figures are uncertain"
        return [note + (few if len(self.test) < _FEW else "")]

    def to_json(self, posts: Sequence[Post]) -> dict[str, Any]:
        """For a report. posts: those that were split.

        Equal digests: the same test posts, in the same order; of `test_posts_digest` also if their archive has moved.
        `test_digest` is for comparison with reports of release 0.1, which have no other.
        """
        test = [posts[row] for row in self.test]
        ids = "\n".join(f"{post.source}\t{post.post_id}" for post in test)
        contents = repr([(post.post_id, post.caption, post.digests("image")) for post in test])
        return {
            "origin": self.origin,
            **{part: len(getattr(self, part)) for part in _PARTS},
            "leaks": self.leaks,
            "dropped": self.dropped,
            "test_digest": sha256(ids.encode()).hexdigest(),
            "test_posts_digest": sha256(contents.encode()).hexdigest(),
        }


def draw_split(
    posts: Sequence[Post],
    by: Drawn,
    clusters: Rows,
    *,
    allow_leaks: bool = False,
    is_usable: IsUsable = has_hashtags,
    seed: int = 0,
    test_part: float = TEST,
) -> Split:
    """Part posts, and carve validation posts from the training posts in the same manner.

    by: `group`: near-duplicates stay together. `random`: every post for itself. `author`: an author's posts stay
    together. `time`: the latest are test posts, those before them validation posts; those of one moment stay together.
    clusters: (n,) the near-duplicates' numbers. Posts that stay together but are too many for a part remain in
    training. A test post with a near-duplicate outside the test part is dropped, unless leaks are allowed: moved to
    training, it would tell what is not known yet. is_usable: which posts can leak. test_part: of all posts, in (0, 1).
    Deterministic. Raises SettingsError if posts lack what is needed, if a part would be empty, and if every test post
    would be dropped.
    """
    together = _together(posts, by, clusters)
    usable = _usable(posts, is_usable)
    rng = None if by == "time" else np.random.default_rng(seed)
    everyone = np.arange(len(posts), dtype=np.int64)
    test = _carve(everyone, together, test_part, rng)
    rest = np.setdiff1d(everyone, test)
    validation = _carve(rest, together, VALIDATION, rng)
    return _checked(by, np.setdiff1d(rest, validation), validation, test, clusters, usable, allow_leaks)


def read_split(
    path: Path,
    posts: Sequence[Post],
    clusters: Rows,
    *,
    allow_leaks: bool = False,
    is_usable: IsUsable = has_hashtags,
    seed: int = 0,
) -> Split:
    """A split as a file gives it: CSV in UTF-8 with the columns `post` (its id) and `part`.

    part: train, validation or test; without validation posts, these are carved from training by near-duplicates. Raises
    SettingsError where the file cannot be read or does not name every post once, and as `draw_split` does.
    """
    part_of = _parts(path)
    ids = [post.post_id for post in posts]
    if len(set(ids)) < len(ids):
        raise SettingsError(f"{path} names posts by their ids, but posts of several sources share one")
    if differing := sorted(part_of.keys() ^ set(ids)):
        where = "is not among the posts" if differing[0] in part_of else f"has no part in {path}"
        raise SettingsError(f"post {differing[0]!r} {where}, one of {len(differing)}; {path} must name every post once")
    train, validation, test = (
        np.asarray([row for row, post_id in enumerate(ids) if part_of[post_id] == part], dtype=np.int64)
        for part in _PARTS
    )
    if not len(validation):
        validation = _carve(train, clusters, VALIDATION, np.random.default_rng(seed))
        train = np.setdiff1d(train, validation)
    return _checked("file", train, validation, test, clusters, _usable(posts, is_usable), allow_leaks)


def _together(posts: Sequence[Post], by: Drawn, clusters: Rows) -> Rows:
    """(n,): equal numbers for posts that stay together, for `time` in its order."""
    if by == "group":
        return clusters
    if by == "random":
        return np.arange(len(posts), dtype=np.int64)
    known = [post.author if by == "author" else _moment(post) for post in posts]
    if missing := known.count(None):
        lacking = "have no author" if by == "author" else "carry no date"
        raise SettingsError(f"{missing} of {len(posts)} posts {lacking}; split them by group")
    return np.unique(np.asarray(known), return_inverse=True)[1].astype(np.int64)


def _moment(post: Post) -> float | None:
    """Seconds since 1970 UTC, which a time without a zone is taken to be in."""
    moment = post.posted_at
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() if moment else None


def _carve(rows: Rows, together: Rows, part: float, rng: np.random.Generator | None) -> Rows:
    """That part of the rows at most, ascending: of random ones, or without `rng` of the highest in `together`."""
    numbers, sizes = np.unique(together[rows], return_counts=True)
    order = np.arange(len(numbers))[::-1] if rng is None else rng.permutation(len(numbers))
    room = int(part * len(rows))
    taken = []
    for place in order.tolist():
        if sizes[place] <= room:
            taken.append(place)
            room -= sizes[place]
        elif rng is None:
            break
    return rows[np.isin(together[rows], numbers[taken])]


def _checked(
    origin: Origin,
    train: Rows,
    validation: Rows,
    test: Rows,
    clusters: Rows,
    usable: NDArray[np.bool_],
    allow_leaks: bool,
) -> Split:
    """usable: (n,) whether a system can learn from each post."""
    for part, rows in zip(_PARTS, (train, validation, test), strict=True):
        if not len(rows):
            raise SettingsError(f"the split by {origin} leaves no {part} posts; there are too few separate posts")
    learned = np.concatenate([train, validation])
    leaking = np.isin(clusters[test], clusters[learned[usable[learned]]])
    if allow_leaks:
        return Split(origin, train, validation, test, int(leaking.sum()))
    if leaking.all():
        raise SettingsError(
            f"each of the {len(test)} test posts has a near-duplicate among the training posts, so none"
            " is left to test; split by group, or allow leaks"
        )
    return Split(origin, train, validation, test[~leaking], 0, int(leaking.sum()))


def _usable(posts: Sequence[Post], is_usable: IsUsable) -> NDArray[np.bool_]:
    return np.asarray([is_usable(post) for post in posts], dtype=np.bool_)


def _parts(path: Path) -> dict[str, str]:
    """The part of each post named, by its id."""
    part_of: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            if not {"post", "part"} <= set(table.fieldnames or ()):
                raise SettingsError(f"{path} must have the columns post and part")
            for row in table:
                post_id, part = row.get("post"), row.get("part")
                if post_id is None or part not in _PARTS:
                    raise SettingsError(f"{path} must have the columns post and part: train, validation or test")
                if post_id in part_of:
                    raise SettingsError(f"{path} names post {post_id!r} twice")
                part_of[post_id] = part
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(f"cannot read the split {path}: {error}") from error
    return part_of
