"""The page of a comparison of captions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...measures.captions import MEASURES
from ...runs.captions import CaptionResult, CaptionTrial
from .examples import ReadPhoto, shortened, spread, thumbnail
from .rendering import KINDS, template

NAMES = {
    "bleu_1": "BLEU-1",
    "bleu_2": "BLEU-2",
    "bleu_3": "BLEU-3",
    "bleu_4": "BLEU-4",
    "rouge_l": "ROUGE-L",
    "meteor": "METEOR",
    "cider": "CIDEr",
}


@dataclass(frozen=True, slots=True)
class CaptionExample:
    """A test post, and the caption of each system.

    place: among the test posts, from 1. photo: a JPEG as data URI, or None, and then `without` says why.
    """

    place: int
    post_id: str
    caption: str
    photo: str | None
    without: str
    written: Mapping[str, str]


def choose_caption_examples(
    trial: CaptionTrial, results: Sequence[CaptionResult], read_photo: ReadPhoto, n: int = 10
) -> tuple[CaptionExample, ...]:
    """n test posts at equal distances in their order, whatever any system wrote; all where there are fewer."""
    return tuple(
        CaptionExample(
            place + 1,
            trial.test[place].post_id,
            shortened(trial.test[place].caption),
            *thumbnail(trial.test[place], read_photo),
            {result.name: shortened(result.captions[place]) for result in results},
        )
        for place in spread(len(trial.test), n)
    )


def render_caption_page(report: Mapping[str, Any], examples: Sequence[CaptionExample]) -> str:
    """The page as HTML, as `render_page` makes it. report: see `build_caption_report`."""
    return template("captions.html.jinja").render(
        report=report,
        systems=sorted(report["systems"], key=lambda system: -system["metrics"]["words"]["rouge_l"]),
        units=list(report["systems"][0]["metrics"]),
        measures=MEASURES,
        names=NAMES,
        kinds=KINDS,
        examples=examples,
    )
