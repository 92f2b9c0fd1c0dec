"""The tree of commands: groups that know what a person who mistypes may mean, and flags without a type in `--help`."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from ..core.errors import SettingsError

_MOST = 3  # commands of one name that are told to a person who mistypes


class Group(TyperGroup):
    """A group of commands that names the right one instead of one that is not there."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """See click's `Group.resolve_command`. Raises SettingsError on a word that is no command of this group."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            group = ctx.command_path.split()[1:]
            raise SettingsError(_no_command(ctx.find_root().command, group, args[0]))
        return super().resolve_command(ctx, args)


def make_group(about: str) -> typer.Typer:
    """A group of commands. about: what `--help` says of it."""
    return typer.Typer(cls=Group, no_args_is_help=True, help=about)


def make_command(app: typer.Typer) -> Any:
    """The command of an app with all its groups, ready to be called."""
    command: Any = get_command(app)
    for path, each in _walk(command, ()):
        for parameter in [*each.params, each.get_help_option(typer.Context(each, info_name=" ".join(path)))]:
            if getattr(parameter, "is_flag", False):
                parameter.metavar = ""
            if parameter.nargs == -1:
                parameter.display_type_rich = lambda ctx: None  # else `<list[Path]>`
    return command


def _walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """A command and all below it, each with the words by which it is called."""
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from _walk(below, (*path, name))


def _no_command(root: Any, group: Sequence[str], word: str) -> str:
    """What to tell of a word that is no command of a group: a command of that name elsewhere, or one much like it."""
    asked = " ".join([*group, word])
    paths = [path for path, _ in _walk(root, ()) if path]
    here = [path for path in paths if path[:-1] == tuple(group)]
    for among, cutoff in ((paths, 1.0), (here, 0.8), (paths, 0.8), (here, 0.6)):
        close = get_close_matches(word, sorted({path[-1] for path in among}), n=1, cutoff=cutoff)
        meant = [path for path in among if path[-1] in close]
        if meant:
            named = " or ".join(f"`hashtag {' '.join(path)}`" for path in meant[:_MOST])
            return f"there is no command {asked!r}; did you mean {named}?"
    return f"there is no command {asked!r}; `{' '.join(['hashtag', *group])} --help` lists those there are"
