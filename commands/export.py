"""`hashtag export`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .. import assembly, console
from ..core.units import parse_size
from .options import AsJson, Db, Home, print_json
from .tree import make_group

app = make_group("Export what the archive answers, for where the archive is not.")


class Quantisation(StrEnum):
    """In how many bits a network computes."""

    int8 = "int8"


@app.callback()
def export() -> None:
    """Export what the archive answers, for where the archive is not."""


@app.command("student")
def student(
    out: Annotated[Path, typer.Option(metavar="FILE", help="The ONNX file to write.")],
    home: Home = None,
    db: Db = None,
    quantize: Annotated[
        Quantisation | None, typer.Option(help="Compute in 8 bits: a quarter of the size, and faster.")
    ] = None,
    size_limit: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="Leave the rarest hashtags out, so that the file is no larger: 10MB."),
    ] = None,
    captions: Annotated[bool, typer.Option("--captions", help="Let it read captions, too.")] = False,
    litert: Annotated[
        bool, typer.Option("--litert", help="Write model.tflite beside it, for LiteRT (TensorFlow Lite).")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Also compare such a student with full retrieval, and write a report."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train one small network, from photo to hashtags, on what the archive answers, and write it into a file."""
    limit = None if size_limit is None else parse_size(size_limit, "--size-limit")
    plan = assembly.ExportPlan(out, quantize is not None, limit, captions, litert)
    with assembly.open_home(home, db=db) as opened:
        exported = assembly.export_student(opened, plan, console.progress())
        if not as_json:
            console.show_exported(exported)
        if report is not None:
            compared = assembly.report_on_student(
                opened, report, console.progress(), console.tell_beginning, console.tell_outcome
            )
    if as_json:
        print_json(exported.to_json() | ({} if report is None else {"report": compared}))
    elif report is not None:
        console.show_evaluation(compared, report)
