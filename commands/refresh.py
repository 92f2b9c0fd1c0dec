"""`hashtag index refresh`."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .. import assembly, console
from ..core.errors import HashtagError, RefusedError
from .options import AsJson, Db, Home, RayAddress, UseEngine, print_json


class Log(StrEnum):
    """What standard error is for."""

    text = "text"
    json = "json"


def refresh(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and change nothing.")] = False,
    allow_shrink: Annotated[bool, typer.Option("--allow-shrink", help="Publish even if many posts are gone.")] = False,
    home: Home = None,
    db: Db = None,
    engine: UseEngine = None,
    ray_address: RayAddress = None,
    as_json: AsJson = False,
    log: Annotated[Log, typer.Option(help="json: one object a line on standard error, for machines.")] = Log.text,
    metrics: Annotated[Path | None, typer.Option(help="A .prom file for Prometheus' node exporter.")] = None,
) -> None:
    """Read all sources again and publish what has changed. Exits with 3 if the refresh was refused."""
    with _logged(log):
        opened = assembly.open_home(home, db=db, engine=engine, ray_address=ray_address)
        with opened, _measured(opened, None if dry_run else metrics) as reports:
            if dry_run:
                report = assembly.plan_refresh(opened, allow_shrink)
            else:
                report = assembly.refresh_index(opened, allow_shrink, console.progress_for(log.value))
            reports.append(report)
            _show(report, log, as_json)
            if report.reason:
                raise typer.Exit(RefusedError.exit_code)


def _show(report: "assembly.RefreshReport", log: Log, as_json: bool) -> None:
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
def _measured(home: "assembly.Home", metrics: Path | None) -> "Iterator[list[assembly.RefreshReport]]":
    """Write metrics at the end, however it ends. Yields where the report is to be put."""
    reports: list[assembly.RefreshReport] = []
    if metrics is None:
        yield reports
        return
    assembly.check_metrics(metrics)
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
        assembly.write_metrics(metrics, assembly.measure(home, report, code, time.monotonic() - started))
