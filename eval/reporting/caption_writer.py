"""Where a comparison of captions is written to: files that belong together."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..measures.captions import LIBRARIES
from ..runs.captions import CaptionResult, CaptionTrial
from ..systems.optional import check
from .page import ReadPhoto, choose_caption_examples, render_caption_page
from .writer import PAGE, REPORT, write_files, write_json, write_text

CAPTIONS = "captions.jsonl"


def check_caption_libraries() -> None:
    """Raises SettingsError without what captions are measured with."""
    check("the comparison of captions", *LIBRARIES)


def write_caption_report(
    folder: Path,
    report: Mapping[str, Any],
    trial: CaptionTrial,
    results: Sequence[CaptionResult],
    read_photo: ReadPhoto,
) -> None:
    """The report (see `build_caption_report`), its page, and what was written for each post; see `write_report`."""
    examples = choose_caption_examples(trial, results, read_photo)
    write_files(
        folder,
        {
            CAPTIONS: lambda path: write_text(path, _lines(trial, results)),
            PAGE: lambda path: write_text(path, render_caption_page(report, examples)),
            REPORT: lambda path: write_json(path, report),
        },
    )


def _lines(trial: CaptionTrial, results: Sequence[CaptionResult]) -> str:
    """A line of JSON for each test post: its id, its own caption, and by system the one that was written."""
    rows = (
        {"post": post.post_id, "caption": post.caption, "written": {one.name: one.captions[place] for one in results}}
        for place, post in enumerate(trial.test)
    )
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
