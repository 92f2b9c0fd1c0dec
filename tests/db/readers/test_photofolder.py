import io
import struct
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from hashtag_recommender.core.errors import SourceError
from hashtag_recommender.core.post import Post, Reject
from hashtag_recommender.db.readers import keywords, open_reader

SUBJECT = "<dc:subject><rdf:Bag><rdf:li>카페</rdf:li><rdf:li>New York</rdf:li></rdf:Bag></dc:subject>"
DESCRIPTION = '<dc:description><rdf:Alt><rdf:li xml:lang="x-default">오늘의 카페</rdf:li></rdf:Alt></dc:description>'


def xmp(content: str = SUBJECT + DESCRIPTION, before: str = "") -> bytes:
    return (
        f'{before}<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">{content}</rdf:Description></rdf:RDF>'
        "</x:xmpmeta>"
    ).encode()


def iptc(*datasets: tuple[int, int, bytes]) -> bytes:
    """A Photoshop segment (APP13) of a JPEG with IPTC in it."""
    content = b"".join(b"\x1c" + struct.pack(">BBH", record, number, len(v)) + v for record, number, v in datasets)
    block = b"8BIM" + struct.pack(">HHI", 0x0404, 0, len(content)) + content + b"\0" * (len(content) % 2)
    segment = b"Photoshop 3.0\0" + block
    return b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment


def photo(suffix: str = ".jpg", segments: bytes = b"", **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(buffer, Image.registered_extensions()[suffix], **options)
    return buffer.getvalue()[:2] + segments + buffer.getvalue()[2:]


def read(folder: Path, **options: Any) -> list[Post | Reject]:
    return list(open_reader(folder, source="src", **options).read())


def put(folder: Path, **files: bytes) -> Path:
    """Files by their names, `_` for the last dot."""
    for name, content in files.items():
        (folder / ".".join(name.rsplit("_", 1))).write_bytes(content)
    return folder


def test_texts_beside_photos(tmp_path: Path) -> None:
    put(tmp_path, a_jpg=photo(), a_txt="오늘의 #카페".encode(), b_PNG=photo(".png"), b_TXT="글".encode("cp949"))
    (tmp_path / "below").mkdir()
    put(tmp_path / "below", c_webp=photo(".webp"))
    (tmp_path / "below" / "c.webp.txt").write_text("both names")
    put(tmp_path, d_jpg=photo(), e_txt=b"of no photo")
    reader = open_reader(tmp_path)
    a, b, d, c = reader.read()
    assert isinstance(a, Post) and isinstance(b, Post) and isinstance(c, Post) and isinstance(d, Post)
    assert (a.caption, a.hashtags, a.post_id, a.photos and a.photos[0].path) == (
        "오늘의",
        ("카페",),
        "a.jpg",
        tmp_path / "a.jpg",
    )
    assert (b.caption, c.caption, c.post_id, d.caption) == ("글", "both names", "below/c.webp", "")
    assert list(reader.notes()) == []


@pytest.mark.parametrize("sidecar", ["a.xmp", "a.jpg.xmp", "a.jpg.XMP"])
def test_xmp_beside_a_photo(tmp_path: Path, sidecar: str) -> None:
    put(tmp_path, a_jpg=photo())
    (tmp_path / sidecar).write_bytes(xmp())
    (post,) = read(tmp_path)
    assert isinstance(post, Post)
    assert (post.caption, post.hashtags) == ("오늘의 카페", ("카페", "NewYork"))


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".png", ".tif", ".avif"])
def test_xmp_in_a_photo(tmp_path: Path, suffix: str) -> None:
    from PIL.PngImagePlugin import PngInfo
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    packet = b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>' + xmp() + b'<?xpacket end="w"?>\0'
    options: dict[str, Any] = {"xmp": packet}
    if suffix == ".png":
        options = {"pnginfo": PngInfo()}
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", packet.decode())
    if suffix == ".tif":
        options = {"tiffinfo": ImageFileDirectory_v2()}
        options["tiffinfo"][700] = packet
        options["tiffinfo"].tagtype[700] = 7
    (tmp_path / f"a{suffix}").write_bytes(photo(suffix, **options))
    (post,) = read(tmp_path)
    assert isinstance(post, Post)
    assert (post.caption, post.hashtags) == ("오늘의 카페", ("카페", "NewYork"))


@pytest.mark.parametrize(
    ("datasets", "caption", "hashtags"),
    [
        ([(2, 25, "카페".encode()), (2, 25, b"brunch"), (2, 120, "오늘".encode())], "오늘", ("카페", "brunch")),
        ([(1, 90, b"\x1b%G"), (2, 25, "카페".encode())], "", ("카페",)),
        ([(2, 120, "café".encode("latin-1")), (2, 25, b"one")], "café", ("one",)),
        ([(2, 5, b"title")], "", ()),
    ],
)
def test_iptc_in_a_photo(
    tmp_path: Path, datasets: list[tuple[int, int, bytes]], caption: str, hashtags: tuple[str, ...]
) -> None:
    put(tmp_path, a_jpg=photo(segments=iptc(*datasets)))
    (post,) = read(tmp_path)
    assert isinstance(post, Post)
    assert (post.caption, post.hashtags) == (caption, hashtags)


def test_all_keywords_and_the_nearest_caption(tmp_path: Path) -> None:
    embedded = photo(segments=iptc((2, 25, b"two"), (2, 120, b"of IPTC")), xmp=xmp(SUBJECT + DESCRIPTION))
    put(tmp_path, a_jpg=embedded, a_xmp=xmp("<dc:subject><rdf:Seq><rdf:li>one</rdf:li></rdf:Seq></dc:subject>"))
    (post,) = read(tmp_path)
    assert isinstance(post, Post)
    assert (post.caption, post.hashtags) == ("of IPTC", ("one", "two", "카페", "NewYork"))
    put(tmp_path, a_txt=b"of the text #three")
    (post,) = read(tmp_path)
    assert isinstance(post, Post)
    assert (post.caption, post.hashtags) == ("of the text", ("one", "two", "카페", "NewYork", "three"))


def test_a_description_in_short_form() -> None:
    short = xmp("").replace(b'rdf:about=""', b'rdf:about="" dc:description="short"')
    assert keywords.parse_xmp(short) == keywords.Described((), "short")


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (xmp(SUBJECT.replace("카페", "&b;"), before=BOMB), "has a document type"),
        (xmp(before='<!DOCTYPE x [<!ENTITY b SYSTEM "file:///etc/passwd">]>'), "has a document type"),
        (xmp()[:-20], "no XML in UTF-8"),
        (xmp(before=BOMB).decode().encode("utf-16"), "no XML in UTF-8"),
        (xmp().decode().encode("cp949"), "no XML in UTF-8"),
        (b"", "no XML in UTF-8"),
        (xmp("&b;"), "no XML in UTF-8"),
    ],
)
def test_bad_xmp_is_rejected_and_the_rest_goes_on(tmp_path: Path, packet: bytes, reason: str) -> None:
    put(tmp_path, a_jpg=photo(), a_xmp=packet, b_jpg=photo(), c_jpg=photo(xmp=packet or b"<"))
    beside, good, within = read(tmp_path)
    assert isinstance(good, Post)
    assert isinstance(beside, Reject) and isinstance(within, Reject)
    assert "photo 'a.jpg': its XMP" in beside.reason and reason in beside.reason
    assert "photo 'c.jpg': its XMP" in within.reason and reason in within.reason


def test_iptc_that_is_not_what_it_says(tmp_path: Path) -> None:
    put(tmp_path, a_jpg=photo(segments=iptc((1, 90, b"\x1b%G"), (2, 25, b"\xff"))))
    (bad,) = read(tmp_path)
    assert isinstance(bad, Reject) and "its IPTC says that it is in UTF-8, and is not" in bad.reason


def test_photos_that_cannot_be_decoded_are_left_to_the_encoder(tmp_path: Path) -> None:
    put(tmp_path, a_jpg=b"no photo", a_txt=b"text", b_png=photo(".png")[:40], c_jpg=b"", d_heic=b"of a phone")
    a, b, c, d = read(tmp_path)
    assert isinstance(d, Post) and d.photos
    assert isinstance(a, Post) and isinstance(b, Post) and a.caption == "text"
    assert isinstance(c, Reject) and "has 0 bytes" in c.reason


def test_links_that_lead_out_are_not_followed(tmp_path: Path) -> None:
    put(tmp_path, secret_jpg=photo(xmp=xmp()), secret_txt=b"secret", secret_xmp=xmp())
    folder = tmp_path / "archive"
    folder.mkdir()
    put(folder, b_jpg=photo(), c_jpg=photo(), d_jpg=photo())
    (folder / "a.jpg").symlink_to("../secret.jpg")
    (folder / "b.txt").symlink_to("../secret.txt")
    (folder / "c.xmp").symlink_to("../secret.xmp")
    (folder / "d.txt").mkdir()
    (folder / "circle.jpg").symlink_to("circle.jpg")
    (folder / "below").symlink_to("..")
    a, b, c, circle, d = read(folder)
    assert isinstance(a, Reject) and "leaves the images folder" in a.reason
    assert isinstance(b, Reject) and "'b.txt' leaves the folder" in b.reason
    assert isinstance(c, Reject) and "'c.xmp' leaves the folder" in c.reason
    assert isinstance(circle, Reject) and "circle.jpg'" in circle.reason
    assert isinstance(d, Post)


def test_photos_lie_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with pytest.raises(SourceError, match="side by side; leave --images out"):
        open_reader(put(tmp_path, a_jpg=photo()), images=tmp_path / "other")
