"""`hashtag index refresh`."""

from typing import Annotated

import typer

from .. import console
from ..core.settings import resolve_settings
from .options import AsJson, Db, Home, print_json

REFUSED = 3  # the exit code where the index that served before serves on


def refresh(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what it would do, and change nothing.")] = False,
    allow_shrink: Annotated[bool, typer.Option("--allow-shrink", help="Publish even if many posts are gone.")] = False,
    home: Home = None,
    db: Db = None,
    as_json: AsJson = False,
) -> None:
    """Read all sources again and publish what has changed. Exits with 3 where it keeps the index that serves."""
    from ..assembly import plan_refresh, refresh_index

    settings = resolve_settings(home, {"db": db})
    if dry_run:
        report = plan_refresh(settings, allow_shrink)
    else:
        report = refresh_index(settings, allow_shrink, console.progress())
    if as_json:
        print_json(report.to_json())
    else:
        console.show_refresh(report)
    if report.reason:
        console.complain(report.reason)
        raise typer.Exit(REFUSED)
