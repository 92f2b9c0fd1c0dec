"""Photo files without their metadata: only pixels decide whether a photo can be read, never a field that nobody needs.

What is not understood is left as it is; its decoder then tells.
"""

import re
import struct

UPRIGHT = 1
_ORIENTATION = 0x0112
_EXIF = b"Exif\0\0"
_SHORT, _LONG = 3, 4
_IN_XMP = re.compile(rb"tiff:Orientation(?:\s*=\s*[\"']|>)\s*([1-8])\b")
# JPEG: all segments for applications but Adobe's (APP14), which tells how colours are kept, and comments.
_JPEG_METADATA = frozenset([*range(0xE1, 0xEE), 0xEF, 0xFE])
_JPEG_APP1, _JPEG_SCAN = 0xE1, 0xDA
_FILL = re.compile(b"\xff+")
_JPEG_WITHOUT_LENGTH = frozenset([0x01, *range(0xD0, 0xDA)])
# PNG: what is not critical (a small first letter), but transparency and the frames of animations.
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset([b"tRNS", b"acTL", b"fcTL", b"fdAT"])
_WEBP_METADATA = frozenset([b"EXIF", b"XMP ", b"ICCP"])
_WEBP_FLAGS = 0x08 | 0x04 | 0x20  # that there are any of these


def strip_metadata(content: bytes) -> tuple[bytes, int | None]:
    """A JPEG, PNG or WEBP without metadata, and its orientation (1 to 8 as EXIF counts; 1 where none can be read).

    Anything else comes back as it is, with None.
    """
    if content.startswith(b"\xff\xd8\xff"):
        kept, metadata = _split_jpeg(content)
    elif content.startswith(_PNG):
        kept, metadata = _split_png(content)
    elif content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        kept, metadata = _split_webp(content)
    else:
        return content, None
    found = filter(None, map(_orientation, metadata))
    return b"".join(kept), next(found, UPRIGHT)


def strip_all_but_exif(content: bytes) -> bytes:
    """A JPEG, PNG or WEBP with all its metadata but EXIF; anything else as it is."""
    if content.startswith(b"\xff\xd8\xff"):
        kept, _ = _split_jpeg(content, exif_alone=True)
    elif content.startswith(_PNG):
        kept, _ = _split_png(content, exif_alone=True)
    elif content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        kept, _ = _split_webp(content, exif_alone=True)
    else:
        return content
    return b"".join(kept)


def _split_jpeg(content: bytes, exif_alone: bool = False) -> tuple[list[bytes], list[bytes]]:
    kept, metadata = [content[:2]], []
    i = 2
    while content[i : i + 1] == b"\xff" and i + 4 <= len(content):
        marker = content[i + 1]
        if marker == 0xFF:  # bytes that fill up, of which there may be millions
            filled = _FILL.match(content, i)
            i = filled.end() - 1 if filled else i + 1
            continue
        if marker == _JPEG_SCAN:
            break
        end = i + 2 + (0 if marker in _JPEG_WITHOUT_LENGTH else int.from_bytes(content[i + 2 : i + 4]))
        is_exif = marker == _JPEG_APP1 and content.startswith(_EXIF, i + 4)
        if marker not in _JPEG_METADATA or exif_alone and not is_exif:
            kept.append(content[i:end])
        elif marker == _JPEG_APP1:
            metadata.append(content[i + 4 : end])
        i = end
    return [*kept, content[i:]], metadata


def _split_png(content: bytes, exif_alone: bool = False) -> tuple[list[bytes], list[bytes]]:
    kept, metadata = [_PNG], []
    i = len(_PNG)
    while i + 12 <= len(content):
        kind = content[i + 4 : i + 8]
        end = i + 12 + int.from_bytes(content[i : i + 4])
        if kind[:1].isupper() or kind in _PNG_KEPT or exif_alone and kind != b"eXIf":
            kept.append(content[i:end])
        elif kind in (b"eXIf", b"iTXt"):
            metadata.append(content[i + 8 : end - 4])
        i = end
    return [*kept, content[i:]], metadata


def _split_webp(content: bytes, exif_alone: bool = False) -> tuple[list[bytes], list[bytes]]:
    kept, metadata = [], []
    i = 12
    while i + 8 <= len(content):
        kind = content[i : i + 4]
        end = i + 8 + int.from_bytes(content[i + 4 : i + 8], "little")
        end += end % 2
        if kind in _WEBP_METADATA and (kind == b"EXIF" or not exif_alone):
            metadata.append(content[i + 8 : end])
        elif kind == b"VP8X" and not exif_alone and i + 8 < len(content):
            kept.append(content[i : i + 8] + bytes([content[i + 8] & ~_WEBP_FLAGS]) + content[i + 9 : end])
        else:
            kept.append(content[i:end])
        i = end
    size = 4 + sum(map(len, kept))
    return [b"RIFF", size.to_bytes(4, "little"), b"WEBP", *kept], metadata


def _orientation(metadata: bytes) -> int | None:
    """That of the first directory of an EXIF block, or of an XMP packet; None where there is none of 1 to 8."""
    while metadata.startswith(_EXIF):  # some programs write the header twice
        metadata = metadata[len(_EXIF) :]
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(metadata[:4])
    if order is None:
        written = _IN_XMP.search(metadata)
        return int(written[1]) if written else None
    try:
        (directory,) = struct.unpack_from(f"{order}I", metadata, 4)
        (entries,) = struct.unpack_from(f"{order}H", metadata, directory)
        for start in range(directory + 2, directory + 2 + 12 * entries, 12):
            tag, kind, _ = struct.unpack_from(f"{order}HHI", metadata, start)
            if tag == _ORIENTATION and kind in (_SHORT, _LONG):
                (value,) = struct.unpack_from(f"{order}{'H' if kind == _SHORT else 'I'}", metadata, start + 8)
                return value if value in range(1, 9) else None
    except struct.error:  # it breaks off
        pass
    return None
