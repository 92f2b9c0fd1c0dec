"""From the captions that systems wrote to the figures by which they are compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from ...core.vectors import Floats, Rows
from ..measures.bootstrap import interval, probability_better, users_of
from ..measures.captions import MEASURES, CaptionMeasure, score_captions
from ..measures.tokens import Unit, tokens_of, units_for
from ..runs.captions import CaptionResult, CaptionTrial
from .published import PUBLISHED_CAPTIONS

DECIDING: Sequence[CaptionMeasure] = ("rouge_l", "meteor")  # by these systems are held together

RULES = (
    "Every system sees the photos of a test post, and nothing else of it; the networks and the nearest photo see the"
    " first photo alone. What it writes is held against the caption of the post.",
    "All captions, also those that are learned from, are cleaned first: of mentions, links, e-mail addresses, credits,"
    " dates, prices, phone numbers and hashtags, which no system can know from a photo.",
    "Captions are cut into tokens once, for all measures: NFKC, case folded, without punctuation and emoji. Words are"
    " runs of letters and digits; a letter of a script written without spaces is a word of its own. Where a test post"
    " is Korean, Japanese, Chinese or Thai, all figures are also given by characters.",
    "BLEU is that of all test posts together (sacrebleu); where no n-gram of an order is right, half of one counts, a"
    " quarter of the next.",
    "ROUGE-L is the F1 of the longest common subsequence, without stemming (rouge-score); the mean over posts.",
    "METEOR matches equal words and equal Porter stems, but no synonyms: it is without WordNet (NLTK); the mean over"
    " posts.",
    "CIDEr is CIDEr-D, from 0 to 10, with n-grams weighed by the test posts (pycocoevalcap); the mean over posts.",
    "An empty caption counts as a caption that has nothing right.",
    "Photos and captions are encoded once for all systems; the times of the systems do not include this.",
    "Intervals are of 95%, by bootstrap over users; a post without an author counts as a user of its own.",
)


def build_caption_report(
    trial: CaptionTrial, results: Sequence[CaptionResult], *, split: Mapping[str, Any], dataset: str
) -> dict[str, Any]:
    """The figures of all systems on one trial, ready for JSON.

    split: see `Split.to_json`. dataset: its name. `differences`: retrieval less each network. Raises ValueError where
    there are no test posts.
    """
    users = users_of([post.author for post in trial.test])
    measured = {unit: _measure(trial, results, unit, users) for unit in units_for(trial.truth)}
    systems = [
        {
            "name": result.name,
            "kind": result.kind,
            "metrics": {unit: named[result.name].figures for unit, named in measured.items()},
            "intervals": {unit: named[result.name].intervals for unit, named in measured.items()},
            **_described(result.captions),
            "fit_seconds": result.fit_seconds,
            "write_ms": result.write_ms,
            "notes": list(result.notes),
        }
        for result in results
    ]
    return {
        "systems": systems,
        "differences": _differences(results, measured),
        "split": dict(split),
        "dataset": {
            "name": dataset,
            "train": len(trial.train),
            "validation": len(trial.validation),
            "test_posts": len(trial.test),
            "left_out": trial.left_out,
            **_described(trial.truth),
        },
        "published": [published.to_json() for published in PUBLISHED_CAPTIONS],
        "rules": list(RULES),
    }


@dataclass(frozen=True, slots=True)
class _Measured:
    """What a system reached, by measure. drawn: (2000,) of the same resamples for all systems."""

    figures: Mapping[CaptionMeasure, float]
    drawn: Mapping[CaptionMeasure, Floats]

    @property
    def intervals(self) -> dict[CaptionMeasure, list[float]]:
        return {measure: list(interval(drawn)) for measure, drawn in self.drawn.items()}


def _measure(trial: CaptionTrial, results: Sequence[CaptionResult], unit: Unit, users: Rows) -> dict[str, _Measured]:
    """By system."""
    measured = {}
    for result in results:
        scores = score_captions(result.captions, trial.truth, unit)
        figures = {measure: scores.figure(measure) for measure in MEASURES}
        drawn = {measure: scores.resampled(measure, users) for measure in MEASURES}
        measured[result.name] = _Measured(figures, drawn)
    return measured


def _differences(
    results: Sequence[CaptionResult], measured: Mapping[Unit, Mapping[str, _Measured]]
) -> list[dict[str, Any]]:
    """Retrieval less each network, by unit and deciding measure."""
    ours, networks = ([one.name for one in results if one.kind == kind] for kind in ("retrieval", "network"))
    differences = []
    for unit, name, other, measure in product(measured, ours, networks, DECIDING):
        one, rival = measured[unit][name], measured[unit][other]
        low, high = interval(one.drawn[measure] - rival.drawn[measure])
        differences.append(
            {
                "system": name,
                "other": other,
                "tokens": unit,
                "measure": measure,
                "by": one.figures[measure] - rival.figures[measure],
                "low": low,
                "high": high,
                "probability": probability_better(one.drawn[measure], rival.drawn[measure]),
            }
        )
    return differences


def _described(captions: Sequence[str]) -> dict[str, Any]:
    """How long captions are in the mean, how many are different, and how many are empty."""
    words = [tokens_of(caption, "words") for caption in captions]
    return {
        "words_per_caption": sum(map(len, words)) / len(words),
        "different_captions": len({tuple(own) for own in words}),
        "empty_captions": words.count([]),
    }
