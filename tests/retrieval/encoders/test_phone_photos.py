"""Photos as phones make them: HEIC above all."""

import io
import struct

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from hashtag_recommender.core.errors import PhotoError
from hashtag_recommender.retrieval.encoders import photos
from hashtag_recommender.retrieval.encoders.photos import read_photo


def exif_of(orientation):
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + entry + b"\0\0\0\0"


def two_halves(mode="RGB", size=(64, 48)):
    """Blue above red."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (0, 0, size[0], size[1] // 2))
    return image.convert(mode)


def heic(*images, **options):
    file = pillow_heif.from_pillow(images[0])
    for image in images[1:]:
        file.add_from_pillow(image)
    stream = io.BytesIO()
    file.save(stream, quality=90, **options)
    return stream.getvalue()


def is_upright(photo):
    return photo.size == (64, 48) and photo.getpixel((32, 5))[2] > 200 > 60 > photo.getpixel((32, 43))[2]


def test_heic_comes_out_in_rgb(tmp_path):
    (tmp_path / "photo.heic").write_bytes(heic(two_halves()))
    photo = read_photo(tmp_path / "photo.heic", 32)
    assert photo.mode == "RGB" and is_upright(photo)


def test_transparency_of_heic_turns_white():
    assert read_photo(heic(Image.new("RGBA", (64, 48), (0, 0, 0, 0))), 32).getpixel((30, 20)) == (255, 255, 255)


def test_the_main_picture_of_several_is_taken():
    other = Image.new("RGB", (32, 32), "green")
    assert is_upright(read_photo(heic(other, two_halves(), other, primary_index=1), 32))


def test_heic_is_turned_upright():
    lying = two_halves().transpose(Image.Transpose.ROTATE_90)
    assert is_upright(read_photo(heic(lying, exif=exif_of(6)), 32))  # Pillow's plugin writes a box that turns it


@pytest.mark.parametrize("exif", [exif_of(6), exif_of(1)[:20], b"\xff" * len(exif_of(1)), exif_of(60_000)])
def test_only_pixels_decide(exif):
    # By the format, what EXIF says of the orientation is not to be applied: the file has its own way to say it.
    content = heic(two_halves(), exif=exif_of(1))
    assert content.count(exif_of(1)) == 1
    assert is_upright(read_photo(content.replace(exif_of(1), exif.ljust(len(exif_of(1)), b"\0")), 32))


def test_more_than_eight_bits():
    shades = np.zeros((48, 64, 3), dtype=np.uint16)
    shades[:24, :, 2], shades[24:, :, 0] = 65535, 65535
    file = pillow_heif.from_bytes("RGB;16", (64, 48), shades.tobytes())
    stream = io.BytesIO()
    file.save(stream, quality=90)
    assert is_upright(read_photo(stream.getvalue(), 32))


@pytest.mark.parametrize("part", [0.001, 0.01, 0.5, 0.99])
def test_heic_that_is_cut_short(part):
    content = heic(Image.effect_noise((300, 200), 80).convert("RGB"))
    with pytest.raises(PhotoError, match="the photo is damaged"):
        read_photo(content[: max(16, int(len(content) * part))], 32)


def test_damaged_heic_never_does_more_than_fail():
    content = heic(Image.effect_noise((64, 48), 80).convert("RGB"))
    random = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(content)
        for place in random.integers(12, len(content), 8):
            damaged[place] = random.integers(256)
        try:
            assert read_photo(bytes(damaged), 32).mode == "RGB"
        except PhotoError as error:
            assert str(error)


def test_the_size_is_looked_at_before_pixels(monkeypatch):
    content = heic(two_halves())
    monkeypatch.setattr(pillow_heif.HeifFile, "to_pillow", lambda self: pytest.fail("decoded"))
    monkeypatch.setattr(photos, "MAX_PIXELS", 1000)
    with pytest.raises(PhotoError, match="64 x 48 pixels"):
        read_photo(content, 32)
    with pytest.raises(PhotoError, match="a strip of 3300 x 64 pixels"):
        monkeypatch.undo()
        read_photo(heic(Image.new("RGB", (3300, 64))), 32)


def test_avif_and_pictures_for_printing():
    for kind, mode in (("AVIF", "RGB"), ("JPEG", "CMYK"), ("TIFF", "CMYK"), ("MPO", "RGB")):
        stream = io.BytesIO()
        two_halves(mode).save(stream, kind, quality=90)
        assert is_upright(read_photo(stream.getvalue(), 32)), kind
