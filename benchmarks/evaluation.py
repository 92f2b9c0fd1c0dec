"""Retrieval against trained networks, published methods and floors, on the same posts.

    .venv/bin/python benchmarks/evaluation.py DATA OUT [SET ...]

DATA is as for quality.py, and so is the split; validation posts are carved from the training part by near-duplicates.
Each set gets a folder in OUT with its report; a run that was stopped goes on where it was. What is printed is the
table of benchmarks/README.md.
"""

import argparse
import csv
import json
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from quality import HASHTAG, K

from hashtag_recommender.eval.measures.bootstrap import paired_difference


def number_posts(source: Path, folder: Path) -> None:
    """Write posts.csv, with each post's row for an id, and parts.csv, which says of what part it is."""
    with source.open(encoding="utf-8", newline="") as file:
        rows = [{"id": str(number), **row} for number, row in enumerate(csv.DictReader(file), start=1)]
    parts = [
        {"post": row["id"], "part": "test" if int(row["group"][1:], 16) // 2 % 5 == 0 else "train"} for row in rows
    ]
    for name, table in (("posts.csv", rows), ("parts.csv", parts)):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(table[0]))
            writer.writeheader()
            writer.writerows(table)


def evaluate(data: Path, out: Path, command: str = "run") -> dict[str, Any]:
    """Run a command of `hashtag eval` as a user would, with what it says on standard error; returns its report."""
    read = out.with_name(f"{out.name} read")
    read.mkdir(parents=True, exist_ok=True)
    number_posts(data / "posts.csv", read)
    words = ["eval", command, read / "posts.csv", "--images", data, "--split", read / "parts.csv", "--out", out]
    # A group of the sets is not always a cluster of near-duplicates as the product finds them.
    subprocess.run([HASHTAG, *map(str, words), "--encoders", "compact", "--allow-leaks"], check=True)
    report: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return report


def show(name: str, report: dict[str, Any], minutes: float) -> None:
    """The table of one set, in Markdown."""
    k = str(K[name])
    split, dataset = report["split"], report["dataset"]
    print(
        f"\n{name}: {split['train']:,} posts to learn from, {split['validation']:,} to validate, "
        f"{dataset['test_posts']:,} to be judged on, {split['leaks']} of them with a near-duplicate elsewhere; "
        f"{minutes:.0f} min in all\n"
    )
    print(f"| system | kind | micro F1@{k} (95%) | auto | tail, recall@{k} | learning |")
    print("|---|---|---|---|---|---|")
    for system in sorted(report["systems"], key=lambda one: -one["metrics"]["micro"][k]["f1"]):
        low, high = system["interval"][f"micro_f1_{k}"]
        auto, tail = system["metrics"]["auto"], system["strata"]["frequency"]["tail"]
        figures = (
            f"{system['metrics']['micro'][k]['f1']:.3f} ({low:.3f}-{high:.3f})",
            f"{auto['micro']['f1']:.3f}" if auto else "-",
            f"{tail['micro'][k]['recall']:.3f}",
            f"{system['fit_seconds']:,.0f} s",
        )
        print(f"| {' | '.join((system['name'], system['kind'], *figures))} |")
    for left, reason in report["left_out"].items():
        print(f"\n{left}: {reason}.")


def held_against(name: str, report: dict[str, Any], per_post: Path) -> str:
    """A row of Markdown: how far retrieval is ahead of the best network, of the better Omikuji, and in the tail."""
    k = K[name]
    table = pq.read_table(per_post, columns=["system", "user", "due", "hits"])
    users = table.filter(pc.equal(table["system"], "retrieval"))["user"].to_numpy()
    systems = {system["name"]: system for system in report["systems"]}

    def f1(system: str) -> float:
        return float(systems[system]["metrics"]["micro"][str(k)]["f1"])

    def tail(system: str) -> float:
        return float(systems[system]["strata"]["frequency"]["tail"]["micro"][str(k)]["f1"])

    def counts(system: str) -> NDArray[np.int64]:
        rows = table.filter(pc.equal(table["system"], system))
        hits = np.asarray(rows["hits"].to_pylist(), dtype=np.int64)[:, k - 1]
        return np.stack([hits, np.full(len(hits), k), rows["due"].to_numpy()], axis=1)

    def ahead(rivals: list[str]) -> str:
        best = max(rivals, key=f1)
        sure = paired_difference(counts("retrieval"), counts(best), users)
        return f"{f1('retrieval') / f1(best):.2f} times `{best}` ({sure.low:+.3f} to {sure.high:+.3f})"

    networks = [name for name, system in systems.items() if system["kind"] == "network"]
    rare = max(networks, key=tail)
    in_tail = f"{tail('retrieval'):.3f}, `{rare}` {tail(rare):.3f}"
    return f"| {name} | {ahead(networks)} | {ahead([n for n in systems if n.startswith('omikuji')])} | {in_tail} |"


def main() -> None:
    """Print a table for each set, and what they come to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("sets", nargs="*", metavar="SET", default=list(K))
    arguments = parser.parse_args()
    rows = []
    for name in arguments.sets:
        started = time.perf_counter()
        report = evaluate(arguments.data / name, arguments.out / name)
        show(name, report, (time.perf_counter() - started) / 60)
        rows.append(held_against(name, report, arguments.out / name / "per_post.parquet"))
    print("\n| set | retrieval / best network | retrieval / Omikuji | F1 of the tail |\n|---|---|---|---|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
