"""What instaloader downloads: photos, captions (`.txt`) and metadata (`.json.xz` or `.json`) side by side."""

import json
import lzma
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .folders import MAX_SMALL_FILE, PHOTO_SUFFIXES, read_caption, read_small, walk
from .rows import BrokenRow, Row
from .unfit import Unfit, shown

_METADATA = re.compile(r"(.+)\.json\.xz|(.+_UTC)\.json")
_MAX_MEMORY = 256_000_000  # bytes that unpacking may take; xz asks for 65,000,000 at its highest setting
_NOT_CAPTIONS = ("_location.txt",)
_NUMBER = re.compile(r"(.+)_(\d{1,4})")  # the further photos of a post: `2024-01-05_09-30-00_UTC_2.jpg`


class InstaloaderFolder:
    """One row for each post in a folder or below it; files of one post differ in their endings alone.

    Of several photos the first stands for the post, a video without a picture for none. Stories and profiles, which
    have no captions, are left out.
    """

    def __init__(self, folder: Path, encoding: str | None) -> None:
        self._folder = folder
        self._encoding = encoding

    @property
    def columns(self) -> Sequence[str]:
        """Those of every post."""
        return ("image", "text", "id", "author", "posted_at")

    def rows(self) -> Iterator[Row]:
        """Every post, folder by folder, in the order of their names, which is that of their times."""
        for folder, names in walk(self._folder):
            photos = _first_photos(names)
            captions = {name[:-4] for name in names if name.endswith(".txt") and not name.endswith(_NOT_CAPTIONS)}
            described = {found[1] or found[2]: name for name in names if (found := _METADATA.fullmatch(name))}
            undescribed = {post for post in captions - described.keys() if post in photos or post.endswith("_UTC")}
            for post in sorted(described.keys() | undescribed):
                try:
                    told = self._told(folder / described[post]) if post in described else {}
                    if told is None:
                        continue
                    text = self._caption(folder / (post + ".txt")) if post in captions else told.get("text")
                except Unfit as reason:
                    yield BrokenRow(str(reason))
                    continue
                photo = folder.relative_to(self._folder) / photos[post] if post in photos else ""
                yield {**told, "text": text, "image": str(photo)}

    def notes(self) -> Sequence[str]:
        """Nothing: captions are found out one by one."""
        return []

    def _caption(self, path: Path) -> str:
        return read_caption(path, self._folder, self._encoding)

    def _told(self, path: Path) -> dict[str, object] | None:
        """The fields of a post; None where the metadata are not of one. Raises Unfit where they cannot be read."""
        name = shown(str(path.relative_to(self._folder)))
        try:
            content = read_small(path, self._folder)
            described = json.loads(_unpacked(content, name) if path.suffix == ".xz" else content)
        except (ValueError, RecursionError):
            raise Unfit(f"{name} is no JSON") from None
        node = _within(described, "node")
        kind = _within(described, "instaloader", "node_type")
        if not isinstance(node, dict):
            raise Unfit(f"{name} is no metadata of instaloader: it has no 'node'")
        if kind not in (None, "Post"):
            return None
        return {
            "id": _first(node, ("shortcode",), ("code",)),
            "author": _first(node, ("owner", "username"), ("user", "username"), ("owner", "id")),
            "posted_at": _first(node, ("date",), ("taken_at_timestamp",), ("taken_at",)),
            "text": _first(
                node, ("edge_media_to_caption", "edges", 0, "node", "text"), ("caption", "text"), ("caption",)
            ),
        }


def is_metadata(name: str) -> bool:
    """Whether a file of that name describes a post."""
    return _METADATA.fullmatch(name) is not None


def _first_photos(names: Sequence[str]) -> Mapping[str, str]:
    """The photo of each post by the post's name: the one of that very name, else the one of the lowest number."""
    best: dict[str, tuple[int, str]] = {}
    for name in names:
        path = Path(name)
        if path.suffix.lower() not in PHOTO_SUFFIXES:
            continue
        candidates = [(path.stem, 0)]
        if numbered := _NUMBER.fullmatch(path.stem):
            candidates.append((numbered[1], int(numbered[2])))
        for post, number in candidates:
            best[post] = min(best.get(post, (number, name)), (number, name))
    return {post: name for post, (_, name) in best.items()}


def _unpacked(packed: bytes, name: str) -> bytes:
    """The content of an xz file. Raises Unfit where it is damaged, cut off or too large."""
    unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MAX_MEMORY)
    try:
        content = unpacker.decompress(packed, max_length=MAX_SMALL_FILE + 1)
    except lzma.LZMAError as error:
        raise Unfit(f"{name} is damaged: {error}") from None
    if len(content) > MAX_SMALL_FILE:
        raise Unfit(f"{name} holds more than {MAX_SMALL_FILE:,} bytes")
    if not unpacker.eof:
        raise Unfit(f"{name} is cut off")
    return content


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
