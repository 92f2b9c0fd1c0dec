"""Words as each scheduler must be given them, so that it reads them back unchanged."""

import json
import shlex
from collections.abc import Iterable

from ..core.advice import RENAME_OR_SYSTEMD
from ..core.errors import SettingsError


def systemd_path(path: str) -> str:
    """A word of a unit file where no variable is put in: the program of `ExecStart=`, or a path (systemd.syntax(7))."""
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"' if escaped != path or not _is_plain(path) else path


def systemd_command(words: Iterable[str]) -> str:
    """A command of `ExecStart=` (systemd.service(5)): `$` begins a variable in every word but the first.

    Raises SettingsError on a program that systemd would not run for its name.
    """
    program, *rest = words
    if any(letter in program for letter in "'\"\\"):
        raise SettingsError(f"systemd runs no program with a quote or a backslash in its path; move {program}")
    return " ".join([systemd_path(program), *(systemd_path(word.replace("$", "$$")) for word in rest)])


def shell_command(words: Iterable[str]) -> str:
    """A command of a POSIX shell."""
    return " ".join(map(shlex.quote, words))


def crontab_command(command: str) -> str:
    """A shell's command as it stands in a crontab, where a bare `%` ends the line (crontab(5)).

    Raises SettingsError on a backslash: one cron keeps it and another takes it away.
    """
    if "\\" in command:
        raise SettingsError(r"a path with \ in it cannot stand in a crontab", RENAME_OR_SYSTEMD)
    return command.replace("%", r"\%")


def yaml_string(text: str) -> str:
    """A double-quoted scalar; YAML takes JSON's."""
    return json.dumps(text, ensure_ascii=False)


def kubernetes_words(words: Iterable[str]) -> str:
    """A `command:` of a container, where `$(NAME)` is a variable and `$$` a dollar sign."""
    return f"[{', '.join(yaml_string(word.replace('$', '$$')) for word in words)}]"


def _is_plain(word: str) -> bool:
    return shlex.quote(word) == word
