import io
import os
import struct
import warnings
import zlib
from hashlib import sha256

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from hashtag_recommender.core.errors import PhotoError
from hashtag_recommender.core.photo_metadata import strip_metadata
from hashtag_recommender.core.post import Photo
from hashtag_recommender.retrieval.encoders.photos import read_photo


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


def lying(kind):
    """A picture that is blue on top once its orientation 6 is honoured, and its EXIF."""
    upright = plain((64, 48))
    upright.paste("blue", (0, 0, 64, 24))
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(upright.transpose(Image.Transpose.ROTATE_90), kind, exif=exif), exif.tobytes()


def is_upright(content):
    photo = read_photo(content, 32)
    return photo.size == (64, 48) and photo.getpixel((32, 5))[2] > 200 > 60 > photo.getpixel((32, 43))[2]


RESOLUTION = struct.pack("<HHII", 0x0128, 5, 1, 8)  # its unit as a fraction, which lies where the header does
ORIENTATION = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)


def exif_of(*entries, header=b"Exif\0\0"):
    return header + b"II*\0" + struct.pack("<IH", 8, len(entries)) + b"".join(entries) + b"\0\0\0\0"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    "exif",
    [
        exif_of(RESOLUTION, ORIENTATION),
        exif_of(RESOLUTION, ORIENTATION, header=b"Exif\0\0Exif\0\0"),
        exif_of(struct.pack("<HHII", 0x011A, 10, 1, 2**31), ORIENTATION),
        exif_of(struct.pack("<HHII", 0x8769, 4, 1, 2**31), ORIENTATION)[:-4],
        exif_of(ORIENTATION) + b"\xff\xd8 no thumbnail",
        b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/>',
    ],
)
def test_broken_fields_cost_neither_the_photo_nor_its_orientation(kind, exif):
    content, _ = lying(kind)
    old = lying(kind)[1].removeprefix(b"Exif\0\0")
    if kind == "JPEG":
        start = content.index(b"Exif\0\0" + old) - 4
        end = start + 4 + len(old) + 6
        content = content[:start] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + content[end:]
    elif kind == "PNG":
        start = content.index(b"eXIf") - 4
        end = start + 12 + len(old)
        chunk = b"eXIf" + exif
        content = content[:start] + struct.pack(">I", len(exif)) + chunk + b"bad!" + content[end:]
    else:
        start = content.index(b"EXIF")
        content = content[:start] + b"EXIF" + struct.pack("<I", len(exif)) + exif + b"\0" * (len(exif) % 2)
        content = content[:4] + struct.pack("<I", len(content) - 8) + content[8:]
    assert is_upright(content)


@pytest.mark.parametrize(
    "exif",
    [
        b"",
        b"Exif\0\0",
        b"Exif\0\0MM\0*",
        exif_of(ORIENTATION)[:20],
        exif_of(ORIENTATION.replace(b"\6", b"\x63")),
        b"\xff" * 99,
    ],
)
def test_an_orientation_that_cannot_be_read_is_upright(exif):
    whole = encoded(plain())
    segment = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    assert read_photo(whole[:2] + segment + whole[2:], 32).size == (64, 48)


@pytest.mark.parametrize(
    "segment",
    [
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta"),
        (0xE2, b"ICC_PROFILE\0\1\1no profile"),
        (0xE2, b"ICC_PROFILE\0\2\1"),
        (0xE2, b"MPF\0II*\0\xff\xff\xff\xff"),
        (0xE2, b"MPF\0II*\0" + struct.pack("<IH", 8, 1) + struct.pack("<HHII", 0xB001, 4, 1, 2) + b"\0" * 4),
        (0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\xff\xff\xff\xff"),
        (0xFE, b"a comment"),
    ],
)
def test_garbage_beside_the_pixels_of_a_jpeg(segment):
    marker, content = segment
    whole = encoded(plain())
    broken = whole[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content + whole[2:]
    assert read_photo(broken, 32).tobytes() == read_photo(whole, 32).tobytes()
    assert read_photo(broken + b"a film behind it", 32).tobytes() == read_photo(whole, 32).tobytes()


def test_garbage_beside_the_pixels_of_a_png():
    whole = encoded(plain(), "PNG")
    bomb = b"x\0\0" + zlib.compress(b"\0" * 20_000_000)
    for kind, content in ((b"zTXt", bomb), (b"iCCP", b"x\0\0no profile"), (b"pHYs", b""), (b"tIME", b"\xff" * 7)):
        broken = whole[:33] + struct.pack(">I", len(content)) + kind + content + b"bad!" + whole[33:]
        assert read_photo(broken, 32).tobytes() == read_photo(whole, 32).tobytes()


@pytest.mark.parametrize("tag", [(282, "abc", 2), (296, "x", 2), (34665, 2**20, 4), (34853, 2**20, 4), (274, 99, 3)])
def test_broken_tags_of_a_tiff(tag):
    number, value, kind = tag
    tags = ImageFileDirectory_v2()
    tags[number] = value
    tags.tagtype[number] = kind
    assert read_photo(encoded(plain(), "TIFF", tiffinfo=tags), 32).size == (64, 48)


def test_a_photo_of_two_frames_of_which_the_second_is_broken():
    whole = encoded(plain(), "MPO", save_all=True, append_images=[plain(colour="blue")])
    assert Image.open(io.BytesIO(whole)).n_frames == 2
    second = whole.index(b"\xff\xd8\xff", 10)
    for broken in (whole, whole[:second], whole[: second + 20], whole[:second] + b"garbage"):
        assert read_photo(broken, 32).getpixel((5, 5)) == pytest.approx((255, 0, 0), abs=3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_a_photo_lacks_in_the_middle_is_left_to_its_decoder(kind):
    whole, _ = lying(kind)
    for length in range(0, len(whole), 7):
        try:
            read_photo(whole[:length], 32)
        except PhotoError:
            continue


def test_all_orientations():
    upright = plain((64, 48))
    upright.paste("blue", (0, 0, 64, 24))
    upright.paste("green", (0, 0, 32, 24))
    for orientation, back in {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}.items():
        stored = upright if back is None else upright.transpose(Image.Transpose(back))
        exif = Image.Exif()
        exif[0x0112] = orientation
        for kind in ("PNG", "TIFF", "WEBP"):
            photo = read_photo(encoded(stored, kind, exif=exif, **({"lossless": True} if kind == "WEBP" else {})), 48)
            assert photo.tobytes() == upright.tobytes(), (orientation, kind)


def test_metadata_that_break_off_or_fill_up_are_left_as_they_are():
    cut = b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0"
    assert strip_metadata(cut)[1] == 1
    whole = encoded(plain((8, 8)))
    filled = whole[:2] + b"\xff" * 5_000_000 + whole[3:]
    assert read_photo(filled, 8).size == (8, 8)
