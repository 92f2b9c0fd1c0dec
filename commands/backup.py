"""`hashtag backup` and `hashtag restore`."""

from pathlib import Path
from typing import Annotated

import typer

from .. import assembly, console
from ..core.settings import home_of
from .options import AsJson, Db, Home, print_json


def backup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    home: Home = None,
    db: Db = None,
    as_json: AsJson = False,
) -> None:
    """Copy database, index, settings and lists into a folder, while all of them may be in use."""
    with assembly.open_home(home, db=db) as opened:
        report = assembly.back_up(opened, folder)
    if as_json:
        print_json(report.to_json())
    else:
        console.show_backup(report)


def restore(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that `hashtag backup` wrote.")],
    home: Home = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a home that is not empty; it is moved.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check a backup, and replace a home by it in one step."""
    report = assembly.restore(home_of(home), folder, force=force)
    if as_json:
        print_json(report.to_json())
    else:
        console.show_restored(report)
