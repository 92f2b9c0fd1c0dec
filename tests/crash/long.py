"""Kills the commands that write a home, or lets their disk fail, again and again, and counts what is bad afterwards.

    .venv/bin/python -m tests.crash.long [--kills 3072] [--failures 512] [--seed 0] [--json]

Every command is struck equally often. Half of the kills stand at its moments, evenly apart (see `strikes.Moments`), the
other half at times drawn uniformly over its run. A failure is a disk that fails from a durable step on, or at one, or a
limit to the size of files. What is bad is told as it comes; the exit code is 1 if anything was.
"""

import argparse
import json
import logging
import os
import random
import sys
import tempfile
import time

os.environ["OMP_NUM_THREADS"] = "1"  # before NumPy comes: threads do not survive a fork
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .operations import Operation, make_operations
from .scenes import use_words
from .strikes import DISKS
from .trials import SIZES, Trial, Trials


@dataclass
class Count:
    """What came of the trials of one command. moments: at which a kill can stand. seconds: of all trials."""

    command: str
    moments: int = 0
    kills: int = 0
    failures: int = 0
    bad: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def line(self) -> str:
        """For the table."""
        each = self.seconds / max(1, self.kills + self.failures)
        numbers = f"{self.moments:>8,}{self.kills:>8,}{self.failures:>10,}{len(self.bad):>5,}{each:>8.2f}"
        return f"{self.command:<14}{numbers}"


def kills_of(trials: Trials, n: int, rng: random.Random) -> Iterator[Trial]:
    """Until n have struck: one that comes after the end of a run is judged as well, and does not count."""
    first, struck = rng.randrange(trials.moments), 0
    for place in range(n // 2):
        trial = trials.at_moment(1 + (first + place * trials.moments // (n // 2)) % trials.moments)
        struck += trial.struck.killed
        yield trial
    while struck < n:
        trial = trials.at_random(rng)
        struck += trial.struck.killed
        yield trial


def failures_of(trials: Trials, n: int, rng: random.Random) -> Iterator[Trial]:
    """n in all: half of them limits to the size of files, half disks that fail at steps evenly apart."""
    disks = [(disk, step) for step in range(1, trials.steps + 1) for disk in DISKS]
    n_disks = min(n // 2, len(disks))
    first = rng.randrange(len(disks)) if disks else 0
    for place in range(n_disks):
        yield trials.on_disk(*disks[(first + place * len(disks) // n_disks) % len(disks)])
    for place in range(n - n_disks):
        yield trials.in_small_files(SIZES[place] if place < len(SIZES) else int(10 ** rng.uniform(0, 7)))


def count(operation: Operation, folder: Path, kills: int, failures: int, seed: int) -> Count:
    """Strike one command so many times."""
    started = time.perf_counter()
    trials, rng = Trials(operation, folder), random.Random(f"{seed} {operation.name}")
    counted = Count(operation.name, trials.moments)
    for trial in kills_of(trials, kills, rng):
        counted.kills += trial.struck.killed
        _tell(counted, trial)
    for trial in failures_of(trials, failures, rng):
        counted.failures += 1
        _tell(counted, trial)
    counted.seconds = time.perf_counter() - started
    return counted


def _tell(counted: Count, trial: Trial) -> None:
    if trial.wrong:
        counted.bad.append(f"{trial.operation}, {trial.how}: {'; '.join(trial.wrong)}")
        print(counted.bad[-1], file=sys.stderr, flush=True)


def count_all(folder: Path, kills: int, failures: int, seed: int) -> Iterator[Count]:
    """All commands, one after the other."""
    operations = make_operations(folder)
    n = len(operations)
    for place, operation in enumerate(operations):
        share = [total * (place + 1) // n - total * place // n for total in (kills, failures)]
        yield count(operation, folder / "struck", *share, seed)


def total_of(counts: Sequence[Count]) -> Count:
    """The last line of the table."""
    total = Count("all")
    for counted in counts:
        for name in ("moments", "kills", "failures", "bad", "seconds"):
            setattr(total, name, getattr(total, name) + getattr(counted, name))
    return total


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=3072)
    parser.add_argument("--failures", type=int, default=512)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="one JSON object a command")
    asked = parser.parse_args()
    use_words()
    logging.disable(logging.WARNING)  # such as that a database was upgraded
    counts = []
    if not asked.json:
        print(f"{f'seed {asked.seed}':<14}{'moments':>8}{'kills':>8}{'failures':>10}{'bad':>5}{'s each':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for counted in count_all(Path(folder), asked.kills, asked.failures, asked.seed):
            counts.append(counted)
            print(json.dumps(asdict(counted)) if asked.json else counted.line(), flush=True)
    if not asked.json:
        print(total_of(counts).line())
    sys.exit(any(counted.bad for counted in counts))


if __name__ == "__main__":
    main()
