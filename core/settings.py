"""Settings, resolved once: option, then environment, then the home's settings file, then default."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from platformdirs import user_cache_path

from .advice import OTHER_HOME
from .errors import HomeError, SettingsError
from .units import parse_size

FILE = "hashtag.toml"
_NAMES_OF_MODELS = ("encoders", "image_model", "image_weights", "sentence_model")
NAMES = ("db", *_NAMES_OF_MODELS, "cache", "memory", "index", "engine", "ray_address")
PARTS = ("recall", "relearn_after", "max_shrink", "max_quality_drop")

Choice = TypeVar("Choice", bound=StrEnum)


class Profile(StrEnum):
    """Named choices of encoders; `retrieval.encoders.profiles` says what each of them is."""

    auto = "auto"
    clip = "clip"
    compact = "compact"


class Engine(StrEnum):
    """Where photos and captions are encoded by a build or refresh: in its own process, or on a Ray cluster."""

    local = "local"
    ray = "ray"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a refresh learns anew, and what it refuses; all are parts, in [0, 1].

    relearn_after: posts added, changed and removed since it was last learned, as a part of those that it was learned
    from. max_shrink: posts in service that may be gone. max_quality_drop: of F1 on held-out posts, minded only where it
    is beyond noise, too.
    """

    relearn_after: float = 0.05
    max_shrink: float = 1 / 3
    max_quality_drop: float = 0.02


@dataclass(frozen=True, slots=True)
class Settings:
    """home: the folder of database and index. The others as the options of `hashtag index build`; None: not set.

    cache: the folder of what is computed from models once and used by all homes. memory: that the indexes of dense
    channels may take. recall: of an index that does not look at every vector, in [0, 1]. index: the address of the
    Milvus that holds the vectors of dense channels, or `faiss` for files of the home. ray_address: of the cluster, as
    `ray.init` takes it.
    """

    home: Path
    db: str | None = None
    encoders: str | None = None
    image_model: str | None = None
    image_weights: str | None = None
    sentence_model: str | None = None
    cache: str | None = None
    memory: str | None = None
    recall: float | None = None
    index: str | None = None
    engine: str | None = None
    ray_address: str | None = None
    thresholds: Thresholds = Thresholds()

    @property
    def cache_folder(self) -> Path:
        """The folder that `cache` names, else the one that the system keeps for a user's caches."""
        return Path(self.cache) if self.cache else user_cache_path("hashtag-recommender")

    @property
    def memory_bytes(self) -> int | None:
        """The bytes that `memory` names; None if it is not set. Raises SettingsError on what is no size."""
        return parse_size(self.memory, "--memory") if self.memory else None

    @property
    def profile(self) -> Profile:
        """The profile that `encoders` names, else `auto`. Raises SettingsError on another name."""
        return _choice("encoders", self.encoders, Profile.auto)

    @property
    def embedding_engine(self) -> Engine:
        """The engine that `engine` names, else `local`. Raises SettingsError on another name."""
        return _choice("engine", self.engine, Engine.local)


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
    told = {
        name: options.get(name) or environment.get(f"HASHTAG_{name.upper()}") or written.get(name) for name in PARTS
    }
    parts = {name: _part(name, value) for name, value in told.items() if value is not None}
    recall = parts.pop("recall", None)
    return Settings(folder, **values, recall=recall, thresholds=Thresholds(**parts))


def home_of(home: Path | None, environment: Mapping[str, str] | None = None) -> Path:
    """The home that is named, else `HASHTAG_HOME`, else `./.hashtag`. Raises HomeError where that is no folder."""
    environment = os.environ if environment is None else environment
    folder = home or Path(environment.get("HASHTAG_HOME") or ".hashtag")
    try:
        if folder.exists() and not folder.is_dir():
            raise HomeError(f"{folder} is a file, not a home folder", OTHER_HOME)
    except OSError as error:
        raise HomeError(f"the home folder cannot be looked at ({error.strerror})", OTHER_HOME) from error
    return folder


def _choice(name: str, value: str | None, default: Choice) -> Choice:
    kind = type(default)
    try:
        return kind(value or default)
    except ValueError:
        *others, last = kind
        raise SettingsError(f"{name} is {value!r}; it must be {', '.join(others)} or {last}") from None


def _part(name: str, value: Any) -> float:
    try:
        part = float(value)
    except ValueError:
        part = -1.0
    if not 0 <= part <= 1:
        raise SettingsError(f"{name} is {value!r}; it must be a number from 0 to 1")
    return part


def _read(path: Path) -> dict[str, Any]:
    try:
        written: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    for name, value in written.items():
        if name not in (*NAMES, *PARTS):
            raise SettingsError(f"{path} sets {name!r}; settings are {', '.join((*NAMES, *PARTS))}")
        if name in PARTS:
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise SettingsError(f"{path} sets {name} to {value!r}; it must be a number from 0 to 1")
        elif not isinstance(value, str):
            raise SettingsError(f"{path} sets {name} to {value!r}; it must be a text in quotes")
    return written
