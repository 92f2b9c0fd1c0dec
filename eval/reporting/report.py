"""From what systems suggested to the figures by which they are compared."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...core.tiers import Tier
from ...core.vectors import Floats, Rows
from ..measures.bootstrap import interval, probability_better, resampled_micro_f1, users_of
from ..measures.curves import Pooled, precision_recall, reliability
from ..measures.metrics import (
    Counts,
    Judged,
    MeanMeasure,
    Measure,
    average_precision,
    f1_of_means,
    hit_rate,
    judge,
    macro_average,
    mean_per_post,
    micro_average,
    ndcg,
    reciprocal_rank,
)
from ..measures.strata import CountsAt, by_post, by_spam, by_tier, caption_script, modality
from ..measures.vocabulary import Vocabulary
from ..runs.run import DEPTH, RunResult, Trial
from ..systems.system import Scored
from .published import PUBLISHED

KS = range(1, 11)
_DECIDING = 5  # at this k is said which of two systems is better
_SURE_AT = (_DECIDING, 10)  # at these it is said how sure a figure is

RULES = (
    "Precision at k is divided by k, also if a system suggests fewer than k hashtags.",
    "If the system chooses the number (auto), and by hashtag frequency, it is divided by the number of suggestions.",
    "Recall is divided by all hashtags of the test posts, also those that no training post carries.",
    "Hashtags are compared in normalised form; test posts without hashtags are left out.",
    "Macro averages are means over all hashtags that the test posts carry.",
    f"MAP and MRR use the first {DEPTH} suggestions.",
    "Photos and captions are encoded once for all systems; the times of the systems do not include this.",
    "Memory is the most that the whole process used during a run, with what all systems share.",
    "Intervals are of 95%, by bootstrap over users; a post without an author counts as a user of its own.",
    f"Precision-recall curves use the first {DEPTH} suggestions of all posts, with one threshold for all posts.",
    f"Calibration uses the first {_DECIDING} suggestions.",
)

_AVERAGES: Mapping[str, Callable[[Counts], Measure | MeanMeasure]] = {
    "micro": micro_average,
    "mean_per_post": mean_per_post,
    "f1_of_means": f1_of_means,
}


@dataclass(frozen=True, slots=True)
class _Truth:
    """By test post its own hashtags, its caption's script and what it has; and what kinds of hashtags there are."""

    hashtags: Sequence[Sequence[str]]
    scripts: Sequence[str]
    modalities: Sequence[str]
    tiers: Mapping[str, Tier]
    spam: Collection[str]

    @classmethod
    def of(cls, trial: Trial, vocabulary: Vocabulary, spam: Collection[str]) -> "_Truth":
        scripts = [caption_script(post.caption) for post in trial.test]
        return cls(trial.truth, scripts, list(map(modality, trial.test)), vocabulary.tiers, spam)

    def of_runs(self, answers: Sequence[Any]) -> "_Truth":
        """The same, as often as a system was asked about all posts. Raises ValueError on answers to half of them."""
        runs, rest = divmod(len(answers), len(self.hashtags))
        if rest:
            raise ValueError(f"{len(answers)} answers to {len(self.hashtags)} posts")
        return _Truth([*self.hashtags] * runs, [*self.scripts] * runs, [*self.modalities] * runs, self.tiers, self.spam)


def _named(answers: Sequence[Sequence[Scored]]) -> list[list[str]]:
    return [[scored.hashtag for scored in answer] for answer in answers]


def build_report(
    trial: Trial,
    results: Sequence[RunResult],
    *,
    split: Mapping[str, Any],
    dataset: str,
    spam: Collection[str],
) -> dict[str, Any]:
    """The figures of all systems on one trial, ready for JSON.

    split: see `Split.to_json`. dataset: its name. spam: normalised hashtags. `better_than` holds the probability that a
    system's micro F1 at 5 is above another's, `ahead_by` the 95% interval of the difference. Raises ValueError where
    there are no test posts, or two systems have one name.
    """
    names = [result.name for result in results]
    if len(set(names)) < len(names):
        raise ValueError(f"two systems have one name, of {', '.join(names)}")
    vocabulary = Vocabulary.of([*trial.train, *trial.validation])
    truth = _Truth.of(trial, vocabulary, spam)
    users = users_of([post.author for post in trial.test])
    named = {result.name: _named(result.ranked) for result in results}
    judged = {name: judge(ranked, truth.of_runs(ranked).hashtags) for name, ranked in named.items()}
    drawn = {name: _drawn(one.counts(_DECIDING), users) for name, one in judged.items()}
    systems = [
        {
            "name": result.name,
            "kind": result.kind,
            "metrics": _metrics(result, judged[result.name], truth.of_runs(result.ranked)),
            "strata": _strata(named[result.name], judged[result.name], truth.of_runs(result.ranked)),
            "interval": _intervals(result, judged[result.name], truth, users),
            "better_than": _better_than(result.name, drawn),
            "ahead_by": _ahead_by(result.name, drawn),
            **_curves(result, truth.of_runs(result.ranked)),
            "runs": len(result.ranked) // len(trial.test),
            "fit_seconds": result.fit_seconds,
            "suggest_ms": result.suggest_ms,
            "peak_mb": result.peak_mb,
            "notes": list(result.fitted.notes),
            "curves": [asdict(curve) for curve in result.fitted.curves],
        }
        for result in results
    ]
    return {
        "systems": systems,
        "split": dict(split),
        "dataset": {"name": dataset, **_described(truth, vocabulary)},
        "published": [published.to_json() for published in PUBLISHED],
        "rules": list(RULES),
    }


def _metrics(result: RunResult, judged: Judged, truth: _Truth) -> dict[str, Any]:
    return {
        **{name: {str(k): _figures(name, judged.counts(k)) for k in KS} for name in _AVERAGES},
        "macro": {str(k): asdict(macro_average(_named(result.ranked), truth.hashtags, k)) for k in KS},
        "map": float(average_precision(judged).mean()),
        "mrr": float(reciprocal_rank(judged).mean()),
        "ndcg": {str(k): float(ndcg(judged, k).mean()) for k in (5, 10)},
        "auto": None if result.free is None else _auto(judge(_named(result.free), truth.hashtags)),
    }


def _auto(judged: Judged) -> dict[str, Any]:
    """Under every definition, and how many hashtags were suggested for a post."""
    counts = judged.counts_as_suggested()
    return {name: _figures(name, counts) for name in _AVERAGES} | {"suggested": float(counts[:, 1].mean())}


def _figures(definition: str, counts: Counts) -> dict[str, float]:
    measure = _AVERAGES[definition](counts)
    return {"precision": measure.precision, "recall": measure.recall, "f1": measure.f1, "hit": hit_rate(counts)}


def _strata(ranked: Sequence[Sequence[str]], judged: Judged, truth: _Truth) -> dict[str, Any]:
    """Micro averages by what a stratum goes by, its name, and k."""
    strata: dict[str, Mapping[str, CountsAt]] = {
        "frequency": by_tier(ranked, truth.hashtags, truth.tiers),
        "script": by_post(judged, truth.scripts),
        "modality": by_post(judged, truth.modalities),
        "spam": by_spam(ranked, truth.hashtags, truth.spam),
    }
    return {
        by: {
            name: {"posts": len(counts_at(1)), "micro": {str(k): _figures("micro", counts_at(k)) for k in KS}}
            for name, counts_at in named.items()
        }
        for by, named in strata.items()
    }


def _intervals(result: RunResult, judged: Judged, truth: _Truth, users: Rows) -> dict[str, list[float] | None]:
    """Of micro F1 at some k, and with a free number (None where the system has no opinion on it)."""
    at = {f"micro_f1_{k}": list(interval(_drawn(judged.counts(k), users))) for k in _SURE_AT}
    if result.free is None:
        return {**at, "micro_f1_auto": None}
    free = judge(_named(result.free), truth.of_runs(result.free).hashtags)
    return {**at, "micro_f1_auto": list(interval(_drawn(free.counts_as_suggested(), users)))}


def _drawn(counts: Counts, users: Rows) -> Floats:
    """(2000,) of all runs: a user's posts are drawn in all of them or in none. users: (n,) of one run."""
    return resampled_micro_f1(counts, np.resize(users, len(counts)))


def _curves(result: RunResult, truth: _Truth) -> dict[str, Any]:
    """Reliability only of scores that are meant to be probabilities: those of retrieval."""
    first = [answer[:_DECIDING] for answer in result.ranked]
    honest = reliability(Pooled.of(first, truth.hashtags)) if result.kind == "retrieval" else None
    return {
        "precision_recall": precision_recall(Pooled.of(result.ranked, truth.hashtags)),
        "reliability": honest,
    }


def _ahead_by(name: str, drawn: Mapping[str, Floats]) -> dict[str, list[float]]:
    return {other: list(interval(drawn[name] - f1s)) for other, f1s in drawn.items() if other != name}


def _better_than(name: str, drawn: Mapping[str, Floats]) -> dict[str, float]:
    return {other: probability_better(drawn[name], f1s) for other, f1s in drawn.items() if other != name}


def _described(truth: _Truth, vocabulary: Vocabulary) -> dict[str, Any]:
    due = [hashtag for own in truth.hashtags for hashtag in own]
    return {
        "test_posts": len(truth.hashtags),
        "training_hashtags": len(vocabulary.hashtags),
        "hashtags_per_post": len(due) / len(truth.hashtags),
        "unseen": sum(hashtag not in vocabulary.columns for hashtag in due) / len(due),
    }
