"""Dated lists that ship with the package: spam and hidden hashtags, and the most hashtags of each platform.

Both are TOML. A user's own file can replace or extend the one that ships.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args

from ....core.errors import SettingsError
from ....core.post import normalise_hashtag
from ....core.rules import Rules
from ....core.suggest_options import SuggestOptions

SPAM = "spam.toml"
PLATFORMS = "platforms.toml"

Basis = Literal["rule", "advice"]

_HEADINGS = ("dated", "source")


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform on which posts appear.

    most: the most hashtags of a post; None if unknown. basis: `rule` if the platform refuses more, `advice` if not.
    since: from when on ("2025-12"); None if unknown.
    """

    name: str
    most: int | None
    basis: Basis | None
    since: str | None
    note: str


def spam_rules(own: Path | None = None) -> Rules:
    """The hashtags that are spam or hidden by platforms, each with the reason.

    own: a file that replaces the list that ships, if it exists. Raises SettingsError if it cannot be used.
    """
    written, shown = _read_list(SPAM, own)
    blocked: dict[str, str] = {}
    fragments: dict[str, str] = {}
    kinds = written.get("kinds", [])
    if not isinstance(kinds, list) or not all(isinstance(kind, dict) for kind in kinds):
        raise SettingsError(f"{shown}: kinds must be tables, each under a line [[kinds]]")
    for number, kind in enumerate(kinds, start=1):
        where = f"{shown}: kind {number}"
        reason = kind.get("reason")
        if not isinstance(reason, str) or not reason:
            raise SettingsError(f"{where} has no reason; give one, which users see")
        blocked |= dict.fromkeys(_parse_hashtags(kind, "hashtags", where), reason)
        fragments |= dict.fromkeys(_parse_hashtags(kind, "fragments", where), reason)
    return Rules(blocked=blocked, fragments=fragments)


def platforms(own: Path | None = None) -> dict[str, Platform]:
    """All platforms, by name.

    own: a file whose entries replace those that ship, if it exists. Raises SettingsError if it cannot be used.
    """
    known: dict[str, Platform] = {}
    for path in (None, own):
        written, shown = _read_list(PLATFORMS, path)
        known |= {
            name.lower(): _parse_platform(name, fields, f"{shown}: {name}")
            for name, fields in written.items()
            if name not in _HEADINGS
        }
    return known


def platform(name: str, own: Path | None = None) -> Platform:
    """The platform of a name, in any case; see `platforms`. Raises SettingsError if it is unknown."""
    known = platforms(own)
    if name.lower() not in known:
        raise SettingsError(f"platform {name!r} is not known; known are {', '.join(sorted(known))}")
    return known[name.lower()]


def cap(options: SuggestOptions, own: Path | None = None) -> tuple[SuggestOptions, tuple[str, ...]]:
    """Limit the options to what their platform takes; second, notes for a person.

    own: see `platforms`. Raises SettingsError if the platform is unknown or takes fewer hashtags than `count`.
    """
    if options.platform is None:
        return options, ()
    preset = platform(options.platform, own)
    advice = (f"{preset.name}: {preset.note}",)
    if preset.most is None:
        return options, advice
    within = replace(options, most=min(options.most, preset.most)) if not isinstance(options.count, int) else options
    if preset.basis == "advice":
        return within, advice
    if isinstance(options.count, int) and options.count > preset.most:
        since = f" since {preset.since}" if preset.since else ""
        raise SettingsError(
            f"count is {options.count}, but {preset.name} takes at most {preset.most} hashtags{since}; "
            "leave count out, or ask for no more"
        )
    return within, ()


def _read_list(name: str, own: Path | None) -> tuple[dict[str, Any], str]:
    """A list, and its name for error messages: the user's own if it exists, else the one that ships."""
    try:
        if own is not None:
            return tomllib.loads(own.read_text(encoding="utf-8")), str(own)
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise SettingsError(f"{own} cannot be read: {error}") from error
    return tomllib.loads(files(__name__).joinpath(name).read_text(encoding="utf-8")), name


def _parse_hashtags(kind: Mapping[str, Any], name: str, where: str) -> list[str]:
    listed = kind.get(name, [])
    if not isinstance(listed, list) or not all(isinstance(raw, str) for raw in listed):
        raise SettingsError(f"{where}: {name} must be a list of texts")
    normalised = [normalise_hashtag(raw) for raw in listed]
    if "" in normalised:
        raise SettingsError(f"{where}: {listed[normalised.index('')]!r} is no hashtag")
    return normalised


def _parse_platform(name: str, fields: Any, where: str) -> Platform:
    if not isinstance(fields, dict):
        raise SettingsError(f"{where} must be a table, under a line [{name}]")
    most, basis, since = fields.get("most"), fields.get("basis"), fields.get("since")
    if most is not None and (not isinstance(most, int) or isinstance(most, bool) or most < 1):
        raise SettingsError(f"{where}: most is {most!r}; it must be a number of hashtags, 1 at least")
    if (most is None) != (basis is None) or basis not in (None, *get_args(Basis)):
        raise SettingsError(f'{where}: basis must be "rule" or "advice" if there is most, and left out otherwise')
    return Platform(name.lower(), most, basis, None if since is None else str(since), str(fields.get("note", "")))
