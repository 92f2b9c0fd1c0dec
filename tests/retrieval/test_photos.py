import io
import os
import warnings
from hashlib import sha256

import numpy as np
import pytest
from PIL import Image

from hashtag_recommender.core.errors import PhotoError
from hashtag_recommender.core.post import Photo
from hashtag_recommender.retrieval.photos import read_photo


def encoded(image, kind="JPEG", **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def plain(size=(64, 48), mode="RGB", colour="red"):
    return Image.new(mode, size, colour)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_still_pictures_come_out_in_rgb(kind):
    photo = read_photo(encoded(plain(), kind), 32)
    assert photo.mode == "RGB"
    assert photo.getpixel((5, 5)) == pytest.approx((255, 0, 0), abs=3)


def test_a_path_reads_like_its_bytes(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(encoded(plain(), "PNG"))
    assert read_photo(path, 32).tobytes() == read_photo(path.read_bytes(), 32).tobytes()


def test_exif_orientation_is_honoured():
    upright = plain((64, 48))
    upright.paste("blue", (0, 0, 64, 24))
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its left side
    stored = upright.transpose(Image.Transpose.ROTATE_90)
    photo = read_photo(encoded(stored, exif=exif), 32)
    assert photo.size == (64, 48)
    assert photo.getpixel((32, 5))[2] > 200 > 60 > photo.getpixel((32, 43))[2]


def test_large_jpegs_are_decoded_small():
    photo = read_photo(encoded(plain((4000, 3000))), 224)
    assert 448 <= min(photo.size) <= 900


def test_transparency_turns_white():
    assert read_photo(encoded(plain(mode="RGBA", colour=(0, 0, 0, 0)), "PNG"), 32).getpixel((1, 1)) == (255, 255, 255)
    palette = plain(mode="P", colour=0)
    assert read_photo(encoded(palette, "PNG", transparency=0), 32).getpixel((1, 1)) == (255, 255, 255)


def test_sixteen_bit_grey_keeps_its_shades():
    grey = Image.fromarray(np.full((8, 8), 32768, dtype=np.uint16))
    assert read_photo(encoded(grey, "PNG"), 8).getpixel((1, 1)) == pytest.approx((128, 128, 128), abs=1)


@pytest.mark.parametrize("dtype", [np.dtype(">u2"), np.dtype("<i4"), np.dtype("<f4")])
def test_more_than_eight_bits_keep_their_shades(dtype):
    """A 32-bit picture is read by the range that its values tell."""
    most = {2: 65535, 4: 255}[dtype.itemsize]
    grey = np.full((8, 8), most // 2, dtype=dtype)
    grey[0, 0] = most
    assert read_photo(encoded(Image.fromarray(grey), "TIFF"), 8).getpixel((4, 4)) == pytest.approx((127,) * 3, abs=1)


def test_large_pictures_shrink_before_anything_is_done_to_them():
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = read_photo(encoded(plain((1500, 1000), "RGBA", (0, 0, 255, 128)), "PNG", exif=exif), 100)
    assert photo.size == (200, 300)
    assert photo.getpixel((5, 5)) == pytest.approx((127, 127, 255), abs=2)
    assert min(read_photo(encoded(plain((1500, 1000), "P", 0), "PNG", transparency=0), 100).size) == 200


def test_a_photo_that_changed_since_it_was_listed_is_refused(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(encoded(plain(), "PNG"))
    listed = Photo(path, sha256(path.read_bytes()).hexdigest())
    assert read_photo(listed, 32).size == (64, 48)
    path.write_bytes(encoded(plain(colour="blue"), "PNG"))
    with pytest.raises(PhotoError, match="changed while the archive was read"):
        read_photo(listed, 8)


def test_what_is_no_file_is_no_photo(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(PhotoError, match="a folder or a device"):
            read_photo(path, 8)


def animated():
    return encoded(plain(), "GIF", save_all=True, append_images=[plain(colour="blue")])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a photo"),
        (b"hello", "not a photo"),
        (encoded(plain())[:200], "damaged|not a photo"),
        (encoded(plain((300, 300)), "PNG")[:-200], "damaged"),
        (animated(), "animated"),
        (encoded(plain((5000, 2))), "strip of 5000 x 2"),
        (encoded(plain(), "PPM"), "not a photo"),
    ],
)
def test_bad_photos_are_refused_with_a_reason(content, reason):
    with pytest.raises(PhotoError, match=reason):
        read_photo(content, 32)


def test_a_missing_photo_is_missing(tmp_path):
    with pytest.raises(PhotoError, match="missing"):
        read_photo(tmp_path / "none.jpg", 32)


@pytest.mark.parametrize("action", ["error", "ignore"])
def test_a_decompression_bomb_is_not_decoded(action):
    bomb = encoded(Image.new("1", (12_000, 9_000)), "PNG")
    with warnings.catch_warnings(), pytest.raises(PhotoError, match="more than 89 million"):
        warnings.simplefilter(action)
        read_photo(bomb, 32)
