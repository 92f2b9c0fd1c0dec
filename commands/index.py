"""`hashtag index`."""

from dataclasses import asdict
from typing import Annotated

import typer

from .. import assembly, console
from .options import (
    AsJson,
    Db,
    Encoders,
    Home,
    RayAddress,
    Reading,
    SourceName,
    UseEngine,
    VectorIndex,
    print_json,
    reads_archive,
)
from .refresh import refresh
from .tree import make_group

app = make_group("Build, refresh, check and roll back the index of an archive.")


app.command("refresh")(refresh)


@app.command("build")
@reads_archive
def build(
    source: Annotated[str, typer.Argument(help="A file or folder of posts, or with --query a database URL.")],
    reading: Reading,
    home: Home = None,
    db: Db = None,
    encoders: Encoders = None,
    image_model: Annotated[str | None, typer.Option(help="open_clip model, or a folder that is one.")] = None,
    image_weights: Annotated[str | None, typer.Option(help="Its weights: their name in open_clip, or a file.")] = None,
    sentence_model: Annotated[str | None, typer.Option(help="sentence-transformers model or folder.")] = None,
    memory: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Memory for the indexes, as 4G (default: half of the machine's).")
    ] = None,
    recall: Annotated[
        float | None, typer.Option(min=0, max=1, help="The part of the nearest posts that a search finds at the least.")
    ] = None,
    index: VectorIndex = None,
    engine: UseEngine = None,
    ray_address: RayAddress = None,
    source_name: SourceName = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 if any post, photo or field was rejected.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read an archive of posts into the database and publish its index."""
    options = {"image_model": image_model, "image_weights": image_weights, "sentence_model": sentence_model}
    options |= {"memory": memory, "recall": None if recall is None else str(recall)}
    options |= {"index": index, "engine": engine, "ray_address": ray_address}
    with assembly.open_home(home, db=db, encoders=encoders, **options) as opened:
        report = assembly.build_index(opened, reading.reader(source, source_name), console.progress())
    if as_json:
        print_json(report.to_json())
    else:
        console.show_build(report, opened.folder)
    if strict and report.rejects:
        raise typer.Exit(1)


@app.command("info")
def info(home: Home = None, as_json: AsJson = False) -> None:
    """Show what the index holds, which encoders made it, and how good its suggestions are."""
    with assembly.open_home(home) as opened:
        info = assembly.index_info(opened)
    if as_json:
        print_json(info.to_json())
    else:
        console.show_info(info)


@app.command("verify")
def verify(home: Home = None, db: Db = None, as_json: AsJson = False) -> None:
    """Check the index: checksums, counts, database against index. Exits with 1 if anything is damaged."""
    with assembly.open_home(home, db=db) as opened:
        verdict = assembly.verify_index(opened)
    if as_json:
        print_json({"ok": not verdict.problems, "problems": verdict.problems, "notes": verdict.notes})
    else:
        console.show_verdict(verdict)
    if verdict.problems:
        raise typer.Exit(1)


@app.command("history")
def history(
    home: Home = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="The number of runs to show.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show the runs that wrote to the home, their results, and the snapshots."""
    with assembly.open_home(home) as opened:
        history = assembly.index_history(opened, count)
    if as_json:
        print_json(history.to_json())
    else:
        console.show_history(history)


@app.command("rollback")
def rollback(
    snapshot: Annotated[str | None, typer.Argument(help="The snapshot to serve (default: the previous one).")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Put the previous snapshot, or a named one, in service."""
    with assembly.open_home(home) as opened:
        report = assembly.roll_back_index(opened, snapshot)
    if as_json:
        print_json(asdict(report))
    else:
        console.show_rollback(report)


@app.command("gc")
def gc(
    keep: Annotated[int, typer.Option(min=1, help="The number of snapshots to keep.")] = 3,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Delete old snapshots and what killed runs left; never one that serves or is open."""
    with assembly.open_home(home) as opened:
        report = assembly.clear_snapshots(opened, keep)
    if as_json:
        print_json(report.to_json())
    else:
        console.show_cleared(report)
