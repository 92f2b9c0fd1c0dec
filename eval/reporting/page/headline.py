"""Who won, by how much, and how sure that is: in words."""

from collections.abc import Mapping, Sequence
from typing import Any

System = Mapping[str, Any]


def f1_of(system: System, at: str = "5") -> float | None:
    """Micro F1 at a k or `auto`; None where the system has no opinion on the number."""
    metrics = system["metrics"]
    if at == "auto":
        return metrics["auto"] and float(metrics["auto"]["micro"]["f1"])
    return float(metrics["micro"][at]["f1"])


def best_first(systems: Sequence[System]) -> list[System]:
    """By micro F1 at 5; ceilings, which are told the truth, come last."""
    return sorted(systems, key=lambda system: (system["kind"] == "ceiling", -(f1_of(system) or 0), system["name"]))


def headline(report: Mapping[str, Any]) -> tuple[str, list[str]]:
    """A verdict in one sentence, and sentences that give its figures.

    Retrieval is held against the best of all others, whoever is ahead; without it the two best are held together.
    """
    judged = [system for system in best_first(report["systems"]) if system["kind"] != "ceiling"]
    if len(judged) < 2:
        only = judged[0]["name"] if judged else "nothing"
        return f"Only {only} was judged, so there is nothing to hold it against.", []
    winner = judged[0]
    other = _opponent(winner, judged[1:])
    low, high = winner["ahead_by"][other["name"]]
    by = (f1_of(winner) or 0) - (f1_of(other) or 0)
    sure = low > 0
    verdict = f"{_called(winner, other, sure)}: {winner['name']} reaches {f1_of(winner):.3f} micro F1 at 5, "
    verdict += f"{other['name']} {f1_of(other):.3f}."
    figures = [
        f"{other['name']}, {_side(winner, other)}, is behind by {by:.3f}{_ratio(by, other)}; 95% interval "
        f"{_signed(low)} to {_signed(high)}. In {winner['better_than'][other['name']]:.1%} of paired resamples of the "
        f"test posts, {winner['name']} is better: {'that is beyond chance' if sure else 'that may be chance'}."
    ]
    return verdict, [*figures, *_auto(judged)]


def _side(winner: System, other: System) -> str:
    if other["kind"] == "retrieval":
        return "the best retrieval"
    return "the best that is not retrieval" if winner["kind"] == "retrieval" else "the best of the rest"


def _ratio(by: float, other: System) -> str:
    behind = f1_of(other)
    return f", {by / behind:.0%} of its own F1" if behind else ""


def _signed(figure: float) -> str:
    return f"{figure:+.3f}".replace("-", "−")


def _opponent(winner: System, others: Sequence[System]) -> System:
    """The best of the other side, where retrieval is one side and all else the other; else the second best."""
    ours = winner["kind"] == "retrieval"
    return next((one for one in others if (one["kind"] == "retrieval") != ours), others[0])


def _called(winner: System, other: System, sure: bool) -> str:
    if winner["kind"] == "retrieval" and other["kind"] != "retrieval":
        return "Retrieval won" if sure else "Too close to call, with retrieval ahead"
    if other["kind"] == "retrieval" and winner["kind"] != "retrieval":
        return "Retrieval lost" if sure else "Too close to call, with retrieval behind"
    return f"{winner['name']} won" if sure else "Too close to call"


def _auto(judged: Sequence[System]) -> list[str]:
    """How they do where they choose how many hashtags a post deserves, which not all can."""
    free = sorted((one for one in judged if one["metrics"]["auto"]), key=lambda one: -(f1_of(one, "auto") or 0))
    if not free:
        return []
    shown = [free[0], *([_opponent(free[0], free[1:])] if free[1:] else [])]
    told = [
        f"{one['name']} {f1_of(one, 'auto'):.3f} with {one['metrics']['auto']['suggested']:.1f} a post" for one in shown
    ]
    return [f"With the number of hashtags left to each system: {', '.join(told)}."]
