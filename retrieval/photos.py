"""Reads photo files from outside: nothing but still pictures of a sane size, the right way up, in RGB."""

import io
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from ..core.errors import PhotoError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
MAX_PIXELS = 89_478_485  # 256 MiB in RGB: from here on Pillow suspects a decompression bomb
MAX_ASPECT = 50  # long side to short side; resizing a thin strip by its short side would fill the memory

_WHITE = (255, 255, 255, 255)


def read_photo(photo: Path | bytes, shortest_side: int) -> Image.Image:
    """Decode a photo, upright by its EXIF orientation, transparency on white.

    shortest_side: pixels that the reader needs; a JPEG is decoded at the smallest scale that leaves twice as many.
    Raises PhotoError with the reason.
    """
    try:
        with Image.open(io.BytesIO(photo) if isinstance(photo, bytes) else photo, formats=FORMATS) as image:
            _check(image)
            image.draft("RGB", (2 * shortest_side, 2 * shortest_side))
            return _to_rgb(ImageOps.exif_transpose(image))
    except PhotoError:
        raise
    except FileNotFoundError:
        raise PhotoError("the photo is missing") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PhotoError(f"the photo has more than {MAX_PIXELS // 1_000_000} million pixels") from None
    except UnidentifiedImageError:
        raise PhotoError(f"not a photo (known are {', '.join(FORMATS)})") from None
    except Exception as error:
        # Decoders answer hostile files with errors of every type (SyntaxError, struct.error, ...).
        raise PhotoError(f"the photo is damaged ({str(error) or type(error).__name__})") from error


def _check(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise PhotoError(f"the photo has {width} x {height} pixels, more than {MAX_PIXELS // 1_000_000} million")
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise PhotoError(f"the photo is a strip of {width} x {height} pixels")
    # Phones store a second, smaller picture in an MPO file; its first one is the photo.
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        raise PhotoError("the photo is animated or has several pages; give a still one")


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16-bit grey: Pillow's own conversion would clip it to white
        image = image.point(lambda grey: grey / 256).convert("L")
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, _WHITE), image.convert("RGBA"))
    return image.convert("RGB")
