"""The files of a student: what they say of themselves, and that they compute what PyTorch does."""

import json

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image

from hashtag_recommender.core.errors import RefusedError, SettingsError, UnusableError
from hashtag_recommender.core.post import Photo
from hashtag_recommender.core.progress import Silent
from hashtag_recommender.core.query import Query
from hashtag_recommender.core.suggest_options import SuggestOptions
from hashtag_recommender.retrieval.encoders.efficientnet import EfficientNetEncoder
from hashtag_recommender.retrieval.student import exporting, onnx_file, quantisation
from hashtag_recommender.retrieval.student.exporting import TrainedStudent, check_size, write_student
from hashtag_recommender.retrieval.student.ngrams import HashedNgrams
from hashtag_recommender.retrieval.student.onnx_file import OnnxStudent
from hashtag_recommender.retrieval.student.quantisation import agreement
from hashtag_recommender.retrieval.student.recommender import StudentRecommender, see
from hashtag_recommender.retrieval.student.training import train

from .conftest import N, make_set


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A few photos of noise, over and over."""
    folder, rng = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    for number in range(8):
        noise = rng.integers(0, 256, size=(12, 16, 3), dtype=np.uint8)
        Image.fromarray(noise).resize((320, 240)).save(folder / f"{number}.png")
    return [Photo(folder / f"{number % 8}.png", str(number % 8)) for number in range(N)]


@pytest.fixture(scope="module")
def trained(photos):
    examples = make_set(captions=False, photos=photos)
    return TrainedStudent(examples, train(examples, Silent()), None, {"snapshot": "snap-1", "version": "1"})


@pytest.fixture(scope="module")
def trained_captions(photos):
    examples = make_set(captions=True, photos=photos)
    return TrainedStudent(examples, train(examples, Silent()), HashedNgrams(), {"snapshot": "snap-1", "version": "1"})


@pytest.fixture(scope="module")
def with_captions(trained_captions, tmp_path_factory):
    path = tmp_path_factory.mktemp("student") / "student.onnx"
    return path, write_student(trained_captions, path, quantised=False)


@pytest.fixture(scope="module")
def in_8_bits(trained, tmp_path_factory):
    path = tmp_path_factory.mktemp("student") / "student.onnx"
    return path, write_student(trained, path, quantised=True)


def test_inputs_and_outputs(with_captions, in_8_bits):
    session = onnxruntime.InferenceSession(with_captions[0], providers=["CPUExecutionProvider"])
    photo, ngrams = session.get_inputs()
    assert (photo.name, photo.type, photo.shape[1:]) == ("photo", "tensor(uint8)", [224, 224, 3])
    assert (ngrams.name, ngrams.type, ngrams.shape[1:]) == ("ngrams", "tensor(float)", [HashedNgrams().buckets])
    (output,) = session.get_outputs()
    assert (output.name, output.type, output.shape[1:]) == ("probabilities", "tensor(float)", [4])
    session = onnxruntime.InferenceSession(in_8_bits[0], providers=["CPUExecutionProvider"])
    assert [given.name for given in session.get_inputs()] == ["photo"]


def test_the_file_says_all_that_a_program_needs(with_captions, trained_captions, in_8_bits):
    session = onnxruntime.InferenceSession(with_captions[0], providers=["CPUExecutionProvider"])
    known = {key: json.loads(text) for key, text in session.get_modelmeta().custom_metadata_map.items()}
    assert known["hashtags"] == ["daily", "latte", "puppy", "tulips"] and known["uses"] == [N, N // 3, N // 3, N // 3]
    assert known["threshold"] == trained_captions.head.threshold and 0 < known["threshold"] < 1
    assert "224 x 224" in known["preprocessing"] and known["snapshot"] == "snap-1" and known["version"] == "1"
    assert known["training"]["posts"] == N and HashedNgrams.from_json(known["ngrams"]) == HashedNgrams()
    assert OnnxStudent(in_8_bits[0]).hashtags == ("daily", "latte", "puppy", "tulips")


def test_onnx_runtime_agrees_with_pytorch(with_captions, in_8_bits):
    for _, file in (with_captions, in_8_bits):
        assert file.difference <= 1e-4
    assert with_captions[1].agreement is None
    assert in_8_bits[1].agreement.overlap >= quantisation.LEAST_OVERLAP


def test_the_network_sees_what_the_encoder_sees(with_captions, photos):
    """From pixels as a program hands them over to the features that the head was trained on."""
    encoder = EfficientNetEncoder()
    features = torch.from_numpy(encoder.encode([encoder.prepare(photo.path) for photo in photos[:4]]))
    student = with_captions[1].student
    seen = see([Query("", (photo.path,)) for photo in photos[:4]], HashedNgrams())
    found = student(*(torch.from_numpy(part) for part in seen.inputs.values()))
    expected = torch.sigmoid(student.head.log_odds(features, torch.ones(4, 1), None))
    assert torch.allclose(found, expected, atol=1e-4)


def test_what_is_missing_adds_nothing(with_captions):
    prior = torch.sigmoid(with_captions[1].student.head.bias).numpy()
    nothing = see([Query("")], HashedNgrams())
    assert not nothing.known.any()
    assert OnnxStudent(with_captions[0]).probabilities(nothing.inputs)[0] == pytest.approx(prior, abs=1e-4)


def test_it_is_asked_like_the_product(with_captions, photos, tmp_path):
    recommender = StudentRecommender(with_captions[0])
    (tmp_path / "no.jpg").write_text("no photo")
    queries = [
        Query("a puppy with tulips"),
        Query("", (photos[0].path,)),
        Query(""),
        Query("x", (tmp_path / "no.jpg",)),
    ]
    caption, photo, nothing, unreadable = recommender.suggest_batch(queries, SuggestOptions(count=2))
    assert {found.hashtag for found in caption.suggestions} <= {"puppy", "tulips", "daily"}
    assert len(photo.suggestions) == 2 and photo.suggestions[0].score >= photo.suggestions[1].score
    assert nothing.suggestions == () and nothing.error is None
    assert unreadable.suggestions == () and "not a photo" in unreadable.error
    free = recommender.suggest_batch(queries[:1], SuggestOptions(count="auto"))[0].suggestions
    assert all(found.score >= OnnxStudent(with_captions[0]).metadata["threshold"] for found in free)
    excluding = SuggestOptions(count=4, exclude={"Puppy"}, min_score=0.2)
    found = recommender.suggest_batch(queries[:1], excluding)[0].suggestions
    assert found and all(each.hashtag != "puppy" and each.score >= 0.2 for each in found)
    assert recommender.suggest_batch([], SuggestOptions()) == []


def test_the_rarest_hashtags_go_to_meet_a_size(trained, in_8_bits, tmp_path):
    whole = in_8_bits[1]
    file = write_student(trained, tmp_path / "student.onnx", quantised=True, limit=whole.bytes - 100)
    assert (file.hashtags, file.dropped) == (3, 1) and file.bytes <= whole.bytes - 100
    assert OnnxStudent(tmp_path / "student.onnx").hashtags == ("daily", "latte", "puppy")


def test_a_size_that_cannot_be_met_is_refused_with_the_least_there_is(trained, tmp_path):
    with pytest.raises(SettingsError, match=r"a student of 1.0 MB is not possible.* at least 3\.\d MB; allow more"):
        check_size(10**6, quantised=True, buckets=0)
    with pytest.raises(SettingsError, match=r"at least 13\.\d MB; add --quantize int8, or allow more"):
        check_size(10**7, quantised=False, buckets=0)
    check_size(10**7, quantised=True, buckets=HashedNgrams().buckets)
    with pytest.raises(SettingsError, match=r"a student of 3\.6 MB is not possible.* at least 3\.\d MB"):
        write_student(trained, tmp_path / "student.onnx", quantised=True, limit=3_600_000)


def test_a_file_that_computes_something_else_is_refused(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_file, "MOST_DIFFERENCE", -1.0)
    with pytest.raises(UnusableError, match="computes other probabilities in ONNX Runtime than in PyTorch"):
        write_student(trained, tmp_path / "student.onnx", quantised=False)


def test_8_bits_that_do_not_agree_are_refused(monkeypatch):
    before = np.eye(6, dtype=np.float32)
    assert agreement(before, before).overlap == 1 and agreement(before, before).mean_difference == 0
    with pytest.raises(RefusedError, match="in 8 bits the student says other hashtags .*; leave --quantize out"):
        quantisation.check_agreement(before, 1 - before)


def test_a_file_that_is_no_student(tmp_path, photos):
    (tmp_path / "student.onnx").write_bytes(b"x" * 100)
    for path in (tmp_path / "student.onnx", tmp_path / "gone.onnx"):
        with pytest.raises(UnusableError, match="is no student that can be read"):
            OnnxStudent(path)


def test_posts_to_calibrate_by_are_not_those_to_check_on(trained):
    calibration, check = exporting._inputs(trained)
    assert len(calibration["photo"]) + len(check["photo"]) <= N and len(check["photo"]) >= N // 2
