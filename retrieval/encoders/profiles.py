"""Which encoders an index is built with, and how they are made again from what its manifest says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ...core.errors import SnapshotError, WeightsError
from ...core.protocols import Encoder
from .efficientnet import EfficientNetEncoder
from .ngrams import NgramEncoder
from .open_clip_tower import OpenClipEncoder
from .sentence import SentenceEncoder
from .weights import MINILM_WHEEL, find_open_clip_weights, find_sentence_weights

Profile = Literal["auto", "clip", "compact"]

CLIP_IMAGE_MODEL = "ViT-B-16-SigLIP2"
CLIP_IMAGE_WEIGHTS = "webli"
CLIP_SENTENCE_MODEL = "paraphrase-multilingual-MiniLM-L12-v2"


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """How an encoder is made: kind `efficientnet-lite0`, `open_clip`, `sentence` or `ngrams`, and its names."""

    kind: str
    model: str = ""
    weights: str = ""

    def to_json(self) -> dict[str, str]:
        """For the manifest."""
        return {"kind": self.kind, "model": self.model, "weights": self.weights}

    @classmethod
    def from_json(cls, fields: Mapping[str, str]) -> "EncoderSpec":
        """Raises SnapshotError on other fields."""
        try:
            return cls(**fields)
        except TypeError as error:
            raise SnapshotError(
                f"the manifest describes an encoder that this version does not know: {fields}"
            ) from error


@dataclass(frozen=True, slots=True)
class ClipModels:
    """The models of the `clip` profile."""

    image_model: str = CLIP_IMAGE_MODEL
    image_weights: str = CLIP_IMAGE_WEIGHTS
    sentence_model: str = CLIP_SENTENCE_MODEL


def make_encoder(spec: EncoderSpec) -> Encoder[Any]:
    """Raises WeightsError where its weights are not on disk, SnapshotError where the kind is unknown."""
    if spec.kind == "efficientnet-lite0":
        return EfficientNetEncoder()
    if spec.kind == "open_clip":
        return OpenClipEncoder(spec.model, spec.weights)
    if spec.kind == "sentence":
        return SentenceEncoder(spec.model)
    if spec.kind == "ngrams":
        return NgramEncoder()
    raise SnapshotError(f"the index was built with an encoder of kind {spec.kind!r}, which this version does not know")


def choose_encoders(profile: Profile, clip: ClipModels) -> tuple[list[EncoderSpec], list[str]]:
    """The encoders of a profile, and what a person should know of the choice.

    `auto` is `clip` where its weights are on disk, else `compact`, which it says.
    Raises WeightsError where `clip` is asked for and its weights are not on disk.
    """
    if profile == "compact":
        return _COMPACT, []
    try:
        find_open_clip_weights(clip.image_model, clip.image_weights)
        find_sentence_weights(clip.sentence_model)
    except WeightsError:
        if profile == "clip" or clip != ClipModels():
            raise
        return _COMPACT, [
            "using the compact encoders (English captions and general photos); for the stronger, multilingual clip "
            "encoders run `hashtag models pull clip` (about 2 GB), then build again"
        ]
    return [
        EncoderSpec("open_clip", clip.image_model, clip.image_weights),
        EncoderSpec("sentence", clip.sentence_model),
        EncoderSpec("ngrams"),
    ], []


_COMPACT = [EncoderSpec("efficientnet-lite0"), EncoderSpec("sentence", MINILM_WHEEL), EncoderSpec("ngrams")]
