"""`hashtag eval`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .. import assembly, console
from ..core.settings import resolve_settings
from .options import AsJson, Encoders, Reading, print_json, reads_archive
from .tree import make_group

app = make_group("Compare retrieval with trained networks on an archive.")

Split = Annotated[str, typer.Option(help="group, random, author, time, or a CSV with the columns post and part.")]
AllowLeaks = Annotated[bool, typer.Option("--allow-leaks", help="Keep test posts with a near-duplicate in training.")]
Backbone = Annotated[
    str, typer.Option(help="The image backbone: efficientnet-lite0, timm:NAME, open_clip:MODEL/WEIGHTS.")
]


class Protocol(StrEnum):
    """Rules of others, to measure by."""

    harrison = "harrison"


@app.command("run")
@reads_archive
def run(
    source: Annotated[str, typer.Argument(help="An archive, as `index build` takes it.")],
    reading: Reading,
    systems: Annotated[str, typer.Option(help="Names separated by commas (see `eval networks`), or all.")] = "all",
    split: Split = "group",
    seeds: Annotated[int, typer.Option(help="How many times each network is trained, from different weights.")] = 1,
    out: Annotated[Path, typer.Option(help="The folder of the report; a stopped run continues there.")] = Path(
        "evaluation"
    ),
    allow_leaks: AllowLeaks = False,
    protocol: Annotated[Protocol | None, typer.Option(help="Split and measures of a published comparison.")] = None,
    backbone: Backbone = "efficientnet-lite0",
    encoders: Encoders = None,
    as_json: AsJson = False,
) -> None:
    """Train systems on one part of an archive, and compare them on the rest."""
    reader = reading.reader(source)
    plan = assembly.EvaluationPlan(
        systems=_names(systems),
        split=split,
        seeds=seeds,
        allow_leaks=allow_leaks,
        backbone=backbone,
        protocol=protocol.value if protocol else None,
        out=out,
    )
    settings = resolve_settings(None, {"encoders": encoders.value if encoders else None})
    report = assembly.evaluate(settings, reader, plan, console.progress(), console.tell_beginning, console.tell_outcome)
    if as_json:
        print_json(report)
    else:
        console.show_evaluation(report, out)


@app.command("captions")
@reads_archive
def captions(
    source: Annotated[str, typer.Argument(help="An archive, as `index build` takes it.")],
    reading: Reading,
    systems: Annotated[
        str,
        typer.Option(
            help="Names separated by commas: retrieval, show_attend_tell, show_attend_tell look_back, nearest photo, "
            "typical caption, random caption; or all."
        ),
    ] = "all",
    split: Split = "group",
    out: Annotated[Path, typer.Option(help="The folder of the report; a stopped run continues there.")] = Path(
        "caption-evaluation"
    ),
    allow_leaks: AllowLeaks = False,
    backbone: Backbone = "efficientnet-lite0",
    encoders: Encoders = None,
    as_json: AsJson = False,
) -> None:
    """Compare the captions that systems write for held-out photos with those that the posts carry."""
    reader = reading.reader(source)
    plan = assembly.CaptionPlan(_names(systems), split, allow_leaks, backbone, out)
    settings = resolve_settings(None, {"encoders": encoders.value if encoders else None})
    progress = console.progress()
    report = assembly.evaluate_captions(settings, reader, plan, progress, console.tell, console.tell_captions)
    if as_json:
        print_json(report)
    else:
        console.show_captions_evaluation(report, out)


@app.command("compare")
def compare(
    one: Annotated[Path, typer.Argument(metavar="A/report.json", help="A report.")],
    other: Annotated[Path, typer.Argument(metavar="B/report.json", help="The report to compare it with.")],
    as_json: AsJson = False,
) -> None:
    """Show what changed from one report to another, and how certain that is.

    The exit code is 1 if they are not known to be of the same test posts: then only their figures are shown.
    """
    comparison = assembly.compare_reports(one, other)
    if as_json:
        print_json(comparison.to_json())
    else:
        console.show_comparison(comparison)
    if not comparison.comparable:
        raise typer.Exit(1)


@app.command("networks")
def networks(as_json: AsJson = False) -> None:
    """List the systems that can be compared, and where they come from."""
    there = assembly.systems()
    if as_json:
        print_json([{"name": entry.name, "kind": entry.kind, "about": entry.about} for entry in there])
    else:
        console.show_systems(there)


def _names(systems: str) -> tuple[str, ...]:
    return tuple(filter(None, (name.strip() for name in systems.split(","))))
