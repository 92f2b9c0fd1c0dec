"""Where an evaluation is written to: four files that belong together."""

import json
from collections.abc import Sequence
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
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".report-", dir=folder) as name:
            unfinished = Path(name)
            write_per_hashtag(unfinished / PER_HASHTAG, trial, results)
            write_per_post(unfinished / PER_POST, trial, results)
            page = render_page(report, choose_examples(trial, results, read_photo))
            (unfinished / PAGE).write_text(page, encoding="utf-8")
            written = json.dumps(report, ensure_ascii=False, indent=1, allow_nan=False)
            (unfinished / REPORT).write_text(written + "\n", encoding="utf-8")
            # Without a report.json there is no report: that of an earlier one goes first, the new one comes last.
            (folder / REPORT).unlink(missing_ok=True)
            for file in (PER_HASHTAG, PER_POST, PAGE, REPORT):
                (unfinished / file).replace(folder / file)
    except OSError as error:
        raise SettingsError(f"the report cannot be written to {folder} ({error.strerror})", OTHER_OUT) from error
