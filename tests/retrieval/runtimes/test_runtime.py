"""What models run on is told to every encoder that has one, and to every backbone."""

import numpy as np
import pytest
from PIL import Image

from hashtag_recommender.core.vectors import unit_rows
from hashtag_recommender.retrieval.encoders.backbones import make_backbone
from hashtag_recommender.retrieval.encoders.profiles import EncoderSpec, make_encoder


class Ones:
    """A runtime, and each model that it loads, for which all contents are alike. Loads no weights."""

    def __init__(self):
        self.loaded = []

    def load_photo_model(self, fingerprint, load):
        self.loaded.append(load)
        return self

    def holds(self, fingerprint):
        return False

    def load_sentence_model(self, fingerprint, find):
        self.loaded.append(find)
        return self

    def run(self, batch):
        pooled = np.ones((len(batch), 3), dtype=np.float32)
        return pooled if isinstance(batch[0], str) else [pooled, pooled[:, None]]


@pytest.fixture
def photo(tmp_path):
    Image.new("RGB", (40, 30), "#d00").save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


@pytest.mark.parametrize("kind", ["efficientnet-lite0", "open_clip", "sentence"])
def test_encoders_run_on_what_they_are_given(kind, clip_folder, sentence_folder, photo):
    runtime, folders = Ones(), {"open_clip": clip_folder, "sentence": sentence_folder}
    encoder = make_encoder(EncoderSpec(kind, str(folders.get(kind, ""))), runtime)
    prepared = [encoder.prepare("words" if kind == "sentence" else photo)] * 2
    assert not runtime.loaded, "loading waits for the first vectors"
    assert encoder.encode(prepared).tolist() == unit_rows(np.ones((2, 3))).tolist()
    assert len(runtime.loaded) == 1
    encoder.release()
    encoder.encode(prepared)
    assert len(runtime.loaded) == 2


@pytest.mark.parametrize("kind", ["efficientnet-lite0", "open_clip", "timm"])
def test_backbones_run_on_what_they_are_given(kind, clip_folder, photo, tmp_path):
    (tmp_path / "weights.safetensors").write_bytes(b"never read")
    names = {"open_clip": f"open_clip:{clip_folder}", "timm": f"timm:resnet10t/{tmp_path / 'weights.safetensors'}"}
    runtime = Ones()
    backbone = make_backbone(names.get(kind, kind), runtime)
    features = backbone.encode([backbone.prepare(photo)])
    assert (features.pooled.shape, features.grid.shape) == ((1, 3), (1, 1, 3))
    assert len(runtime.loaded) == 1
