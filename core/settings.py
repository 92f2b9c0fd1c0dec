"""Settings, resolved once: option, then environment, then the home's settings file, then default."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import HomeError, SettingsError

FILE = "hashtag.toml"
NAMES = ("db", "encoders", "image_model", "image_weights", "sentence_model")


@dataclass(frozen=True, slots=True)
class Settings:
    """home: the folder of database and index. The others as the options of `hashtag index build`; None: not set."""

    home: Path
    db: str | None = None
    encoders: str | None = None
    image_model: str | None = None
    image_weights: str | None = None
    sentence_model: str | None = None


def resolve_settings(
    home: Path | None, options: Mapping[str, str | None], environment: Mapping[str, str] | None = None
) -> Settings:
    """Options win over `HASHTAG_<NAME>`, which wins over `hashtag.toml` in the home.

    home: else `HASHTAG_HOME`, else `./.hashtag`. Raises SettingsError on a settings file that cannot be used, HomeError
    where the home is something other than a folder.
    """
    environment = os.environ if environment is None else environment
    folder = home_of(home, environment)
    written = _read(folder / FILE)
    values = {
        name: options.get(name) or environment.get(f"HASHTAG_{name.upper()}") or written.get(name) for name in NAMES
    }
    return Settings(folder, **values)


def home_of(home: Path | None, environment: Mapping[str, str] | None = None) -> Path:
    """The home that is named, else `HASHTAG_HOME`, else `./.hashtag`. Raises HomeError where that is no folder."""
    environment = os.environ if environment is None else environment
    folder = home or Path(environment.get("HASHTAG_HOME") or ".hashtag")
    try:
        if folder.exists() and not folder.is_dir():
            raise HomeError(f"{folder} is a file, not a home folder; name another by --home or HASHTAG_HOME")
    except OSError as error:
        raise HomeError(f"the home folder cannot be looked at ({error.strerror}); name another by --home") from error
    return folder


def _read(path: Path) -> dict[str, str]:
    try:
        written: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    for name, value in written.items():
        if name not in NAMES:
            raise SettingsError(f"{path} sets {name!r}; settings are {', '.join(NAMES)}")
        if not isinstance(value, str):
            raise SettingsError(f"{path} sets {name} to {value!r}; it must be a text in quotes")
    return written
