"""Where an evaluation is written to: files that belong together."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ...core.advice import OTHER_OUT
from ...core.errors import SettingsError
from ..runs.run import RunResult, Trial
from ..systems.optional import check
from .page import ReadPhoto, choose_examples, render_page
from .tables import write_per_hashtag, write_per_post

REPORT = "report.json"
PAGE = "report.html"
PER_HASHTAG = "per_hashtag.tsv"
PER_POST = "per_post.parquet"


def check_libraries() -> None:
    """Raises SettingsError without what pages and tables need."""
    check("the report", "pyarrow")


def write_report(
    folder: Path, report: dict[str, Any], trial: Trial, results: Sequence[RunResult], read_photo: ReadPhoto
) -> None:
    """The report (see `build_report`), its page, and the tables behind it, all or none; report.json comes last.

    folder: made where it is missing; files of an earlier report in it are replaced. Raises SettingsError where it
    cannot be written, or without what pages and tables need.
    """
    write_files(
        folder,
        {
            PER_HASHTAG: lambda path: write_per_hashtag(path, trial, results),
            PER_POST: lambda path: write_per_post(path, trial, results),
            PAGE: lambda path: write_text(path, render_page(report, choose_examples(trial, results, read_photo))),
            REPORT: lambda path: write_json(path, report),
        },
    )


def write_files(folder: Path, files: Mapping[str, Callable[[Path], None]]) -> None:
    """Files of a report by their names, all or none, REPORT last. Each is told where to write itself.

    folder, and errors: see `write_report`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".report-", dir=folder) as name:
            unfinished = Path(name)
            for file, write in files.items():
                write(unfinished / file)
            # Without a report.json there is no report: that of an earlier one goes first, the new one comes last.
            (folder / REPORT).unlink(missing_ok=True)
            for file in files:
                (unfinished / file).replace(folder / file)
    except OSError as error:
        raise SettingsError(f"the report cannot be written to {folder} ({error.strerror})", OTHER_OUT) from error


def write_json(path: Path, report: Mapping[str, Any]) -> None:
    """A report, ready for JSON."""
    write_text(path, json.dumps(report, ensure_ascii=False, indent=1, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """In UTF-8."""
    path.write_text(text, encoding="utf-8")
