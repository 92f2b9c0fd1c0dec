"""What the field's own sources report. Measured on their data by their rules: no system here stands beside them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Published:
    """A system's figures as its source gives them, in [0, 1], and what they were measured on, as far as it tells."""

    system: str
    source: str
    measured_on: str
    metrics: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """For a report."""
        return asdict(self)


_HARRISON = "HARRISON: A Benchmark on HAshtag Recommendation for Real-world Images in Social Networks, arXiv 1605.05054"
_HARRISON_POSTS = "HARRISON, 52,383 training and 5,000 test posts, 1,000 classes; means per post"
_CAPTIONING = "Instagram captioning project"
_CAPTIONING_POSTS = "11,000 posts of Korean tourist spots, 7,700/2,200/1,100; F1 from aggregate counts, k unknown"
_CAPTIONS_MEASURED = "11,000 posts of Korean tourist spots, 7,700/2,200/1,100; how captions are cut is unknown"
_TAGS = "Li and others, Socializing the Semantic Gap, arXiv 1503.08248"
_TAGS_POSTS = "MIRFlickr, learned from a million tagged images; tags assigned to images"


def _harrison(system: str, precision: float, recall: float, hit: float) -> Published:
    return Published(system, _HARRISON, _HARRISON_POSTS, {"precision_1": precision, "recall_5": recall, "hit_5": hit})


def _captioning(system: str, f1: float, precision: float, recall: float) -> Published:
    figures = {"precision": precision, "recall": recall, "f1": f1}
    return Published(system, _CAPTIONING, _CAPTIONING_POSTS, figures)


def _captions(system: str, bleu_1: float, rouge_l: float, meteor: float) -> Published:
    figures = {"bleu_1": bleu_1, "rouge_l": rouge_l, "meteor": meteor}
    return Published(system, _CAPTIONING, _CAPTIONS_MEASURED, figures)


PUBLISHED = (
    _harrison("VGG-Object", 0.2830, 0.2083, 0.5070),
    _harrison("VGG-Scene", 0.2534, 0.1866, 0.4630),
    _harrison("VGG-Object + VGG-Scene", 0.3016, 0.2138, 0.5252),
    _captioning("Show, Attend and Tell", 0.1454, 0.214, 0.1101),
    _captioning("ResNeXt-WSL encoder", 0.1709, 0.2595, 0.1274),
    _captioning("look-back attention", 0.1475, 0.2013, 0.1164),
    _captioning("ResNeXt-WSL encoder and look-back attention", 0.1617, 0.2082, 0.1322),
    Published(
        "hashtag embeddings in Keras, batch size 256, learning rate 0.01",
        "Keras embedding project",
        "its own posts; k and the definition of F1 unknown",
        {"precision": 0.0655, "recall": 0.0995, "f1": 0.0790},
    ),
    Published(
        "LXMERT4Hashtag",
        "LXMERT4Hashtag",
        "InstaNY100K; k and the definition of F1 unknown",
        {"precision": 0.505, "recall": 0.4402, "f1": 0.4704},
    ),
    Published("TagProp", _TAGS, _TAGS_POSTS, {"map": 0.342}),
    Published("k nearest neighbours", _TAGS, _TAGS_POSTS, {"map": 0.336}),
    Published("TagVote", _TAGS, _TAGS_POSTS, {"map": 0.334}),
)

PUBLISHED_CAPTIONS = (
    _captions("Show, Attend and Tell", 0.0639, 0.0897, 0.0573),
    _captions("ResNeXt-WSL encoder", 0.0738, 0.0982, 0.0664),
    _captions("look-back attention", 0.0649, 0.0918, 0.0592),
    _captions("ResNeXt-WSL encoder and look-back attention", 0.0736, 0.0982, 0.0657),
)
