"""The text tower of open_clip: the same tokens and vectors as open_clip itself, in one space with photos."""

import json
import shutil

import numpy as np
import open_clip
import pytest
import torch
from open_clip.tokenizer import get_clean_fn
from PIL import Image
from transformers import BertTokenizerFast

from hashtag_recommender.core.errors import StaleIndexError, WeightsError
from hashtag_recommender.core.vectors import unit_rows
from hashtag_recommender.retrieval.encoders import open_clip_text
from hashtag_recommender.retrieval.encoders.open_clip_captions import clean_caption
from hashtag_recommender.retrieval.encoders.open_clip_text import OpenClipTextEncoder
from hashtag_recommender.retrieval.encoders.open_clip_tower import OpenClipEncoder
from hashtag_recommender.retrieval.encoders.profiles import ClipModels, choose_encoders
from hashtag_recommender.retrieval.runtimes.onnx import OnnxRuntime

from ...conftest import COLOURS

CAPTIONS = [
    "a photo of a red thing",
    "It&#39;s   BLUE_today!",
    "성수동 카페에서 ☕️ 한 잔",
    "white shoes " * 200,
    "Motörhead cafÃ©",
    "",
    "日曜の朝",
]


def encode(encoder, contents):
    return encoder.encode([encoder.prepare(content) for content in contents])


def with_text_config(folder, target, **changes):
    """A copy of a model's folder, its text tower configured otherwise."""
    shutil.copytree(folder, target)
    file = target / "open_clip_config.json"
    config = json.loads(file.read_text())
    config["model_cfg"]["text_cfg"] |= changes
    file.write_text(json.dumps(config))
    return target


@pytest.mark.parametrize("how", ["whitespace", "lower", "canonicalize"])
def test_captions_are_cleaned_as_open_clip_does(how):
    assert [clean_caption(caption, how) for caption in CAPTIONS] == [get_clean_fn(how)(caption) for caption in CAPTIONS]


@pytest.mark.parametrize("tokenizer", ["own", "canonicalize", "packaged"])
def test_vectors_are_those_of_open_clip(tokenizer, clip_folder, tmp_path, caplog):
    folder = clip_folder
    if tokenizer == "canonicalize":
        folder = with_text_config(clip_folder, tmp_path / "model", tokenizer_kwargs={"clean": "canonicalize"})
    elif tokenizer != "own":
        folder = with_text_config(clip_folder, tmp_path / "model", hf_tokenizer_name="some/name")
        (tmp_path / "vocab.txt").write_text(
            "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red", "##s", "a"])
        )
        BertTokenizerFast(str(tmp_path / "vocab.txt")).save_pretrained(folder)
    model = open_clip.create_model(f"local-dir:{folder}", require_pretrained=True).eval()
    with torch.inference_mode():
        tokens = open_clip.get_tokenizer(f"local-dir:{folder}")([caption[:1000] for caption in CAPTIONS])
        expected = unit_rows(model.encode_text(tokens).numpy())
    for runtime in (OnnxRuntime(tmp_path / "exported"), open_clip_text.TORCH):
        np.testing.assert_allclose(encode(OpenClipTextEncoder(str(folder), "", runtime), CAPTIONS), expected, atol=1e-5)
    assert "PyTorch" not in caplog.text


def test_a_tokenizer_that_cannot_be_exported_stays_with_open_clip(clip_folder, tmp_path, caplog, monkeypatch):
    expected = encode(OpenClipTextEncoder(str(clip_folder), ""), CAPTIONS)
    monkeypatch.setattr(open_clip_text, "_of_bytes", lambda own: None)
    found = encode(OpenClipTextEncoder(str(clip_folder), "", OnnxRuntime(tmp_path)), CAPTIONS)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert "its tokenizer, SimpleTokenizer, is none of the package tokenizers" in caplog.text


def test_photos_and_captions_lie_in_one_space(colour_clip_folder, cache):
    runtime = OnnxRuntime(cache / "exported-models")
    photos, captions = (make(str(colour_clip_folder), "", runtime) for make in (OpenClipEncoder, OpenClipTextEncoder))
    seen = encode(photos, [Image.new("RGB", (50, 30), colour) for colour in COLOURS.values()])
    read = encode(captions, [f"a {name} thing" for name in COLOURS])
    assert np.argmax(seen @ read.T, axis=1).tolist() == list(range(len(COLOURS)))
    assert photos.fingerprint.dimension == captions.fingerprint.dimension
    assert photos.fingerprint.digest != captions.fingerprint.digest


def test_an_exported_tower_needs_no_weights_but_the_same_model(clip_folder, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(clip_folder, folder)
    runtime = OnnxRuntime(tmp_path / "exported")
    encoder = OpenClipTextEncoder(str(folder), "", runtime)
    expected, fingerprint = encode(encoder, CAPTIONS), encoder.fingerprint
    shutil.rmtree(folder)
    again = OpenClipTextEncoder(str(folder), "", runtime, fingerprint)
    np.testing.assert_array_equal(encode(again, CAPTIONS), expected)
    other = with_text_config(clip_folder, folder, tokenizer_kwargs={"clean": "canonicalize"})
    with pytest.raises(StaleIndexError):
        encode(OpenClipTextEncoder(str(other), "", known=fingerprint), CAPTIONS)


def test_without_its_tokenizer_photos_are_not_compared_with_captions(clip_folder, sentence_folder, tmp_path):
    specs, notes = choose_encoders("clip", ClipModels(str(clip_folder), "", str(sentence_folder)))
    assert [spec.kind for spec in specs] == ["open_clip", "open_clip_text", "sentence", "ngrams"] and not notes
    checkpoint = str(clip_folder / "open_clip_model.safetensors")
    named = ClipModels("ViT-B-16-SigLIP2", checkpoint, str(sentence_folder))
    specs, notes = choose_encoders("clip", named)
    assert [spec.kind for spec in specs] == ["open_clip", "sentence", "ngrams"]
    [note] = notes
    assert note.startswith("photos and captions are not compared with each other: the tokenizer timm/ViT-B-16-SigLIP2")
    with pytest.raises(WeightsError, match="is not on this machine"):
        OpenClipTextEncoder("ViT-B-16-SigLIP2", checkpoint)
    folder = with_text_config(clip_folder, tmp_path / "model", hf_tokenizer_name="some/name")
    specs, [note] = choose_encoders("clip", ClipModels(str(folder), "", str(sentence_folder)))
    assert "open_clip_text" not in {spec.kind for spec in specs} and "holds no tokenizer" in note
    (folder / "tokenizer.json").write_text("{")
    with pytest.raises(WeightsError, match="cannot be loaded as a tokenizer"):
        encode(OpenClipTextEncoder(str(folder), ""), CAPTIONS)
