"""What changed between two evaluations."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ...core.errors import SettingsError
from ..measures.bootstrap import Difference, micro_f1, paired_difference
from ..measures.metrics import Counts
from .tables import read_per_post
from .writer import PER_POST

if TYPE_CHECKING:
    import pyarrow as pa

At = Literal["5", "10", "auto"]

_AT: tuple[At, ...] = ("5", "10", "auto")
_DIGESTS = ("test_posts_digest", "test_digest")  # see `Split.to_json`; the first that both reports tell counts


@dataclass(frozen=True, slots=True)
class Change:
    """A system's micro F1 at `at` suggestions in two reports.

    difference: of the second to the first and how sure it is; None if the reports do not tell.
    """

    system: str
    at: At
    before: float
    after: float
    difference: Difference | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """changes: of all systems in both reports, as the second orders them, at 5, 10 and a free number.

    comparable: whether both reports are of the same test posts with the same hashtags, as far as they tell; else
    figures of the two are no measure of what changed. figures_only: why no difference is given; None if it is. gone,
    new: systems of one report.
    """

    changes: tuple[Change, ...]
    gone: tuple[str, ...]
    new: tuple[str, ...]
    comparable: bool
    figures_only: str | None

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Report:
    """path: of report.json. f1: by system, by `At`. digests: of the test posts, by name; empty if it tells none."""

    path: Path
    f1: Mapping[str, Mapping[At, float]]
    digests: Mapping[str, str]

    @property
    def per_post(self) -> Path:
        return self.path.with_name(PER_POST)


def compare_reports(a: Path, b: Path) -> Comparison:
    """a, b: the report.json of an earlier and of a later evaluation.

    How sure a change is, is told by the paired bootstrap over the posts of the tables beside the reports, if these are
    of the same posts. Raises SettingsError on a file that is missing, damaged, or no report, and on a table that
    contradicts its report.
    """
    before, after = _read(a), _read(b)
    both = [name for name in after.f1 if name in before.f1]
    figures_only = incomparable = _why_incomparable(before, after)
    if incomparable is None:
        figures_only = _why_unsure(before, after)
    if figures_only is None:
        tables = [read_per_post(report.per_post) for report in (before, after)]
        figures_only = incomparable = _why_unpaired(*tables)
    if figures_only is None:
        earlier, later = (_counts(table, report, both) for table, report in zip(tables, (before, after), strict=True))
        users = _posts(tables[1]).column("user").to_numpy()
    changes = []
    for name, at in product(both, _AT):
        if at in before.f1[name] and at in after.f1[name]:
            # F1 is a quotient of sums, which more runs of one system leave as it is.
            sure = None if figures_only else paired_difference(later[name][at], earlier[name][at], users)
            changes.append(Change(name, at, before.f1[name][at], after.f1[name][at], sure))
    gone = tuple(name for name in before.f1 if name not in after.f1)
    new = tuple(name for name in after.f1 if name not in before.f1)
    return Comparison(tuple(changes), gone, new, incomparable is None, figures_only)


def _read(path: Path) -> _Report:
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read ({error.strerror}); name the report.json of an evaluation"
        ) from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{path} is damaged, or no report of an evaluation: {error}") from error
    try:
        f1 = {system["name"]: _f1(system["metrics"]) for system in written["systems"]}
        split = written["split"]
        report = _Report(path, f1, {name: str(split[name]) for name in _DIGESTS if split.get(name)})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SettingsError(f"{path} is no report of an evaluation; name the report.json of one") from error
    if len(f1) < len(written["systems"]):
        raise SettingsError(f"{path} holds two systems of one name; evaluate again")
    return report


def _f1(metrics: Mapping[str, Any]) -> dict[At, float]:
    found: dict[At, float] = {"5": float(metrics["micro"]["5"]["f1"]), "10": float(metrics["micro"]["10"]["f1"])}
    if metrics["auto"] is not None:
        found["auto"] = float(metrics["auto"]["micro"]["f1"])
    return found


def _why_incomparable(before: _Report, after: _Report) -> str | None:
    if untold := [str(report.path) for report in (before, after) if not report.digests]:
        return f"{' and '.join(untold)}: the test posts are not recorded, so they may differ"
    name = next(name for name in _DIGESTS if name in before.digests and name in after.digests)
    return "the test posts differ" if before.digests[name] != after.digests[name] else None


def _why_unsure(before: _Report, after: _Report) -> str | None:
    missing = [str(report.per_post) for report in (before, after) if not report.per_post.exists()]
    return f"{' and '.join(missing)} missing, so the certainty of a change is not shown" if missing else None


def _posts(table: "pa.Table") -> "pa.Table":
    """Of the first run of the first system the rows, which is all posts once."""
    first = np.asarray(table.column("run")) == 0
    systems = table.column("system").to_numpy(zero_copy_only=False)
    return table.filter(first & (systems == systems[0])) if len(table) else table


def _why_unpaired(before: "pa.Table", after: "pa.Table") -> str | None:
    named = ["post", "truth"]
    same = len(before) and len(after) and _posts(before).select(named).equals(_posts(after).select(named))
    return None if same else "the hashtags of the test posts differ"


def _counts(table: "pa.Table", report: _Report, systems: list[str]) -> dict[str, dict[At, Counts]]:
    """By system and `At` (n, 3), of several runs the sums. Raises SettingsError where they are not the report's."""
    n = len(_posts(table))
    names = table.column("system").to_numpy(zero_copy_only=False)
    found: dict[str, dict[At, Counts]] = {}
    for name in systems:
        rows = table.filter(names == name)
        found[name] = {}
        for at, f1 in report.f1[name].items():
            counts = _counts_at(rows, at)
            if len(counts) == 0 or len(counts) % n or abs(micro_f1(counts) - f1) > 1e-9:
                raise SettingsError(f"{report.per_post} is not of {report.path}: {name} differs; evaluate again")
            found[name][at] = counts.reshape(-1, n, 3).sum(axis=0)
    return found


def _counts_at(rows: "pa.Table", at: At) -> Counts:
    """(n, 3) of hits, precision's divisor and own hashtags."""
    due = rows.column("due").to_numpy()
    if at == "auto":
        free = [rows.column(name).fill_null(0).to_numpy() for name in ("auto_hits", "auto_suggested")]
        return np.stack([*free, due], axis=1)
    hits = np.asarray(rows.column("hits").to_pylist(), dtype=np.int64).reshape(len(rows), -1)
    return np.stack([hits[:, int(at) - 1], np.full(len(rows), int(at)), due], axis=1)
