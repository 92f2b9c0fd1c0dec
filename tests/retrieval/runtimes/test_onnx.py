"""Models run in ONNX Runtime as they do in PyTorch, and wherever they cannot, PyTorch answers and a warning says so."""

import json
import logging
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from hashtag_recommender.core.errors import StaleIndexError, WeightsError
from hashtag_recommender.core.protocols import Fingerprint
from hashtag_recommender.retrieval.encoders.efficientnet import EfficientNetEncoder
from hashtag_recommender.retrieval.encoders.open_clip_tower import OpenClipEncoder
from hashtag_recommender.retrieval.encoders.profiles import EncoderSpec, make_encoder
from hashtag_recommender.retrieval.encoders.sentence import SentenceEncoder
from hashtag_recommender.retrieval.encoders.universal_sentence import UniversalSentenceEncoder
from hashtag_recommender.retrieval.encoders.weights import MINILM_WHEEL
from hashtag_recommender.retrieval.runtimes import exported_models, onnx, onnx_export
from hashtag_recommender.retrieval.runtimes.exported_models import (
    MODEL,
    RECORD,
    ExportedModels,
    ExportError,
)
from hashtag_recommender.retrieval.runtimes.onnx import OnnxRuntime
from hashtag_recommender.retrieval.runtimes.pytorch import TORCH
from hashtag_recommender.retrieval.runtimes.tokenization import TOKENIZER

CAPTIONS = [
    "라떼 한 잔",
    "espresso",
    "a much longer caption about cats " * 40,
    "☕",
    *(f"day {i} " * i for i in range(40)),
]


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for i, size in enumerate([(64, 48), (300, 500), (31, 33), (640, 480), (50, 50)]):
        pixels = np.random.default_rng(i).integers(0, 256, (size[1] // 8 + 1, size[0] // 8 + 1, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize(size).save(folder / f"{i}.png")
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def exported(tmp_path_factory, sentence_folder):
    """A folder in which the tiny sentence model is exported."""
    folder = tmp_path_factory.mktemp("exported")
    SentenceEncoder(str(sentence_folder), OnnxRuntime(folder)).encode(["a"])
    return folder


@pytest.fixture
def quick_export(exported, monkeypatch):
    """Exporting takes seconds; from here on it copies what was exported once."""

    def copy(model, run, folder):
        for file in next(exported.iterdir()).iterdir():
            shutil.copy(file, folder)
        (folder / RECORD).unlink()
        return 1.0

    monkeypatch.setattr(onnx, "export_sentence_model", copy)


class NoTorch:
    """In the place of PyTorch where it must not be needed."""

    def load_photo_model(self, fingerprint, load):
        pytest.fail("the model ran on PyTorch")

    def load_text_model(self, fingerprint, load):
        pytest.fail("the model ran on PyTorch")

    def load_sentence_model(self, fingerprint, find):
        pytest.fail("the model ran on PyTorch")


@pytest.mark.parametrize("model", ["efficientnet", "open_clip", "minilm", "multilingual", "sentence"])
def test_vectors_are_those_of_pytorch(model, photos, clip_folder, sentence_folder, cache):
    make = {
        "efficientnet": lambda runtime: EfficientNetEncoder(runtime),
        "open_clip": lambda runtime: OpenClipEncoder(str(clip_folder), "", runtime),
        "minilm": lambda runtime: SentenceEncoder(MINILM_WHEEL, runtime),
        "multilingual": lambda runtime: UniversalSentenceEncoder(runtime),
        "sentence": lambda runtime: SentenceEncoder(str(sentence_folder), runtime),
    }[model]
    encoder, plain = make(OnnxRuntime(cache / "exported-models", NoTorch())), make(TORCH)
    contents = [encoder.prepare(content) for content in (CAPTIONS if encoder.modality == "text" else photos)]
    together = encoder.encode(contents)
    assert encoder.fingerprint == plain.fingerprint
    assert together.dtype == np.float32
    assert together == pytest.approx(plain.encode(contents), abs=2e-4)
    with ThreadPoolExecutor(3) as pool:
        alone = list(pool.map(lambda content: encoder.encode([content]), contents))
    assert np.concatenate(alone) == pytest.approx(together, abs=2e-4)


def test_a_model_is_exported_once(exported, sentence_folder, monkeypatch):
    monkeypatch.setattr(onnx_export, "_export", None)
    encoder = SentenceEncoder(str(sentence_folder), OnnxRuntime(exported, NoTorch()))
    assert encoder.encode(["abc"]).shape == (1, 24)
    [folder] = exported.iterdir()
    record = json.loads((folder / RECORD).read_text())
    assert record["cosine"] > 0.999 and set(record["files"]) >= {MODEL, TOKENIZER}


def damage_size(folder):
    (folder / TOKENIZER).write_text("{")


def damage_content(folder):
    content = (folder / MODEL).read_bytes()
    (folder / MODEL).write_bytes(bytes(len(content)))


def damage_tokenizer(folder):
    (folder / TOKENIZER).write_bytes(b" " * (folder / TOKENIZER).stat().st_size)


def damage_record(folder):
    (folder / RECORD).write_text('{"format": 1, "files": 3}')


def replace_record(folder):
    (folder / RECORD).write_text("[]")


def name_no_files(folder):
    record = json.loads((folder / RECORD).read_text())
    (folder / RECORD).write_text(json.dumps(record | {"files": {}}))


def damage_weights(folder):
    weights = folder / f"{MODEL}.data"
    weights.write_bytes(bytes(weights.stat().st_size))


def damage_by_absence(folder):
    (folder / MODEL).unlink()


def of_another_format(folder):
    record = json.loads((folder / RECORD).read_text())
    (folder / RECORD).write_text(json.dumps(record | {"format": 0}))


@pytest.mark.parametrize(
    "harm",
    [
        damage_size,
        damage_content,
        damage_tokenizer,
        damage_record,
        replace_record,
        name_no_files,
        damage_weights,
        damage_by_absence,
        of_another_format,
    ],
)
def test_what_is_damaged_is_exported_again(harm, sentence_folder, tmp_path, caplog, quick_export):
    encoder = SentenceEncoder(str(sentence_folder), OnnxRuntime(tmp_path, NoTorch()))
    before = encoder.encode(["abc"])
    harm(tmp_path / encoder.fingerprint.digest)
    encoder.release()
    assert encoder.encode(["abc"]) == pytest.approx(before, abs=1e-6)
    assert ("is damaged" in caplog.text) == (harm is not of_another_format)
    caplog.clear()
    encoder.release()
    encoder.encode(["abc"])
    assert not caplog.records, "it is whole again"


@pytest.mark.parametrize(
    ("broken", "reason"),
    [("_export", "an operator is missing"), ("_check", "computes other vectors (cosine 0.9")],
)
def test_what_cannot_be_exported_runs_on_pytorch(broken, reason, sentence_folder, tmp_path, caplog, monkeypatch):
    def fail(*_, **__):
        raise ExportError(f"it {reason}")

    monkeypatch.setattr(onnx_export, broken, fail)
    encoder = SentenceEncoder(str(sentence_folder), OnnxRuntime(tmp_path))
    plain = SentenceEncoder(str(sentence_folder)).encode(["abc"])
    assert encoder.encode(["abc"]) == pytest.approx(plain, abs=1e-6)
    assert "runs on PyTorch" in caplog.text and reason in caplog.text
    monkeypatch.undo()
    caplog.clear()
    encoder.release()
    assert encoder.encode(["abc"]) == pytest.approx(plain, abs=1e-6)
    assert reason in caplog.text, "it is not tried again"
    monkeypatch.setattr(exported_models, "version", lambda package: "another")
    encoder.release()
    encoder.encode(["abc"])
    caplog.clear()
    encoder.release()
    encoder.encode(["abc"])
    assert not caplog.records, "with other versions it is"


def test_an_export_that_failed_is_tried_again_the_day_after(tmp_path, caplog, monkeypatch):
    fingerprint, exported = Fingerprint("a", "b", "c", 4, "d"), ExportedModels(tmp_path)

    def fail(folder):
        raise ExportError("it was interrupted")

    def write(folder):
        (folder / MODEL).write_text("model")
        return 1.0

    assert exported.find(fingerprint, fail) is None and exported.find(fingerprint, write) is None
    assert f"it was interrupted; to try again, delete {tmp_path / fingerprint.digest}" in caplog.text
    now = time.time()
    monkeypatch.setattr(exported_models.time, "time", lambda: now + 90_000)
    assert exported.find(fingerprint, write) is not None and exported.holds(fingerprint)


def test_other_vectors_are_not_taken():
    one = np.asarray([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32)
    assert onnx_export._check([one], [one]) == 1
    for other in (one[::-1], one[:, :1], one * np.nan):
        with pytest.raises(ExportError, match=r"other vectors \(cosine -?[01]"):
            onnx_export._check([one], [other])


def test_where_nothing_can_be_kept_pytorch_answers(sentence_folder, tmp_path, caplog, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    encoder = SentenceEncoder(str(sentence_folder), OnnxRuntime(tmp_path / "file"))
    assert encoder.encode(["abc"]).shape == (1, 24)
    assert "cannot be kept in" in caplog.text and "HASHTAG_CACHE" in caplog.text

    def full(*_):
        raise OSError(28, os.strerror(28))

    caplog.clear()
    monkeypatch.setattr(exported_models.durable, "write", full)
    encoder = SentenceEncoder(str(sentence_folder), OnnxRuntime(tmp_path / "full"))
    assert encoder.encode(["abc"]).shape == (1, 24)
    assert os.strerror(28) in caplog.text
    assert list((tmp_path / "full").iterdir()) == [], "and nothing of it stays"


def test_missing_weights_are_told_as_before(tmp_path, sentence_folder, caplog):
    encoder = SentenceEncoder(str(sentence_folder), OnnxRuntime(tmp_path / "exported"))
    fingerprint = encoder.fingerprint
    with pytest.raises(WeightsError):
        OnnxRuntime(tmp_path / "exported").load_sentence_model(fingerprint, lambda: tmp_path / "none")
    assert not caplog.records and list((tmp_path / "exported").iterdir()) == []


@pytest.mark.parametrize("kind", ["open_clip", "sentence"])
def test_an_index_needs_no_weights_if_its_model_is_exported(kind, clip_folder, sentence_folder, photos, tmp_path):
    folder = shutil.copytree({"open_clip": clip_folder, "sentence": sentence_folder}[kind], tmp_path / "model")
    spec, runtime, content = EncoderSpec(kind, str(folder)), OnnxRuntime(tmp_path / "exported"), photos[0]
    if kind == "sentence":
        content = "a caption"
    first = make_encoder(spec, runtime)
    fingerprint, vectors = first.fingerprint, first.encode([first.prepare(content)])
    shutil.rmtree(folder)
    again = make_encoder(spec, runtime, fingerprint)
    assert again.fingerprint == fingerprint
    assert again.encode([again.prepare(content)]) == pytest.approx(vectors, abs=1e-6)
    shutil.rmtree(tmp_path / "exported")
    with pytest.raises(WeightsError):
        make_encoder(spec, runtime, fingerprint)


def test_other_weights_are_not_taken_for_those_of_an_index(sentence_folder, tmp_path, quick_export):
    folder = shutil.copytree(sentence_folder, tmp_path / "model")
    spec, runtime = EncoderSpec("sentence", str(folder)), OnnxRuntime(tmp_path / "exported")
    first = make_encoder(spec, runtime)
    first.encode(["a"])
    again = make_encoder(spec, runtime, first.fingerprint)
    (folder / "another.txt").write_text("another model")
    shutil.rmtree(tmp_path / "exported")
    with pytest.raises(StaleIndexError, match="the encoder here is"):
        again.encode(["a"])


def test_what_a_killed_process_left_is_removed_the_day_after(tmp_path):
    killed, working = tmp_path / ".new-killed", tmp_path / ".new-working"
    for folder in (killed, working):
        (folder / "export").mkdir(parents=True)
    os.utime(killed, (time.time() - 90_000,) * 2)
    ExportedModels(tmp_path).find(Fingerprint("a", "b", "c", 4, "d"), lambda folder: (folder / MODEL).touch() or 1.0)
    assert working.exists() and not killed.exists()


def test_two_processes_may_export_at_once(tmp_path, caplog):
    fingerprint = Fingerprint("a", "b", "c", 4, "d")

    def write(folder, content):
        (folder / MODEL).write_text(content)
        return 1.0

    def export(folder):
        # Another process is faster.
        assert ExportedModels(tmp_path).find(fingerprint, lambda other: write(other, "theirs"))
        return write(folder, "ours")

    found = ExportedModels(tmp_path).find(fingerprint, export)
    assert [path.name for path in tmp_path.iterdir()] == [fingerprint.digest] == [found.name]
    assert (found / MODEL).read_text() == "theirs" and ExportedModels(tmp_path).holds(fingerprint)
    assert not caplog.records


@pytest.fixture(autouse=True)
def _warnings(caplog):
    caplog.set_level(logging.WARNING, logger="hashtag_recommender")
