"""Puts systems to the test: each learns from the same posts and answers the same queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from ...core.post import Post
from ...core.progress import Progress
from ...core.query import Query
from ...core.suggest_options import MOST
from ..measures.vocabulary import own_hashtags
from ..systems.system import SILENT, Curve, Epoch, Fitted, Kind, Scored, System, query_of
from .memory import peak_mb, reset_peak
from .splits import Split

DEPTH = MOST  # suggestions asked of every system for each post: more than any measure at k, for MAP and MRR


@dataclass(frozen=True, slots=True)
class Trial:
    """What systems learn from and are judged on. test: n posts, each with hashtags of its own."""

    train: Sequence[Post]
    validation: Sequence[Post]
    test: Sequence[Post]

    @classmethod
    def of(cls, posts: Sequence[Post], split: Split) -> "Trial":
        """Posts without hashtags have no truth to judge by, and are left out of the test."""
        train, validation, test = ([posts[row] for row in rows] for rows in (split.train, split.validation, split.test))
        return cls(train, validation, [post for post in test if own_hashtags(post)])

    @property
    def truth(self) -> list[list[str]]:
        """By test post its own hashtags, normalised."""
        return [own_hashtags(post) for post in self.test]


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a system suggested for n test posts.

    ranked: by post at most DEPTH hashtags, best first; of several runs, with other random numbers each, one after
    another. free: as many as it thought right; None where it has no opinion. fit_seconds: to learn. suggest_ms: to
    answer, for each post, all asked about at once. peak_mb: the most memory the process held meanwhile; None where the
    system does not tell. fitted: how the system came about, of several runs in the first.
    """

    name: str
    kind: Kind
    ranked: Sequence[Sequence[Scored]]
    free: Sequence[Sequence[Scored]] | None
    fit_seconds: float
    suggest_ms: float
    peak_mb: float | None = None
    fitted: Fitted = Fitted()

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> "RunResult":
        """Of its fields, as `dataclasses.asdict` gives them. Raises KeyError or TypeError on what is none."""
        curves = [
            Curve(curve["setting"], [Epoch(*epoch) for epoch in curve["epochs"]], curve["best"], curve["stands"])
            for curve in fields["fitted"]["curves"]
        ]
        free = fields["free"]
        return cls(
            **{
                **fields,
                "ranked": _read(fields["ranked"]),
                "free": None if free is None else _read(free),
                "fitted": Fitted(fields["fitted"]["notes"], curves),
            }
        )


def run(system: System, trial: Trial, progress: Progress = SILENT) -> RunResult:
    """Let a system learn, then answer. Raises ValueError where it does not answer every query."""
    queries = [query_of(post) for post in trial.test]
    reset_peak()
    started = perf_counter()
    fitted = system.fit(trial.train, trial.validation, progress)
    learned = perf_counter()
    with progress.stage(f"{system.name} answers", None):
        ranked = _answers(system, queries, DEPTH)
        answered = perf_counter()
        free = _answers(system, queries, None) if system.auto else None
    return RunResult(
        system.name,
        system.kind,
        ranked,
        free,
        learned - started,
        1000 * (answered - learned) / max(1, len(queries)),
        peak_mb(),
        fitted,
    )


def pooled(results: Sequence[RunResult]) -> RunResult:
    """Runs of one system as one: their answers one after another, times and memory averaged."""
    first, n = results[0], len(results)
    peaks = [result.peak_mb for result in results if result.peak_mb is not None]
    return replace(
        first,
        ranked=[answer for result in results for answer in result.ranked],
        free=None if first.free is None else [answer for result in results for answer in result.free or ()],
        fit_seconds=sum(result.fit_seconds for result in results) / n,
        suggest_ms=sum(result.suggest_ms for result in results) / n,
        peak_mb=sum(peaks) / len(peaks) if peaks else None,
    )


def _read(written: Sequence[Sequence[Sequence[Any]]]) -> list[list[Scored]]:
    return [[Scored(str(hashtag), float(score)) for hashtag, score in answer] for answer in written]


def _answers(system: System, queries: Sequence[Query], count: int | None) -> list[list[Scored]]:
    answers = system.suggest(queries, count)
    if len(answers) != len(queries):
        raise ValueError(f"{system.name} gave {len(answers)} answers to {len(queries)} queries")
    return [answer[:count] for answer in answers]
