"""Students through the command line, of an archive in which the colour of a photo is its hashtag."""

import csv
import json
import sys

import numpy as np
import onnxruntime
import pytest
from PIL import Image

from hashtag_recommender.assembly import export
from hashtag_recommender.core import durable
from hashtag_recommender.core.query import Query
from hashtag_recommender.core.suggest_options import SuggestOptions
from hashtag_recommender.retrieval.student import exporting
from hashtag_recommender.retrieval.student.recommender import StudentRecommender

COLOURS = {"red": (200, 40, 40), "green": (40, 180, 60), "blue": (40, 60, 200)}


def paint(path, colour, rng):
    """A photo of one colour, with noise, so that no two are near-duplicates."""
    noise = np.kron(rng.integers(-60, 60, size=(6, 8, 3)), np.ones((40, 40, 1)))
    Image.fromarray(np.clip(np.asarray(COLOURS[colour]) + noise, 0, 255).astype(np.uint8)).save(path)


def write_archive(folder, n, photos=True):
    """n posts, colour after colour; captions tell nothing of it."""
    rng = np.random.default_rng(0)
    with (folder / "posts.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "text", "hashtags"])
        for i in range(n):
            colour = list(COLOURS)[i % 3]
            if photos:
                paint(folder / f"{i}.png", colour, rng)
            words = "".join(rng.choice(list("abcdefghijklmnop"), 8))
            writer.writerow([f"{i}.png" if photos else "", f"{words} {i}", f"{colour} daily f4f"])
    return folder / "posts.csv"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Made without `hashtag`, which is a fixture of one test."""
    from hashtag_recommender.assembly import build_index, open_home, read_posts

    folder = tmp_path_factory.mktemp("archive")
    with open_home(folder / "home", encoders="compact") as opened:
        build_index(opened, read_posts(write_archive(folder, 36)))
    return folder / "home"


def student(hashtag, home, out, *words):
    return hashtag("export", "student", "--home", home, "--out", out, *words)


def refused(ran, *complaints):
    assert ran.code == 2 and ran.out == ""
    for complaint in complaints:
        assert complaint in " ".join(ran.err.split()), ran.err


def test_a_student_of_photos_knows_their_colours(hashtag, home, tmp_path):
    out = tmp_path / "student.onnx"
    out.write_bytes(b"an older one")
    ran = student(hashtag, home, out, "--quantize", "int8", "--size-limit", "10MB", "--json")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert told["out"] == str(out) and told["bytes"] == out.stat().st_size < 10_000_000
    assert told["hashtags"] == 4 and told["dropped"] == 0  # f4f is spam, which a home does not suggest
    assert told["difference"] <= 1e-4 and told["agreement"]["overlap"] >= 0.6 and told["litert"] is None
    metadata = onnxruntime.InferenceSession(out).get_modelmeta().custom_metadata_map
    assert json.loads(metadata["hashtags"]) == ["daily", "blue", "green", "red"]
    assert json.loads(metadata["snapshot"]) == told["snapshot"]
    rng = np.random.default_rng(9)
    for colour in COLOURS:
        paint(tmp_path / f"{colour}.png", colour, rng)
    queries = [Query("", (tmp_path / f"{colour}.png",)) for colour in COLOURS]
    answers = StudentRecommender(out).suggest_batch(queries, SuggestOptions(count=2))
    assert [{found.hashtag for found in answer.suggestions} for answer in answers] == [
        {colour, "daily"} for colour in COLOURS
    ]
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".png"] == ["student.onnx"]


def test_what_is_written_is_told_in_words(hashtag, home, tmp_path):
    ran = student(hashtag, home, tmp_path / "student.onnx", "--captions")
    assert ran.code == 0, ran.err
    first, second, third = ran.out.splitlines()
    assert first.endswith("MB, 4 hashtags from photos and captions")
    assert "with 36 posts; on posts it had not seen, micro F1 is" in second
    assert third.startswith("ONNX Runtime and PyTorch differ by")


def test_a_report_compares_it_with_full_retrieval(hashtag, home, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "export_student", lambda *_: pytest.fail("asked for below"))
    from hashtag_recommender.assembly import open_home, report_on_student

    with open_home(home) as opened:
        report = report_on_student(opened, tmp_path / "report")
    f1 = {system["name"]: system["metrics"]["micro"]["1"]["f1"] for system in report["systems"]}
    assert set(f1) == {"retrieval photo alone", "student"} and min(f1.values()) > 0.4
    assert (tmp_path / "report" / "report.html").is_file()


@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_what_is_stopped_leaves_the_older_file(hashtag, home, tmp_path, monkeypatch, stop):
    def fail(*_):
        raise stop

    monkeypatch.setattr(export, "train_student", lambda *_: None)
    monkeypatch.setattr(export, "write_student", lambda trained, path, *_: path.write_bytes(b"half"))
    monkeypatch.setattr(durable, "rename", fail)
    out = tmp_path / "student.onnx"
    out.write_bytes(b"an older one")
    ran = student(hashtag, home, out)
    assert ran.code == (130 if stop is KeyboardInterrupt else 2)
    assert out.read_bytes() == b"an older one"
    if stop is not KeyboardInterrupt:
        assert f"{out} cannot be written: No space left on device; name another file with --out" in ran.err
        assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--size-limit", "small"], "'small' is no size; write --size-limit like 10MB"),
        (["--size-limit", "10MB"], "at least 13.5 MB; add --quantize int8"),
        (["--size-limit", "2MB", "--quantize", "int8"], "at least 3.4 MB; allow more with --size-limit"),
        (["--quantize", "int4"], "int4"),
    ],
)
def test_what_cannot_be_is_refused_before_any_work(hashtag, home, tmp_path, monkeypatch, words, complaint):
    monkeypatch.setattr(export, "train_student", lambda *_: pytest.fail("work was begun"))
    refused(student(hashtag, home, tmp_path / "student.onnx", *words), complaint)
    assert not list(tmp_path.iterdir())


def test_places_where_no_file_can_be(hashtag, home, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "train_student", lambda *_: pytest.fail("work was begun"))
    refused(student(hashtag, home, tmp_path), f"{tmp_path} is a folder")
    refused(student(hashtag, home, tmp_path / "gone" / "s.onnx"), f"there is no folder {tmp_path / 'gone'}")
    refused(student(hashtag, tmp_path / "gone", tmp_path / "s.onnx"), "no home folder", "hashtag index build")


@pytest.mark.parametrize(
    ("n", "photos", "complaint"),
    [
        (30, False, "no post of the archive has both a photo and a hashtag"),
        (12, True, "only 12 posts of the archive have both a photo and a hashtag; a student needs at least 20"),
    ],
)
def test_an_archive_too_small_to_learn_from(hashtag, tmp_path, n, photos, complaint):
    source = write_archive(tmp_path, n, photos)
    assert hashtag("index", "build", source, "--home", tmp_path / "home", "--encoders", "compact").code == 0
    refused(student(hashtag, tmp_path / "home", tmp_path / "s.onnx"), complaint, "hashtag index refresh")
    assert not (tmp_path / "s.onnx").exists()


@pytest.mark.parametrize("package", ["litert_torch", "ai_edge_litert"])
def test_litert_without_its_packages_is_refused_first(hashtag, home, tmp_path, monkeypatch, package):
    monkeypatch.setattr(export, "train_student", lambda *_: pytest.fail("work was begun"))
    for each in ("litert_torch", "ai_edge_litert", "ai_edge_quantizer"):
        monkeypatch.setitem(sys.modules, each, None if each == package else sys)
    name = package.replace("_", "-")
    advice = 'run `pip install "hashtag-recommender[litert]"`, or leave --litert out'
    refused(student(hashtag, home, tmp_path / "s.onnx", "--litert"), f"needs {name}, which is not installed; {advice}")


def test_a_smaller_size_drops_the_rarest_and_says_so(hashtag, home, tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "write_onnx", lambda student, check, metadata, path: fake(student, path))
    ran = student(hashtag, home, tmp_path / "s.onnx", "--size-limit", "13600000")
    refused(ran, "is no size")
    ran = student(hashtag, home, tmp_path / "s.onnx", "--size-limit", "13.6MB", "--json")
    assert ran.code == 0, ran.err
    assert "3 hashtags fit into the size limit; the 1 rarest of 4 are left out" in json.loads(ran.out)["notes"]


def fake(student, path):
    """A file of about the size that a student of as many hashtags has."""
    path.write_bytes(b"x" * (13_583_000 + 5_000 * len(student.head.bias)))
    return 0.0
