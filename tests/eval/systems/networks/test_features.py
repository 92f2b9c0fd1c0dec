import numpy as np
import pytest
from PIL import Image

from hashtag_recommender.core.errors import PhotoError
from hashtag_recommender.core.protocols import Fingerprint
from hashtag_recommender.core.vectors import PhotoFeatures
from hashtag_recommender.eval.systems.networks.features import FeatureCache
from hashtag_recommender.retrieval.encoders.photos import read_photo


class Corners:
    """Sees the corners of a photo as its cells, and counts what it looks at."""

    channel = "image"
    modality = "image"
    sparse, stored = False, False
    languages = None
    batch_size = 2

    def __init__(self, revision="1"):
        self.fingerprint = Fingerprint("corners", "none", revision, 3, "none")
        self.seen = []
        self.released = 0

    def prepare(self, content):
        photo = np.asarray(read_photo(content, 2))
        return photo[[0, 0, -1, -1], [0, -1, 0, -1]].astype(np.float32) / 255

    def encode(self, prepared):
        self.seen.append(len(prepared))
        grid = np.stack(prepared)
        return PhotoFeatures(grid.mean(axis=1), grid)

    def release(self):
        self.released += 1


@pytest.fixture
def photos(tmp_path):
    """Five photos, no two alike."""
    paths = []
    for number in range(5):
        pixels = np.random.default_rng(number).integers(0, 256, (4, 4, 3), dtype=np.uint8)
        paths.append(tmp_path / f"{number}.png")
        Image.fromarray(pixels).save(paths[-1])
    return paths


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "features"


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def assert_right(features, photo):
    expected = Corners().prepare(photo)
    assert features.pooled == pytest.approx(expected.mean(axis=0), abs=1e-6)
    assert features.grid == pytest.approx(expected, abs=1e-3)
    assert (features.pooled.dtype, features.grid.dtype) == (np.float32, np.float16)


def test_photos_are_looked_at_once_in_batches(photos, folder):
    backbone = Corners()
    cache = FeatureCache(backbone, folder)
    cache.prepare(photos + photos[:2])
    assert backbone.seen == [2, 2, 1]
    assert backbone.released == 1
    for photo in photos:
        assert_right(cache(photo), photo)
        assert_right(cache(photo.read_bytes()), photo)
    again = Corners()
    FeatureCache(again, folder).prepare(photos)
    assert again.seen == []


def test_what_was_not_prepared_is_looked_at_when_asked_for(photos, folder):
    backbone = Corners()
    cache = FeatureCache(backbone, folder)
    for photo in (photos[0], photos[0], photos[0].read_bytes()):
        assert_right(cache(photo), photos[0])
    assert backbone.seen == [1]


def test_equal_photos_share_a_file_and_backbones_do_not(photos, folder, tmp_path):
    twin = tmp_path / "twin.png"
    twin.write_bytes(photos[0].read_bytes())
    FeatureCache(Corners(), folder).prepare([photos[0], twin])
    assert len(files(folder)) == 1
    FeatureCache(Corners(revision="2"), folder).prepare([photos[0]])
    assert len(files(folder)) == 2


def test_interrupted_work_goes_on_where_it_stood(photos, folder):
    class Fails(Corners):
        def encode(self, prepared):
            if self.seen:
                raise KeyboardInterrupt
            return super().encode(prepared)

    with pytest.raises(KeyboardInterrupt):
        FeatureCache(Fails(), folder).prepare(photos)
    assert len(files(folder)) == 2
    backbone = Corners()
    FeatureCache(backbone, folder).prepare(photos)
    assert sum(backbone.seen) == 3


@pytest.mark.parametrize("damage", ["empty", "cut", "no array", "pickled", "other shapes", "not finite"])
def test_a_damaged_file_is_made_anew(photos, folder, damage):
    cache = FeatureCache(Corners(), folder)
    cache.prepare(photos[:1])
    [path] = files(folder)
    content = path.read_bytes()
    if damage in ("pickled", "other shapes", "not finite"):
        strange = {
            "pickled": np.array([{}], dtype=object),
            "other shapes": np.zeros((2, 2, 2), dtype=np.float32),
            "not finite": np.full(3, np.nan, dtype=np.float32),
        }[damage]
        with path.open("wb") as file:
            np.save(file, strange, allow_pickle=True)
            np.save(file, np.zeros((4, 3), dtype=np.float16))
    else:
        path.write_bytes({"empty": b"", "cut": content[:-1], "no array": b"no array"}[damage])
    assert_right(cache(photos[0]), photos[0])
    assert path.read_bytes() == content
    assert files(folder) == [path]


def test_photos_that_cannot_be_read_say_why_and_are_tried_once(photos, folder, tmp_path):
    broken, missing = tmp_path / "broken.png", tmp_path / "missing.png"
    broken.write_bytes(b"no photo")
    backbone = Corners()
    cache = FeatureCache(backbone, folder)
    cache.prepare([broken, missing, tmp_path, photos[0]])
    assert backbone.seen == [1]
    for photo, reason in (
        (broken, "not a photo"),
        (b"no photo", "not a photo"),
        (missing, "missing"),
        (tmp_path, "file"),
    ):
        with pytest.raises(PhotoError, match=reason):
            cache(photo)


def test_people_are_told_how_far_it_is(photos, folder):
    told = []

    class Listening:
        def stage(self, name, total):
            from contextlib import nullcontext

            told.append((name, total))
            return nullcontext(self)

        def advance(self, n):
            told.append(n)

    FeatureCache(Corners(), folder).prepare(photos, Listening())
    assert told[0] == ("Looking at photos", 5)
    assert sum(told[1:]) == 5
