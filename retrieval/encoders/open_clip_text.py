"""The text tower of a CLIP model through open_clip: its vectors lie in one space with those of the image tower."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.errors import WeightsError
from ...core.post import Modality
from ...core.protocols import Fingerprint
from ...core.vectors import Vectors, unit_rows
from ..runtimes.exported_models import ExportError
from ..runtimes.loaded import Loaded
from ..runtimes.pytorch import TORCH
from ..runtimes.runtime import Runtime, TextNetwork
from ..runtimes.tokenization import PackagedTokenizer, Tokenizer, Tokens
from .open_clip_captions import MAX_CHARACTERS, clean_caption
from .open_clip_model import OpenClipModel, preprocessing_of
from .weights import check_same, find_open_clip_tokenizer

if TYPE_CHECKING:
    import tokenizers
    import torch

CHANNEL = "text"  # whose vectors are compared with those of photos, of `image`

_SAMPLES = ("a photo of a cat", "성수동 카페에서 ☕️ 한 잔!", "don't  stop  " * 60, "日曜の朝", "")


class OpenClipTextEncoder:
    """Captions to the text embeddings of an open_clip model (Radford et al., arXiv 2103.00020)."""

    channel = CHANNEL
    modality: Modality = "text"
    languages = None  # SigLIP 2 reads any; what other models were trained on is not known
    sparse = False
    stored = True
    batch_size = 128

    def __init__(self, model: str, weights: str, runtime: Runtime = TORCH, known: Fingerprint | None = None) -> None:
        """model, weights, known: see `OpenClipEncoder`. Raises WeightsError if the tokenizer is not on disk, too."""
        self._files = OpenClipModel(model, weights)
        self._model = Loaded(lambda: runtime.load_text_model(self.fingerprint, self._network))
        self._known = known
        if known is None:
            find_open_clip_tokenizer(self._files.config["text_cfg"], self._files.weights)

    @property
    def fingerprint(self) -> Fingerprint:
        """Known without loading the weights."""
        return self._known or self._found

    @cached_property
    def _found(self) -> Fingerprint:
        return self._files.fingerprint(_tokenization(self._files.config["text_cfg"]), " text")

    def prepare(self, content: str) -> str:
        """The caption as the model wants it: other spaces, and for some models in small letters."""
        return clean_caption(content[:MAX_CHARACTERS], self._clean)

    def encode(self, prepared: Sequence[str]) -> Vectors:
        """n captions to float32 (n, d), of length 1."""
        return unit_rows(self._model.get().run(prepared))

    def release(self) -> None:
        """See `Encoder.release`."""
        self._model.release()

    @cached_property
    def _clean(self) -> str:
        return str(preprocessing_of(self.fingerprint)["clean"])

    def _network(self) -> TextNetwork:
        check_same(self._found, self.fingerprint)
        config = self._files.config["text_cfg"]
        tokenizer = _load_tokenizer(config, find_open_clip_tokenizer(config, self._files.weights))
        model = self._files.load()
        model.visual = None  # which takes memory

        def features(tokens: "torch.Tensor") -> "torch.Tensor":
            embedding: torch.Tensor = model.encode_text(tokens)
            return embedding

        return TextNetwork(features, model, tokenizer)


class _OwnTokenizer:
    """A tokenizer of open_clip that the package tokenizers does not have."""

    def __init__(self, own: Any) -> None:
        self._own = own

    def tokenize(self, captions: Sequence[str]) -> dict[str, Tokens]:
        """See `Tokenizer.tokenize`."""
        return {"input_ids": self._own(list(captions)).numpy()}

    def save(self, folder: object) -> None:
        """Raises ExportError."""
        raise ExportError(f"its tokenizer, {type(self._own).__name__}, is none of the package tokenizers")


def _tokenization(config: dict[str, Any]) -> dict[str, Any]:
    """How a caption becomes tokens, by the configuration of a text tower; as open_clip has it where that is silent."""
    options = config.get("tokenizer_kwargs", {})
    name = config.get("hf_tokenizer_name", "")
    return {
        "clean": options.get("clean", "whitespace" if name else "lower"),
        "context_length": config.get("context_length", 77),
        "tokenizer": name or "open_clip",
    }


def _load_tokenizer(config: dict[str, Any], folder: str) -> Tokenizer:
    """folder: of a tokenizer of transformers; "" for that of open_clip itself. Captions are cleaned already."""
    from open_clip.tokenizer import HFTokenizer, SimpleTokenizer

    length = _tokenization(config)["context_length"]
    if folder:
        options = {"clean": "whitespace"} | config.get("tokenizer_kwargs", {})
        try:
            own: Any = HFTokenizer(folder, length, tokenizer_mode=config.get("tokenizer_mode"), **options)
        except Exception as error:  # of many types, if a file is damaged or of another library
            raise WeightsError(f"{folder} cannot be loaded as a tokenizer: {error}") from error
        packaged = getattr(own.tokenizer, "backend_tokenizer", None)
        padding = own.tokenizer.pad_token_id or 0
    else:
        own = SimpleTokenizer(context_length=length, **config.get("tokenizer_kwargs", {}))
        packaged, padding = _of_bytes(own), 0
    if packaged is None:
        return _OwnTokenizer(own)
    packaged.enable_truncation(max_length=length)
    packaged.enable_padding(length=length, pad_id=padding)
    fast, slow = PackagedTokenizer(packaged, ["input_ids"]), _OwnTokenizer(own)
    samples = [clean_caption(sample, _tokenization(config)["clean"]) for sample in _SAMPLES]
    same = np.array_equal(fast.tokenize(samples)["input_ids"], slow.tokenize(samples)["input_ids"])
    return fast if same else slow


def _of_bytes(own: Any) -> "tokenizers.Tokenizer":
    """CLIP's own byte pair encoding in the package tokenizers."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors

    tokenizer = Tokenizer(models.BPE(own.encoder, list(own.bpe_ranks), end_of_word_suffix="</w>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(f"(?i){own.pat.pattern}"), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    start, end = "<start_of_text>", "<end_of_text>"
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}", special_tokens=[(start, own.sot_token_id), (end, own.eot_token_id)]
    )
    return tokenizer
