"""Which encoders an index is built with, and how they are made again from what its manifest says."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from ...core.errors import SnapshotError, WeightsError
from ...core.protocols import Encoder, Fingerprint
from ...core.settings import Profile
from ..runtimes.onnx import OnnxRuntime
from ..runtimes.pytorch import TORCH, has_gpu
from ..runtimes.runtime import Runtime
from .efficientnet import EfficientNetEncoder
from .ngrams import NgramEncoder
from .open_clip_model import OpenClipModel
from .open_clip_text import OpenClipTextEncoder
from .open_clip_tower import OpenClipEncoder
from .sentence import SentenceEncoder
from .universal_sentence import UniversalSentenceEncoder
from .weights import (
    MINILM_WHEEL,
    Weights,
    find_open_clip_tokenizer,
    find_open_clip_weights,
    find_sentence_weights,
    pull_open_clip_tokenizer,
    pull_open_clip_weights,
    pull_sentence_weights,
)

EXPORTED = "exported-models"  # the folder of a cache
CLIP_IMAGE_MODEL = "ViT-B-16-SigLIP2"
CLIP_IMAGE_WEIGHTS = "webli"
CLIP_SENTENCE_MODEL = "paraphrase-multilingual-MiniLM-L12-v2"


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """How an encoder is made: kind, as in `make_encoder`, and its names."""

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


@dataclass(frozen=True, slots=True)
class ModelState:
    """Whether a model's weights are on this machine; size: roughly what they take to download."""

    profile: str
    channel: str
    model: str
    here: bool
    size: str

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


def make_encoder(spec: EncoderSpec, runtime: Runtime, built_with: Fingerprint | None = None) -> Encoder[Any]:
    """runtime: on which it runs its model, if it has one.

    built_with: the fingerprint of an index, if the encoder is for one. If the runtime holds that model, it is used as
    it is, and weights on disk are not looked for.
    Raises WeightsError where its weights are not on disk, SnapshotError where the kind is unknown.
    """
    known = built_with if built_with and runtime.holds(built_with) else None
    if spec.kind == "efficientnet-lite0":
        return EfficientNetEncoder(runtime)
    if spec.kind == "open_clip":
        return OpenClipEncoder(spec.model, spec.weights, runtime, known)
    if spec.kind == "open_clip_text":
        return OpenClipTextEncoder(spec.model, spec.weights, runtime, known)
    if spec.kind == "sentence":
        return SentenceEncoder(spec.model, runtime, known)
    if spec.kind == "universal-sentence-encoder":
        return UniversalSentenceEncoder(runtime)
    if spec.kind == "ngrams":
        return NgramEncoder()
    raise SnapshotError(f"the index was built with an encoder of kind {spec.kind!r}, which this version does not know")


def query_runtime(cache: Path) -> Runtime:
    """What models run on for a few contents at a time. cache: see `Settings.cache_folder`."""
    return OnnxRuntime(cache / EXPORTED)


def build_runtime(cache: Path) -> Runtime:
    """What models run on for many contents: PyTorch if there is a GPU, where it is faster, else ONNX Runtime."""
    return TORCH if has_gpu() else query_runtime(cache)


def choose_encoders(profile: Profile, clip: ClipModels) -> tuple[list[EncoderSpec], list[str]]:
    """The encoders of a profile, and what a person should know of the choice.

    `auto` is `clip` where its weights are on disk, else `compact`, which it says.
    Raises WeightsError where `clip` is asked for and its weights are not on disk.
    """
    if profile == Profile.compact:
        return _COMPACT, []
    try:
        find_sentence_weights(clip.sentence_model)  # first, since the other loads open_clip to know its models
        files = OpenClipModel(clip.image_model, clip.image_weights)
        _ = files.weights
    except WeightsError:
        if profile == Profile.clip or clip != ClipModels():
            raise
        return _COMPACT, [
            "using the compact encoders (captions and general photos); for the stronger clip "
            "encoders run `hashtag models pull clip` (about 2 GB), then build again"
        ]
    towers, notes = [EncoderSpec("open_clip", clip.image_model, clip.image_weights)], []
    try:
        find_open_clip_tokenizer(files.config["text_cfg"], files.weights)
        towers.append(EncoderSpec("open_clip_text", clip.image_model, clip.image_weights))
    except WeightsError as error:
        notes.append(f"photos and captions are not compared with each other: {error}")
    return [*towers, EncoderSpec("sentence", clip.sentence_model), EncoderSpec("ngrams")], notes


def gains_of_rebuilding(kinds: Collection[str]) -> list[str]:
    """What an index would gain that was built before its profile had some of its encoders, a sentence each.

    kinds: of the encoders of the index.
    """
    return [gain for kind, (beside, gain) in _ADDED_SINCE.items() if beside in kinds and kind not in kinds]


def model_states() -> list[ModelState]:
    """The models of every profile, and whether their weights are here."""
    image_here = _is_here(find_open_clip_weights, CLIP_IMAGE_MODEL, CLIP_IMAGE_WEIGHTS)
    sentence_here = _is_here(find_sentence_weights, CLIP_SENTENCE_MODEL)
    return [
        ModelState(Profile.clip, "image", f"{CLIP_IMAGE_MODEL} ({CLIP_IMAGE_WEIGHTS})", image_here, "1.5 GB"),
        ModelState(Profile.clip, "text", f"{CLIP_IMAGE_MODEL} ({CLIP_IMAGE_WEIGHTS})", image_here, "the same file"),
        ModelState(Profile.clip, "sentence", CLIP_SENTENCE_MODEL, sentence_here, "0.5 GB"),
        ModelState(Profile.compact, "image", "efficientnet-lite0", True, "with the package"),
        ModelState(Profile.compact, "sentence", MINILM_WHEEL, True, "with the package"),
        ModelState(Profile.compact, "multilingual", "universal-sentence-encoder", True, "with the package"),
        ModelState("all", "lexical", "character n-grams", True, "no weights"),
    ]


def pull_models(profile: Profile, cache: Path) -> Iterator[str]:
    """Fetch the weights of a profile, and export its models; yields the name of each when it is ready.

    profile: `clip` or `compact`. cache: see `Settings.cache_folder`. Raises WeightsError if that fails.
    """
    if profile == Profile.clip:
        pull_sentence_weights(CLIP_SENTENCE_MODEL)
        pull_open_clip_weights(CLIP_IMAGE_MODEL, CLIP_IMAGE_WEIGHTS)
        pull_open_clip_tokenizer(CLIP_IMAGE_MODEL)
    specs, _ = choose_encoders(profile, ClipModels())
    for spec in specs:
        encoder = make_encoder(spec, query_runtime(cache))
        sample = Image.new("RGB", (64, 64)) if encoder.modality == "image" else "a caption"
        encoder.encode([encoder.prepare(sample)])
        yield encoder.fingerprint.model


def _is_here(find: Callable[..., Weights], *names: str) -> bool:
    try:
        find(*names)
    except WeightsError:
        return False
    return True


# Encoders that came later, by kind: one that the profile always had, and what an index gains.
_ADDED_SINCE = {
    "universal-sentence-encoder": (
        "efficientnet-lite0",
        "captions would find posts in other languages, and names of hashtags would count",
    ),
    "open_clip_text": ("open_clip", "photos would find captions, and captions photos"),
}
_COMPACT = [
    EncoderSpec("efficientnet-lite0"),
    EncoderSpec("sentence", MINILM_WHEEL),
    EncoderSpec("universal-sentence-encoder"),
    EncoderSpec("ngrams"),
]
