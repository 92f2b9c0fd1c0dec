"""Keywords and captions as programs for photos keep them: XMP, in the photo or beside it, and IPTC."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from .unfit import Unfit

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "AVIF")  # those that carry any
# Datasets of IPTC's Information Interchange Model, 4.2
_CHARACTER_SET = (1, 90)
_KEYWORDS = (2, 25)
_CAPTION = (2, 120)


@dataclass(frozen=True, slots=True)
class Described:
    """What metadata say of a photo: keywords as they stand there, and a caption that may be empty."""

    keywords: tuple[str, ...] = ()
    caption: str = ""

    def __or__(self, other: "Described") -> "Described":
        """All keywords of both; the caption of the first that has one."""
        return Described(self.keywords + other.keywords, self.caption or other.caption)


def read_photo_metadata(photo: Path) -> Described:
    """What a photo file says in IPTC and XMP; nothing where it cannot be read or decoded, which its encoder will tell.

    Raises Unfit where its XMP is no XML.
    """
    from PIL import Image, IptcImagePlugin

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a photo that is too large is the encoder's concern
            with Image.open(photo, formats=_FORMATS) as image:
                xmp = image.info.get("xmp")
                iptc = IptcImagePlugin.getiptcinfo(image) or {}
    except Exception:
        # Decoders answer damaged files with errors of every type (SyntaxError, struct.error, ...).
        return Described()
    packet = xmp.encode() if isinstance(xmp, str) else xmp or b""
    return _iptc(iptc) | (parse_xmp(packet) if packet.strip(b"\0 ") else Described())


def parse_xmp(packet: bytes) -> Described:
    """`dc:subject` and `dc:description` of an XMP packet in UTF-8.

    Raises Unfit where it is no XML, or declares entities: these could swell to any size or name files (XMP has none).
    """
    try:
        text = packet.decode("utf-8-sig").strip("\0 \t\r\n")
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise Unfit("its XMP has a document type, which XMP does not allow")
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, UnicodeDecodeError, ValueError) as error:
        raise Unfit(f"its XMP is no XML in UTF-8: {error}") from None
    keywords: list[str] = []
    captions: list[str] = []
    for description in root.iter(f"{_RDF}Description"):
        keywords += [entry.text or "" for entry in description.iterfind(f"{_DC}subject/*/{_RDF}li")]
        captions += [entry.text or "" for entry in description.iterfind(f"{_DC}description/*/{_RDF}li")]
        captions.append(description.get(f"{_DC}description", ""))
    return Described(tuple(keywords), next((caption for caption in captions if caption.strip()), ""))


def _iptc(datasets: Mapping[tuple[int, int], bytes | list[bytes]]) -> Described:
    utf8 = datasets.get(_CHARACTER_SET) == b"\x1b%G"

    def texts(dataset: tuple[int, int]) -> list[str]:
        found = datasets.get(dataset, [])
        return [_decoded(value, utf8) for value in (found if isinstance(found, list) else [found])]

    return Described(tuple(texts(_KEYWORDS)), "\n".join(texts(_CAPTION)))


def _decoded(value: bytes, utf8: bool) -> str:
    """A text of IPTC, which is Latin-1 where it does not tell its character set, but hardly ever where UTF-8 fits."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        if utf8:
            raise Unfit("its IPTC says that it is in UTF-8, and is not") from None
        return value.decode("latin-1")
