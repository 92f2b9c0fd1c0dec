"""What instaloader downloads: photos, captions (`.txt`) and metadata (`.json.xz` or `.json`) side by side."""

import json
import lzma
import re
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.advice import IN_CAPTIONS_AND_COMMENTS, Advice
from ...core.hashtags import take_out_hashtags
from ...core.post import MEASURES, Flaw
from .folders import MAX_SMALL_FILE, PHOTO_SUFFIXES, VIDEO_SUFFIXES, leftovers, read_caption, read_small, walk
from .invalid_row import InvalidRow, shown
from .rows import BrokenRow, FlawedRow, Row

_METADATA = re.compile(r"(.+)\.json\.xz|(.+_UTC)\.json")  # whatever lies beside
_OTHER_METADATA = re.compile(r"(.+)\.json")  # under a name of one's own (`--filename-pattern={shortcode}`)
_CAPTION = re.compile(r".+_UTC\.txt")
_COMMENTS = "_comments.json"
_BESIDE = PHOTO_SUFFIXES | VIDEO_SUFFIXES | {".txt"}
_TRIED = 5  # files of a folder that are opened to see whether instaloader wrote them
_MAX_MEMORY = 256_000_000  # bytes that unpacking may take; xz asks for 65,000,000 at its highest setting
_HIDDEN = -1
# Where the web site and the apps of Instagram tell counts.
_COUNTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "likes": (("edge_media_preview_like", "count"), ("edge_liked_by", "count"), ("like_count",)),
    "comments": (
        ("edge_media_to_parent_comment", "count"),
        ("edge_media_to_comment", "count"),
        ("comment_count",),
        ("comments",),
    ),
    "views": (("video_view_count",), ("view_count",), ("play_count",), ("video_play_count",)),
}
_NOT_CAPTIONS = ("_location.txt",)
_NUMBER = re.compile(r"(.+)_(\d{1,4})")  # the further photos of a post: `2024-01-05_09-30-00_UTC_2.jpg`


class InstaloaderFolder:
    """One row for each post in a folder or below it, with all its photos; its files differ in their endings alone.

    What the post's author writes in the first comment counts as hashtags, as it is often meant. Stories and profiles,
    which have no captions, are left out.
    """

    def __init__(self, folder: Path, encoding: str | None) -> None:
        self._folder = folder
        self._encoding = encoding
        self._no_posts: dict[Path, set[str]] | None = None  # names by folder, once they have been read

    @property
    def columns(self) -> Sequence[str]:
        """Those of every post."""
        return ("image", "text", "hashtags", "id", "author", "posted_at", *MEASURES)

    def rows(self) -> Iterator[Row]:
        """Every post, folder by folder, in the order of their names, which is that of their times."""
        no_posts: dict[Path, set[str]] = {}
        for folder, names in walk(self._folder):
            files = _Files.of(folder, names, self._folder)
            for post in files.posts:
                row = self._row(files, post)
                if row is not None:
                    yield row
                else:
                    no_posts.setdefault(folder, set()).add(post)
        self._no_posts = no_posts

    @property
    def advice(self) -> Advice:
        """Where hashtags are looked for."""
        return IN_CAPTIONS_AND_COMMENTS

    def notes(self) -> Sequence[str]:
        """What lies in the folder and is not read, such as stories."""
        if self._no_posts is None:
            deque(self.rows(), maxlen=0)
        no_posts = self._no_posts or {}

        def used(folder: Path, names: Sequence[str]) -> set[str]:
            return _Files.of(folder, names, self._folder).used(no_posts.get(folder, set()))

        return leftovers(self._folder, used)

    def _row(self, files: "_Files", post: str) -> Row | None:
        """None of what is no post."""
        folder = files.folder
        flaws: list[Flaw] = []
        try:
            told = self._told(folder / files.described[post]) if post in files.described else {}
        except InvalidRow as reason:
            if post not in files.captions:
                return BrokenRow(str(reason))
            told = {}
            flaws.append(Flaw("id", str(reason), reason.advice))
        if told is None:
            return None
        if post in files.captions:
            try:
                told["text"] = read_caption(folder / files.captions[post], self._folder, self._encoding)
            except InvalidRow as reason:
                flaws.append(Flaw("caption", str(reason), reason.advice))
        if post in files.comments:
            try:
                told["hashtags"] = self._first_comment(folder / files.comments[post], told.get("author"))
            except InvalidRow as reason:
                flaws.append(Flaw("hashtags", str(reason), reason.advice))
        told["image"] = [folder.relative_to(self._folder) / photo for photo in files.photos.get(post, ())]
        return FlawedRow(told, tuple(flaws)) if flaws else told

    def _first_comment(self, path: Path, author: object) -> list[str]:
        """The hashtags of the earliest comment that the post's author wrote; none if who that is is not known."""
        comments = _json_of(path, self._folder)
        own = [
            comment
            for comment in (comments if isinstance(comments, list) else [])
            if author and author in (_within(comment, "owner", "username"), _within(comment, "owner", "id"))
        ]
        moments = [(moment if isinstance(moment := comment.get("created_at"), int) else 0) for comment in own]
        text = own[moments.index(min(moments))].get("text") if own else None
        return take_out_hashtags(text)[1] if isinstance(text, str) else []

    def _told(self, path: Path) -> dict[str, object] | None:
        """The fields of a post; None where the metadata are not of one. Raises InvalidRow where they cannot be read."""
        name = shown(str(path.relative_to(self._folder)))
        described = _json_of(path, self._folder)
        node = _within(described, "node")
        kind = _within(described, "instaloader", "node_type")
        if not isinstance(node, dict):
            raise InvalidRow(f"{name} is no metadata of instaloader: it has no 'node'")
        if kind not in (None, "Post"):
            return None
        return {
            "id": _first(node, ("shortcode",), ("code",)),
            "author": _first(node, ("owner", "username"), ("user", "username"), ("owner", "id")),
            "posted_at": _first(node, ("date",), ("taken_at_timestamp",), ("taken_at",)),
            "text": _first(
                node, ("edge_media_to_caption", "edges", 0, "node", "text"), ("caption", "text"), ("caption",)
            ),
            **_response(node),
        }


@dataclass(frozen=True, slots=True)
class _Files:
    """What lies in one folder, by post: its metadata, caption, comments and photos in their order."""

    folder: Path
    described: Mapping[str, str]
    captions: Mapping[str, str]
    comments: Mapping[str, str]
    photos: Mapping[str, Sequence[str]]

    @property
    def posts(self) -> Sequence[str]:
        """All posts, described or not, in the order of their names."""
        undescribed = {post for post in self.captions if post in self.photos or post.endswith("_UTC")}
        return sorted(self.described.keys() | undescribed)

    @classmethod
    def of(cls, folder: Path, names: Sequence[str], root: Path) -> "_Files":
        """names: of the files in the folder."""
        described = {found[1] or found[2]: name for name in names if (found := _METADATA.fullmatch(name))}
        others = _described_beside(names)
        if any(_is_written_by_instaloader(folder / name, root) for name in others[:_TRIED]):
            for name in others:
                described.setdefault(name.removesuffix(".json"), name)
        captions = {name[:-4]: name for name in names if name.endswith(".txt") and not name.endswith(_NOT_CAPTIONS)}
        comments = {name.removesuffix(_COMMENTS): name for name in names if name.endswith(_COMMENTS)}
        return cls(folder, described, captions, comments, _photos(names, described.keys() | captions.keys()))

    def used(self, no_posts: Collection[str]) -> set[str]:
        """The names of all files that belong to a post. no_posts: what turned out to be none."""
        posts = [post for post in self.posts if post not in no_posts]
        used = {photo for post in posts for photo in self.photos.get(post, ())}
        for files in (self.described, self.captions, self.comments):
            used |= {files[post] for post in posts if post in files}
        return used


def is_instaloader(folder: Path, names: Sequence[str], root: Path) -> bool:
    """Whether instaloader has left something in a folder of these files."""
    if any(_METADATA.fullmatch(name) or _CAPTION.fullmatch(name) for name in names):
        return True
    return any(_is_written_by_instaloader(folder / name, root) for name in _described_beside(names)[:_TRIED])


def _described_beside(names: Sequence[str]) -> list[str]:
    """The JSON files of any name that have a text, photo or video of that name beside them."""
    stems = {Path(name).stem for name in names if Path(name).suffix.lower() in _BESIDE}
    stems |= {numbered[1] for stem in stems if (numbered := _NUMBER.fullmatch(stem))}
    return [name for name in names if (found := _OTHER_METADATA.fullmatch(name)) and found[1] in stems]


def _is_written_by_instaloader(path: Path, root: Path) -> bool:
    try:
        return isinstance(_within(_json_of(path, root), "instaloader"), dict)
    except InvalidRow:
        return False


def _json_of(path: Path, root: Path) -> Any:
    """The content of a JSON file, packed or not. Raises InvalidRow if it cannot be read."""
    name = shown(str(path.relative_to(root)))
    content = read_small(path, root)
    try:
        return json.loads(_unpacked(content, name) if path.suffix == ".xz" else content)
    except (ValueError, RecursionError):
        raise InvalidRow(f"{name} is no JSON") from None


def _photos(names: Sequence[str], posts: Collection[str]) -> Mapping[str, Sequence[str]]:
    """The photos of each post by the post's name: the one of that very name, then those with a number, in order."""
    found: dict[str, list[tuple[int, str]]] = {}
    for name in names:
        path = Path(name)
        if path.suffix.lower() not in PHOTO_SUFFIXES:
            continue
        numbered = _NUMBER.fullmatch(path.stem)
        if path.stem in posts:
            found.setdefault(path.stem, []).append((0, name))
        elif numbered and numbered[1] in posts:
            found.setdefault(numbered[1], []).append((int(numbered[2]), name))
    return {post: [name for _, name in sorted(photos)] for post, photos in found.items()}


def _unpacked(packed: bytes, name: str) -> bytes:
    """The content of an xz file. Raises InvalidRow where it is damaged, cut off or too large."""
    unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MAX_MEMORY)
    try:
        content = unpacker.decompress(packed, max_length=MAX_SMALL_FILE + 1)
    except lzma.LZMAError as error:
        raise InvalidRow(f"{name} is damaged: {error}") from None
    if len(content) > MAX_SMALL_FILE:
        raise InvalidRow(f"{name} holds more than {MAX_SMALL_FILE:,} bytes")
    if not unpacker.eof:
        raise InvalidRow(f"{name} is cut off")
    return content


def _response(node: dict[str, object]) -> dict[str, object]:
    """The counts of a post. Where its author hides likes and views, Instagram tells -1 or a few; these are none."""
    found = {measure: _first(node, *places) for measure, places in _COUNTS.items()}
    if node.get("like_and_view_counts_disabled") is True:
        return {"comments": found["comments"]}
    return {measure: count for measure, count in found.items() if count != _HIDDEN}


def _first(node: object, *paths: tuple[str | int, ...]) -> object:
    """The first of several places that holds a text or a number."""
    found = (_within(node, *path) for path in paths)
    return next((value for value in found if isinstance(value, str | int | float) and value != ""), None)


def _within(value: Any, *path: str | int) -> object:
    for step in path:
        fits = isinstance(value, dict) if isinstance(step, str) else isinstance(value, list) and len(value) > step
        if not fits:
            return None
        value = value.get(step) if isinstance(step, str) else value[step]
    return value
