"""A student for LiteRT. Its packages are an extra that not everybody has."""

import numpy as np
import pytest
from PIL import Image

from hashtag_recommender.core.post import Photo
from hashtag_recommender.core.progress import Silent
from hashtag_recommender.core.query import Query
from hashtag_recommender.retrieval.student.litert import check_litert, read_metadata, write_litert
from hashtag_recommender.retrieval.student.network import Student
from hashtag_recommender.retrieval.student.ngrams import HashedNgrams
from hashtag_recommender.retrieval.student.recommender import see
from hashtag_recommender.retrieval.student.training import train

from .conftest import make_set

for package in ("litert_torch", "ai_edge_litert", "ai_edge_quantizer"):
    pytest.importorskip(package, reason=f"{package} of the extra `litert` is not installed")


@pytest.fixture(scope="module")
def queries(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    for number in range(6):
        noise = rng.integers(0, 256, size=(12, 16, 3), dtype=np.uint8)
        Image.fromarray(noise).resize((320, 240)).save(folder / f"{number}.png")
    photos = [Photo(folder / f"{number}.png", str(number)) for number in range(6)]
    return [Query(f"a day with a puppy {number}", (photo.path,)) for number, photo in enumerate(photos)]


def written(captions, queries, path, quantised):
    student = Student(train(make_set(captions), Silent()).head)
    inputs = see([*queries, Query(queries[0].caption)], HashedNgrams() if captions else None).inputs
    return write_litert(student, {"hashtags": ["카페", "b"], "threshold": 0.2}, inputs, path, quantised)


def test_it_agrees_with_pytorch_and_carries_its_hashtags(queries, tmp_path, capfd):
    path = tmp_path / "model.tflite"
    file = written(True, queries, path, quantised=False)
    assert file.difference <= 1e-4 and file.agreement is None and file.bytes == path.stat().st_size
    assert read_metadata(path) == {"hashtags": ["카페", "b"], "threshold": 0.2}
    assert capfd.readouterr() == ("", "")


def test_with_weights_in_8_bits_it_is_a_third_of_the_size(queries, tmp_path, capfd):
    path = tmp_path / "model.tflite"
    file = written(False, queries, path, quantised=True)
    assert file.difference <= 1e-4 and file.agreement.overlap > 0.8 and file.bytes < 5_000_000
    assert read_metadata(path)["threshold"] == 0.2
    assert capfd.readouterr() == ("", "")


def test_all_packages_are_here():
    check_litert(quantised=True)
