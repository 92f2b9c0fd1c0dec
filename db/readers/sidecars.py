"""What stands beside a photo under its name: a text, XMP, or JSON of a program that fetched it."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from unicodedata import normalize

from ...core.hashtags import read_hashtags
from ...core.post import Flaw
from .folders import PHOTO_SUFFIXES, read_caption, read_small
from .invalid_row import InvalidRow, shown
from .keywords import Described, read_xmp

SUFFIXES = (".txt", ".xmp", ".json")
# What Google puts between the name of a photo and `.json`; a long name costs its end.
_GOOGLE = ".supplemental-metadata"
# Where JSON holds what is said of a photo, the surest first: gallery-dl, Google Photos and their kind.
_CAPTIONS = ("description", "caption", "content", "text", "full_text")
_KEYWORDS = ("tags", "hashtags", "keywords", "tag_string")
_AUTHORS = ("username", "author", "owner", "user", "uploader")
_MOMENTS = ("post_date", "date", "created_at", "taken_at", "timestamp", "photoTakenTime")

Sidecars = Mapping[str, Sequence[str]]


def sidecars_of(names: Sequence[str]) -> Sidecars:
    """Of the files of one folder, the sidecars of each photo: those of its whole name (`a.jpg.txt`) first.

    One goes to the photos (`a.jpg`, `a.png`) that it is named after as it stands; if there are none, to those that it
    is named after in another Unicode form, and at last in other capitals. No photo has it that is further off.
    """
    photos = [name for name in names if Path(name).suffix.lower() in PHOTO_SUFFIXES]
    by_name = [_by(form, ((photo, photo) for photo in photos)) for form in (_as_is, _composed, _in_any_case)]
    by_stem = [_by(form, ((Path(photo).stem, photo) for photo in photos)) for form in (_as_is, _composed, _in_any_case)]
    found: dict[str, list[str]] = {photo: [] for photo in photos}
    for known in (by_name, by_stem):
        for name in names:
            path = Path(name)
            if path.suffix.lower() in SUFFIXES:
                for photo in _owners(_without_google(path.stem), known):
                    found[photo] += [] if name in found[photo] else [name]
    return found


def read_sidecars(folder: Path, names: Iterable[str], photo: str, root: Path, encoding: str | None) -> Described:
    """What these files say; of several of one kind the first. One that cannot be read costs what it says."""
    described = Described()
    first = {Path(name).suffix.lower(): name for name in reversed(list(names))}
    for suffix in SUFFIXES:
        if suffix not in first:
            continue
        path = folder / first[suffix]
        try:
            if suffix == ".txt":
                described |= Described(caption=read_caption(path, root, encoding))
            elif suffix == ".xmp":
                described |= read_xmp(read_small(path, root))
            else:
                described |= _read_json(read_small(path, root), path.name, photo)
        except InvalidRow as reason:
            part = "caption" if suffix == ".txt" else "hashtags"
            described |= Described(flaws=(Flaw(part, str(reason), reason.advice),))
    return described


def _read_json(content: bytes, name: str, photo: str) -> Described:
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        raise InvalidRow(f"{shown(name)} is no JSON") from None
    if not isinstance(told, dict):
        return Described()
    caption = next((told[key] for key in _CAPTIONS if isinstance(told.get(key), str) and told[key].strip()), "")
    moment = _first(told, _MOMENTS)
    if isinstance(moment, dict):  # Google's
        moment = moment.get("timestamp")
    described = Described((), "" if caption == photo else caption, _first(told, _AUTHORS), moment)
    try:
        return described | Described(tuple(read_hashtags(_first(told, _KEYWORDS))))
    except ValueError as error:
        return described | Described(flaws=(Flaw("hashtags", f"{shown(name)}: its tags hold {error}"),))


def _first(told: Mapping[str, object], keys: Iterable[str]) -> object:
    return next((told[key] for key in keys if told.get(key)), None)


def _without_google(stem: str) -> str:
    start = stem.rfind(".")
    return stem[:start] if start > 0 and len(stem) - start > 4 and _GOOGLE.startswith(stem[start:]) else stem


def _owners(base: str, known: Sequence[Mapping[str, Sequence[str]]]) -> Sequence[str]:
    forms = (_as_is(base), _composed(base), _in_any_case(base))
    return next((photos for form, by in zip(forms, known, strict=True) if (photos := by.get(form, ()))), ())


def _by(form: Callable[[str], str], named: Iterable[tuple[str, str]]) -> Mapping[str, Sequence[str]]:
    photos: dict[str, list[str]] = {}
    for name, photo in named:
        photos.setdefault(form(name), []).append(photo)
    return photos


def _as_is(name: str) -> str:
    return name


def _composed(name: str) -> str:
    return normalize("NFC", name)


def _in_any_case(name: str) -> str:
    return normalize("NFC", _composed(name).casefold())
