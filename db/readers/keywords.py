"""Keywords and captions as programs for photos keep them: XMP, in the photo or beside it, and IPTC."""

import codecs
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ...core.photo_metadata import strip_all_but_exif
from ...core.post import Flaw
from .invalid_row import InvalidRow

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_DC = "{http://purl.org/dc/elements/1.1/}"
# Lists of keywords, and what is between the levels of one: each level is a keyword (`Places/Korea/Seoul`).
_LISTS = {
    f"{_DC}subject": None,
    "{http://ns.adobe.com/lightroom/1.0/}hierarchicalSubject": "|",
    "{http://www.digikam.org/ns/1.0/}TagsList": "/",
    "{http://ns.microsoft.com/photo/1.0/}LastKeywordXMP": "/",
    "{http://ns.microsoft.com/photo/1.0}LastKeywordXMP": "/",
    "{http://ns.microsoft.com/photo/1.0/}LastKeywordIPTC": "/",
    "{http://ns.iview-multimedia.com/mediapro/1.0/}CatalogSets": "|",
}
_MARKS = {  # of encodings, the longest first
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    b"<\0": "utf-16-le",
    b"\0<": "utf-16-be",
}
_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "AVIF")  # those that carry any
# Datasets of IPTC's Information Interchange Model, 4.2
_CHARACTER_SET = (1, 90)
_KEYWORDS = (2, 25)
_SUBJECTS = (2, 12)  # `IPTC:04000000:economy:agriculture:`, whose names are keywords
_CAPTION = (2, 120)


@dataclass(frozen=True, slots=True)
class Described:
    """What is said of a photo: keywords as they stand there, a caption that may be empty, who posted it and when.

    flaws: what of that could not be read.
    """

    keywords: tuple[str, ...] = ()
    caption: str = ""
    author: object = None
    posted_at: object = None
    flaws: tuple[Flaw, ...] = ()

    def __or__(self, other: "Described") -> "Described":
        """All keywords of both; of the rest, what the first has that has any."""
        return Described(
            self.keywords + other.keywords,
            self.caption or other.caption,
            self.author or other.author,
            self.posted_at or other.posted_at,
            self.flaws + other.flaws,
        )


def read_photo_metadata(photo: Path) -> Described:
    """What a photo file says in IPTC and XMP; nothing if it cannot be decoded, which its encoder will tell."""
    # Decoders answer damaged files with errors of every type (SyntaxError, struct.error, ...).
    try:
        xmp, iptc = _embedded(photo)
    except Exception:
        try:
            xmp, iptc = _embedded(BytesIO(strip_all_but_exif(photo.read_bytes())))
        except Exception:
            return Described()
    packet = xmp.encode() if isinstance(xmp, str) else xmp or b""
    return _iptc(iptc) | (read_xmp(packet) if packet.strip(b"\0 ") else Described())


def _embedded(photo: Path | BytesIO) -> tuple[Any, Mapping[tuple[int, int], bytes | list[bytes]]]:
    from PIL import Image, IptcImagePlugin

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a photo that is too large is the encoder's concern
        with Image.open(photo, formats=_FORMATS) as image:
            return image.info.get("xmp"), IptcImagePlugin.getiptcinfo(image) or {}


def read_xmp(packet: bytes) -> Described:
    """As `parse_xmp`; one that is broken costs its keywords."""
    try:
        return parse_xmp(packet)
    except InvalidRow as reason:
        return Described(flaws=(Flaw("hashtags", str(reason)),))


def parse_xmp(packet: bytes) -> Described:
    """The keywords of an XMP packet, also those of hierarchies, and its `dc:description`.

    It is in UTF-8, unless a byte-order mark or its first character tells otherwise. Raises InvalidRow if it is no
    XML, or declares entities: these could swell to any size or name files (XMP has none).
    """
    try:
        encoding = next((name for mark, name in _MARKS.items() if packet.startswith(mark)), "utf-8-sig")
        text = packet.decode(encoding).strip("\0 \t\r\n")
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise InvalidRow("its XMP has a document type, which XMP does not allow")
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, UnicodeDecodeError, ValueError) as error:
        raise InvalidRow(f"its XMP is no XML: {error}") from None
    keywords: list[str] = []
    captions: list[str] = []
    for description in root.iter(f"{_RDF}Description"):
        for name, between in _LISTS.items():
            entries = [entry.text or "" for entry in description.iterfind(f"{name}/*/{_RDF}li")]
            keywords += [level for entry in entries for level in (entry.split(between) if between else [entry])]
        captions += [entry.text or "" for entry in description.iterfind(f"{_DC}description/*/{_RDF}li")]
        captions.append(description.get(f"{_DC}description", ""))
    return Described(tuple(keywords), next((caption for caption in captions if caption.strip()), ""))


def _iptc(datasets: Mapping[tuple[int, int], bytes | list[bytes]]) -> Described:
    utf8 = datasets.get(_CHARACTER_SET) == b"\x1b%G"

    def texts(dataset: tuple[int, int]) -> list[str]:
        found = datasets.get(dataset, [])
        return [_decoded(value, utf8) for value in (found if isinstance(found, list) else [found])]

    try:
        subjects = [name for subject in texts(_SUBJECTS) for name in subject.split(":")[2:]]
        return Described((*texts(_KEYWORDS), *subjects), "\n".join(texts(_CAPTION)))
    except InvalidRow as reason:
        return Described(flaws=(Flaw("hashtags", str(reason)),))


def _decoded(value: bytes, utf8: bool) -> str:
    """A text of IPTC, which is Latin-1 where it does not tell its character set, but hardly ever where UTF-8 fits."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        if utf8:
            raise InvalidRow("its IPTC says that it is in UTF-8, and is not") from None
        return value.decode("latin-1")
