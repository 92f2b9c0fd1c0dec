"""From a report and a few examples to the page."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template

from ....core.tiers import TIERS
from .charts import Axis, Chart, Paper, Series
from .examples import SHOWN, Example
from .headline import best_first, f1_of, headline

_AT = ("5", "10", "auto")
KINDS = {
    "retrieval": "retrieval",
    "network": "trained network",
    "reference": "reference",
    "floor": "floor",
    "ceiling": "ceiling",
}
_LOSS, _VALIDATION_LOSS, _VALIDATION_F1 = range(3)  # places in an `Epoch`
_LOW = 220  # height of charts of which there are many


def render_page(report: Mapping[str, Any], examples: Sequence[Example]) -> str:
    """The page as HTML: styles, charts and photos are in it, and it asks for nothing from elsewhere.

    report: see `build_report`.
    """
    systems = best_first(report["systems"])
    judged = [system for system in systems if system["kind"] != "ceiling"]
    verdict, figures = headline(report)
    return template("report.html.jinja").render(
        report=report,
        systems=systems,
        judged=judged,
        kinds=KINDS,
        verdict=verdict,
        figures=figures,
        bars={at: _bars(systems, at, _scale(judged)) for at in _AT},
        tiers=_tiers(judged),
        f1_at_k=_f1_at_k(judged),
        precision_recall=_precision_recall(judged),
        honest=[(system, _reliability(system)) for system in judged if system["reliability"]],
        learning=[(system, *_learning(system["curves"])) for system in judged if system["curves"]],
        examples=examples,
        shown=SHOWN,
    )


def template(name: str) -> Template:
    """One that lies beside this file."""
    loader = FunctionLoader(lambda name: files(__name__.rpartition(".")[0]).joinpath(name).read_text(encoding="utf-8"))
    pages = Environment(autoescape=True, loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return pages.get_template(name)


def _scale(judged: Sequence[Mapping[str, Any]]) -> float:
    """The figure whose bar fills its cell: one for all, so that columns compare."""
    ends = [interval[1] for system in judged for interval in system["interval"].values() if interval]
    return max(ends, default=0) or 1


def _bars(systems: Sequence[Mapping[str, Any]], at: str, scale: float) -> dict[str, dict[str, float] | None]:
    """By system its micro F1 and interval, and where they lie in the cell, in percent; None where there is none."""
    bars: dict[str, dict[str, float] | None] = {}
    for system in systems:
        f1, interval = f1_of(system, at), system["interval"][f"micro_f1_{at}"]
        bars[system["name"]] = f1 if f1 is None else _bar(f1, scale) | _whisker(interval, scale)
    return bars


def _bar(figure: float, scale: float) -> dict[str, float]:
    return {"figure": figure, "width": min(100.0, 100 * figure / scale)}


def _whisker(interval: Sequence[float], scale: float) -> dict[str, float]:
    low, high = interval
    return {"low": low, "high": high, "from": 100 * low / scale, "long": 100 * (high - low) / scale}


def _tiers(judged: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, dict[str, float]]]:
    """By tier and system, micro F1 at 5 as a bar."""
    at_5 = {
        tier: {system["name"]: system["strata"]["frequency"][tier]["micro"]["5"]["f1"] for system in judged}
        for tier in (*TIERS, "unseen")
    }
    scale = max((f1 for named in at_5.values() for f1 in named.values()), default=0) or 1
    return {tier: {name: _bar(f1, scale) for name, f1 in named.items()} for tier, named in at_5.items()}


def _f1_at_k(judged: Sequence[Mapping[str, Any]]) -> Chart:
    series = [
        Series(system["name"], system["kind"], [(int(k), at["f1"]) for k, at in system["metrics"]["micro"].items()])
        for system in judged
    ]
    return Paper(Axis("hashtags k", 1, 10, whole=True), _upward(series)).draw("micro F1 by number of hashtags", series)


def _precision_recall(judged: Sequence[Mapping[str, Any]]) -> Chart:
    """Each named where its F1 is best: at their ends all curves lie together."""
    series = []
    for system in judged:
        points = [(at["recall"], at["precision"]) for at in system["precision_recall"]]
        f1s = [recall * precision / max(1e-9, recall + precision) for recall, precision in points]
        series.append(Series(system["name"], system["kind"], points, [f1s.index(max(f1s))] if f1s else []))
    widest = max((recall for one in series for recall, _ in one.points), default=0) or 1
    return Paper(Axis("recall", 0, widest), Axis("precision", 0, 1)).draw("precision by recall", series)


def _reliability(system: Mapping[str, Any]) -> Chart:
    points = [(one["probability"], one["carried"]) for one in system["reliability"]["bins"]]
    measured = Series("measured", system["kind"], points, range(len(points))[::-1])
    perfect = Series("every one comes true", "ideal", [(0, 0), (1, 1)])
    paper = Paper(Axis("probability", 0, 1), Axis("part that was right", 0, 1))
    return paper.draw(f"{system['name']}: how probable, and how often right", [measured, perfect])


def _learning(curves: Sequence[Mapping[str, Any]]) -> tuple[str, list[Chart]]:
    """The setting that stands, its losses by epoch, and F1 of all settings by epoch."""
    stands = next((curve for curve in curves if curve["stands"]), curves[0])
    best = stands["best"]
    losses = [
        Series("training", "network", _by_epoch(stands, _LOSS)),
        Series("validation", "reference", _by_epoch(stands, _VALIDATION_LOSS)),
    ]
    f1s = [
        Series(f"best: epoch {best + 1}", "network", _by_epoch(stands, _VALIDATION_F1), [best]),
        *(Series("", "faint", _by_epoch(curve, _VALIDATION_F1)) for curve in curves if curve is not stands),
    ]
    epochs = Axis("epoch", 1, max(2, *(len(curve["epochs"]) for curve in curves)), whole=True)
    setting = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in stands["setting"].items())
    return setting, [
        Paper(epochs, _upward(losses, "mean loss"), _LOW).draw("mean loss", losses),
        Paper(epochs, _upward(f1s), _LOW).draw("micro F1 on validation posts", f1s),
    ]


def _by_epoch(curve: Mapping[str, Any], figure: int) -> list[tuple[float, float]]:
    """figure: which one of an `Epoch`."""
    return [(place, epoch[figure]) for place, epoch in enumerate(curve["epochs"], start=1)]


def _upward(series: Sequence[Series], label: str = "micro F1") -> Axis:
    """From 0, or the lowest point below it, to a little above the highest."""
    heights = [0.0, *(height for one in series for _, height in one.points)]
    return Axis(label, min(heights), 1.05 * max(heights) or 1)
