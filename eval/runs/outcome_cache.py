"""Outcomes on disk, so that an evaluation that was stopped goes on where it was."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Generic, TypeVar

from ...core.advice import EMPTY_OUT, OTHER_OUT, OTHER_OUT_OR_DELETE
from ...core.errors import SettingsError
from ...core.files import write_whole
from .captions import CaptionResult
from .run import RunResult

R = TypeVar("R", RunResult, CaptionResult)

_IDENTITY = "run.json"
_FOLDER = "systems"
_BEGUN = "archive.sqlite"  # what an evaluation makes first


def check_folder(folder: Path) -> None:
    """Raises SettingsError where something else than an evaluation is there, which one would be mixed with."""
    if folder.exists() and not folder.is_dir():
        raise SettingsError(f"{folder} is a file, not a folder for an evaluation", OTHER_OUT)
    if folder.is_dir() and any(folder.iterdir()) and not any((folder / name).exists() for name in (_IDENTITY, _BEGUN)):
        raise SettingsError(f"{folder} holds other things than an evaluation", EMPTY_OUT)


class OutcomeCache(Generic[R]):
    """A folder of outcomes, one file for each run of a system, all of one trial."""

    def __init__(self, folder: Path, identity: Mapping[str, Any], from_json: Callable[[dict[str, Any]], R]) -> None:
        """identity: all that outcomes depend on, ready for JSON. from_json: makes an outcome of its fields.

        Raises SettingsError where outcomes of another identity are kept there.
        """
        self._folder = folder / _FOLDER
        self._from_json: Callable[[dict[str, Any]], R] = from_json
        there = folder / _IDENTITY
        self._folder.mkdir(parents=True, exist_ok=True)
        if there.exists():
            _check(there, identity)
        else:
            write_whole(there, json.dumps(identity, ensure_ascii=False, indent=1))

    def find(self, name: str, seed: int) -> R | None:
        """None where it has not run to its end, or what is there cannot be read: then it runs again."""
        try:
            return self._from_json(json.loads(self._file(name, seed).read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, result: R, seed: int) -> None:
        """Written whole or not at all."""
        write_whole(self._file(result.name, seed), json.dumps(asdict(result), ensure_ascii=False))

    def _file(self, name: str, seed: int) -> Path:
        return self._folder / f"{name.replace(' ', '-')}.{seed}.json"


def _check(there: Path, identity: Mapping[str, Any]) -> None:
    try:
        kept = json.loads(there.read_text(encoding="utf-8"))
        differing = [key for key in identity if kept.get(key) != json.loads(json.dumps(identity[key]))]
    except (OSError, ValueError, AttributeError) as error:
        raise SettingsError(f"{there} cannot be read: {error}", OTHER_OUT) from error
    if differing:
        raise SettingsError(
            f"{there.parent} holds an evaluation with {' and '.join(differing)} other than now", OTHER_OUT_OR_DELETE
        )
