"""`hashtag index refresh`."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .. import console
from ..core.errors import HashtagError, RefusedError
from ..core.settings import Settings, resolve_settings
from .options import AsJson, Db, Home, print_json

if TYPE_CHECKING:
    from ..assembly import RefreshReport


class Log(StrEnum):
    """What standard error is for."""

    text = "text"
    json = "json"


def refresh(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what it would do, and change nothing.")] = False,
    allow_shrink: Annotated[bool, typer.Option("--allow-shrink", help="Publish even if many posts are gone.")] = False,
    home: Home = None,
    db: Db = None,
    as_json: AsJson = False,
    log: Annotated[Log, typer.Option(help="json: one object a line on standard error, for machines.")] = Log.text,
    metrics: Annotated[Path | None, typer.Option(help="A .prom file for Prometheus' node exporter.")] = None,
) -> None:
    """Read all sources again and publish what has changed. Exits with 3 where it keeps the index that serves."""
    from ..assembly import plan_refresh, refresh_index

    with _logged(log):
        settings = resolve_settings(home, {"db": db})
        with _measured(settings, None if dry_run else metrics) as reports:
            if dry_run:
                report = plan_refresh(settings, allow_shrink)
            else:
                report = refresh_index(settings, allow_shrink, console.progress_for(log.value))
            reports.append(report)
            _show(report, log, as_json)
            if report.reason:
                raise typer.Exit(RefusedError.exit_code)


def _show(report: "RefreshReport", log: Log, as_json: bool) -> None:
    if log is Log.json:
        console.event("refresh", level="error" if report.reason else "info", **report.to_json())
    if as_json:
        print_json(report.to_json())
    elif log is Log.text:
        console.show_refresh(report)
    if report.reason and log is Log.text:
        console.complain(report.reason)


@contextmanager
def _logged(log: Log) -> Iterator[None]:
    """Errors are events where a program reads them."""
    try:
        yield
    except HashtagError as error:
        if log is Log.text:
            raise
        console.event("refresh failed", level="error", error=" ".join(str(error).split()))
        raise typer.Exit(error.exit_code) from None


@contextmanager
def _measured(settings: Settings, metrics: Path | None) -> "Iterator[list[RefreshReport]]":
    """Write metrics at the end, however it ends. Yields where the report is to be put."""
    from ..assembly.maintain.metrics import check_metrics, measure, write_metrics

    reports: list[RefreshReport] = []
    if metrics is None:
        yield reports
        return
    check_metrics(metrics)
    started, code = time.monotonic(), HashtagError.exit_code
    try:
        yield reports
        code = 0
    except typer.Exit as end:
        code = end.exit_code
        raise
    except HashtagError as error:
        code = error.exit_code
        raise
    finally:
        report = reports[0] if reports else None
        write_metrics(metrics, measure(settings, report, code, time.monotonic() - started))
