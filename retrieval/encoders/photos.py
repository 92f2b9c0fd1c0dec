"""Reads photo files from outside: nothing but still pictures of a sane size, the right way up, in RGB.

Only pixels decide whether a photo is taken: metadata are taken out before it is decoded, and broken ones cost nothing.
"""

import io
from contextlib import nullcontext
from hashlib import sha256
from pathlib import Path
from threading import BoundedSemaphore

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from ...core.errors import PhotoError
from ...core.paths import in_any_form
from ...core.photo_metadata import UPRIGHT, strip_metadata
from ...core.post import Photo
from ...core.query import NewPhoto

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")  # that Pillow opens
MAX_PIXELS = 89_478_485  # 256 MiB in RGB: from here on Pillow suspects a decompression bomb
MAX_ASPECT = 50  # long side to short side; resizing a thin strip by its short side would fill the memory

_HEIF_BRANDS = frozenset([b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1"])
_AVIF_BRANDS = frozenset([b"avif", b"avis"])
_WHITE = (255, 255, 255, 255)
# How to set a picture upright by its orientation, as EXIF counts.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_DIRECTORIES = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo, ExifTags.IFD.Interop)
_LARGE = 10_000_000  # pixels
_large_ones = BoundedSemaphore(2)  # so that many threads do not decode many large photos at once


def read_photo(photo: Photo | NewPhoto, shortest_side: int) -> Image.Image:
    """Decode a photo, upright by its EXIF orientation, transparency on white, in RGB.

    photo: a file, the bytes of one, a `PIL.Image.Image`, or a photo whose bytes must still be those of its digest.
    shortest_side: pixels that the caller needs; a much larger photo comes back smaller, but at least twice that.
    Raises PhotoError with the reason.
    """
    try:
        opened, orientation = _opened(photo)
        with opened as image:
            _check(image)
            if isinstance(image, TiffImageFile):
                for directory in _DIRECTORIES:  # which Pillow would follow
                    image.getexif().pop(directory, None)
            with _large_ones if image.width * image.height > _LARGE else nullcontext():
                image.draft("RGB", (2 * shortest_side, 2 * shortest_side))
                image.load()  # a TIFF turns upright by itself
                reduced = _reduced(image, 2 * shortest_side)
                return _to_rgb(_upright(reduced, orientation or _told_orientation(image)))
    except (PhotoError, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PhotoError(f"the photo has more than {MAX_PIXELS // 1_000_000} million pixels") from None
    except UnidentifiedImageError:
        raise PhotoError(f"not a photo (known are {', '.join((*FORMATS, 'HEIC'))})") from None
    except Exception as error:
        # Decoders answer hostile files with errors of every type (SyntaxError, struct.error, ...).
        raise PhotoError(f"the photo is damaged ({' '.join(str(error).split()) or type(error).__name__})") from error


def _opened(photo: Photo | NewPhoto) -> tuple[Image.Image, int | None]:
    """The picture, not decoded yet, and its orientation, unless its decoder is to tell."""
    if isinstance(photo, Image.Image):
        return photo.copy(), None  # the caller's own stays as it is, and open
    if not isinstance(photo, Photo | Path | bytes):
        raise PhotoError(f"not a photo but a {type(photo).__name__}; give a path, bytes, an open file or a PIL image")
    content, orientation = strip_metadata(_content(photo))
    if _is_heif(content):
        return _decode_heif(content), UPRIGHT
    return Image.open(io.BytesIO(content), formats=FORMATS), orientation


def _is_heif(content: bytes) -> bool:
    """Whether a file is HEIF with pictures in HEVC, by its brands (ISO/IEC 23008-12); AVIF has a brand of its own."""
    if content[4:8] != b"ftyp":
        return False
    length = min(int.from_bytes(content[:4]), 512)
    brands = {content[8:12], *(content[i : i + 4] for i in range(16, length, 4))}
    return bool(brands & _HEIF_BRANDS) and not brands & _AVIF_BRANDS


def _decode_heif(content: bytes) -> Image.Image:
    """The main picture of a HEIF file; its decoder turns it upright, whatever EXIF says, as the format wants it."""
    try:
        import pillow_heif
    except ImportError:
        raise PhotoError("HEIC photos need the package pillow-heif, which is not installed") from None
    opened = pillow_heif.open_heif(io.BytesIO(content))
    _check_size(*opened.size)
    with _large_ones if opened.size[0] * opened.size[1] > _LARGE else nullcontext():
        return opened.to_pillow()


def _content(photo: Photo | Path | bytes) -> bytes:
    if isinstance(photo, bytes):
        return photo
    path = photo.path if isinstance(photo, Photo) else in_any_form(photo)
    try:
        if path.exists() and not path.is_file():
            raise PhotoError("not a photo but a folder or a device")
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise PhotoError("the photo is missing") from None
    except OSError as error:
        raise PhotoError(f"the photo cannot be read ({error.strerror})") from None
    if isinstance(photo, Photo) and sha256(content).hexdigest() != photo.digest:
        raise PhotoError("the photo changed while the archive was read; read it again")
    return content


def _check(image: Image.Image) -> None:
    _check_size(*image.size)
    # Phones store a second, smaller picture behind a JPEG (MPO); only its first one is seen here.
    if getattr(image, "n_frames", 1) > 1:
        raise PhotoError("the photo is animated or has several pages; give a still one")


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise PhotoError(f"the photo has {width} x {height} pixels, more than {MAX_PIXELS // 1_000_000} million")
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise PhotoError(f"the photo is a strip of {width} x {height} pixels")


def _reduced(image: Image.Image, least: int) -> Image.Image:
    """The image by a whole factor smaller, its shorter side at least `least`; all that follows is then cheap."""
    factor = min(image.size) // least
    if factor < 2:
        return image
    if image.mode in ("P", "1", "PA"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode[0] in "IF":
        return image.resize((image.width // factor, image.height // factor))
    return image.reduce(factor)


def _told_orientation(image: Image.Image) -> int:
    """What the decoder knows of a loaded picture."""
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, UPRIGHT))
    except Exception:
        # Of every type, as with pixels; but no orientation is worth a photo.
        return UPRIGHT


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode[0] in "IF":  # more than 8 bits a pixel, which Pillow's own conversion would clip
        grey = np.nan_to_num(np.asarray(image, dtype=np.float32))
        brightest = next((limit for limit in (1, 255) if grey.max(initial=0) <= limit), 65535)
        most = 65535 if image.mode.startswith("I;16") else brightest
        image = Image.fromarray((np.clip(grey / most, 0, 1) * 255).astype(np.uint8))
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, _WHITE), image.convert("RGBA"))
    return image.convert("RGB")
