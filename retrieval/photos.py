"""Reads photo files from outside: nothing but still pictures of a sane size, the right way up, in RGB."""

import io
from contextlib import nullcontext
from hashlib import sha256
from pathlib import Path
from threading import BoundedSemaphore

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ..core.errors import PhotoError
from ..core.post import NewPhoto, Photo

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
MAX_PIXELS = 89_478_485  # 256 MiB in RGB: from here on Pillow suspects a decompression bomb
MAX_ASPECT = 50  # long side to short side; resizing a thin strip by its short side would fill the memory

_WHITE = (255, 255, 255, 255)
_LARGE = 10_000_000  # pixels
_large_ones = BoundedSemaphore(2)  # so that many threads do not decode many large photos at once


def read_photo(photo: Photo | NewPhoto, shortest_side: int) -> Image.Image:
    """Decode a photo, upright by its EXIF orientation, transparency on white, in RGB.

    photo: a file, the bytes of one, a `PIL.Image.Image`, or a photo whose bytes must still be those of its digest.
    shortest_side: pixels that the caller needs; a much larger photo comes back smaller, but at least twice that.
    Raises PhotoError with the reason.
    """
    try:
        with _opened(photo) as image:
            _check(image)
            with _large_ones if image.width * image.height > _LARGE else nullcontext():
                image.draft("RGB", (2 * shortest_side, 2 * shortest_side))
                upright = ImageOps.exif_transpose(_reduced(image, 2 * shortest_side))
                return _to_rgb(upright)
    except (PhotoError, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PhotoError(f"the photo has more than {MAX_PIXELS // 1_000_000} million pixels") from None
    except UnidentifiedImageError:
        raise PhotoError(f"not a photo (known are {', '.join(FORMATS)})") from None
    except Exception as error:
        # Decoders answer hostile files with errors of every type (SyntaxError, struct.error, ...).
        raise PhotoError(f"the photo is damaged ({str(error) or type(error).__name__})") from error


def _opened(photo: Photo | NewPhoto) -> Image.Image:
    if isinstance(photo, Image.Image):
        return photo.copy()  # the caller's own stays as it is, and open
    if not isinstance(photo, Photo | Path | bytes):
        raise PhotoError(f"not a photo but a {type(photo).__name__}; give a path, bytes, an open file or a PIL image")
    return Image.open(io.BytesIO(_content(photo)), formats=FORMATS)


def _content(photo: Photo | Path | bytes) -> bytes:
    if isinstance(photo, bytes):
        return photo
    path = photo.path if isinstance(photo, Photo) else photo
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
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise PhotoError(f"the photo has {width} x {height} pixels, more than {MAX_PIXELS // 1_000_000} million")
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise PhotoError(f"the photo is a strip of {width} x {height} pixels")
    # Phones store a second, smaller picture in an MPO file; its first one is the photo.
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        raise PhotoError("the photo is animated or has several pages; give a still one")


def _reduced(image: Image.Image, least: int) -> Image.Image:
    """The image by a whole factor smaller, its shorter side at least `least`; all that follows is then cheap."""
    factor = min(image.size) // least
    if factor < 2:
        return image
    if image.mode in ("P", "1", "PA"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode[0] in "IF":
        return image.resize((image.width // factor, image.height // factor))
    smaller = image.reduce(factor)
    smaller.info["exif"] = image.getexif().tobytes()
    return smaller


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode[0] in "IF":  # more than 8 bits a pixel, which Pillow's own conversion would clip
        grey = np.nan_to_num(np.asarray(image, dtype=np.float32))
        brightest = next((limit for limit in (1, 255) if grey.max(initial=0) <= limit), 65535)
        most = 65535 if image.mode.startswith("I;16") else brightest
        image = Image.fromarray((np.clip(grey / most, 0, 1) * 255).astype(np.uint8))
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, _WHITE), image.convert("RGBA"))
    return image.convert("RGB")
