import io
import json
import os
import struct
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from PIL import Image

from hashtag_recommender.core.advice import BESIDE_PHOTOS, NAME_COLUMN_OF_HASHTAGS
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
    assert list(reader.notes()) == [f"{tmp_path} also holds what is not read: 1 file (.txt)"]


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


LR = 'xmlns:lr="http://ns.adobe.com/lightroom/1.0/"'
DIGIKAM = 'xmlns:digiKam="http://www.digikam.org/ns/1.0/"'
MICROSOFT = 'xmlns:MicrosoftPhoto="http://ns.microsoft.com/photo/1.0/"'


@pytest.mark.parametrize(
    "content",
    [
        f"<lr:hierarchicalSubject {LR}><rdf:Bag><rdf:li>자연|New York</rdf:li></rdf:Bag></lr:hierarchicalSubject>",
        f"<digiKam:TagsList {DIGIKAM}><rdf:Seq><rdf:li>자연/New York</rdf:li></rdf:Seq></digiKam:TagsList>",
        f"<MicrosoftPhoto:LastKeywordXMP {MICROSOFT}><rdf:Bag><rdf:li>자연/New York</rdf:li></rdf:Bag>"
        "</MicrosoftPhoto:LastKeywordXMP>",
    ],
)
def test_each_level_of_a_hierarchy_is_a_keyword(tmp_path: Path, content: str) -> None:
    put(tmp_path, a_jpg=photo(), a_xmp=xmp(content), b_jpg=photo(xmp=xmp(content)))
    for post in read(tmp_path):
        assert isinstance(post, Post) and post.hashtags == ("자연", "NewYork")


def test_subjects_of_iptc_are_keywords(tmp_path: Path) -> None:
    put(tmp_path, a_jpg=photo(segments=iptc((2, 12, b"IPTC:04000000:economy:farming:"), (2, 25, b"one"))))
    (post,) = read(tmp_path)
    assert isinstance(post, Post) and post.hashtags == ("one", "economy", "farming")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("declared", ["", '<?xml version="1.0" encoding="UTF-16"?>'])
def test_xmp_is_decoded_by_its_mark(tmp_path: Path, encoding: str, declared: str) -> None:
    packet = xmp(before=declared).decode().encode(encoding)
    put(tmp_path, a_jpg=photo(), a_xmp=packet, b_jpg=photo(xmp=packet))
    for post in read(tmp_path):
        assert isinstance(post, Post)
        assert (post.caption, post.hashtags, post.flaws) == ("오늘의 카페", ("카페", "NewYork"), ())


def test_names_on_disk_are_used_as_they_are(tmp_path: Path) -> None:
    names = [" a", "a", "a ", "\u3000b", "b\nc", "%61", "d\\e", "nan", "[1]", "x;y", "x|y.jpg", "../f"[3:]]
    for name in names:
        (tmp_path / f"{name}.jpg").write_bytes(photo())
        (tmp_path / f"{name}.txt").write_text(f"text of {name!r} #tag", encoding="utf-8")
    (tmp_path / " below ").mkdir()
    put(tmp_path / " below ", a_jpg=photo(), a_txt=b"text of below")
    posts = [post for post in read(tmp_path) if isinstance(post, Post)]
    assert {post.post_id: post.caption for post in posts} == {f"{name}.jpg": f"text of {name!r}" for name in names} | {
        " below /a.jpg": "text of below"
    }
    assert all(str(post.photos[0].path) == f"{tmp_path}/{post.post_id}" for post in posts)


def test_names_that_are_no_utf8(tmp_path: Path) -> None:
    for name, text in ((b"caf\xe9", "비 #카페"), (b"mu\xf1oz", "")):
        with open(os.fsencode(tmp_path) + b"/" + name + b".jpg", "wb") as file:  # noqa: PTH123
            file.write(photo())
        with open(os.fsencode(tmp_path) + b"/" + name + b".txt", "w", encoding="utf-8") as file:  # noqa: PTH123
            file.write(text)
    told, reject = read(tmp_path)
    assert isinstance(told, Post) and isinstance(reject, Reject)
    assert (told.caption, told.hashtags, told.photos, told.post_id) == ("비", ("카페",), (), "caf\\xe9.jpg")
    assert told.flaws[0].reason == "photo 'caf\\xe9.jpg' has a name that is not UTF-8; rename it"
    assert reject.reason == "photo 'mu\\xf1oz.jpg' has a name that is not UTF-8; rename it"


@pytest.mark.parametrize("suffix", [".txt", ".jpg.txt"])
@pytest.mark.parametrize(("of_photo", "of_text"), [("NFC", "NFD"), ("NFD", "NFC"), ("NFD", "NFD")])
def test_sidecars_in_another_unicode_form(tmp_path: Path, suffix: str, of_photo: str, of_text: str) -> None:
    (tmp_path / normalize(of_photo, "카페.jpg")).write_bytes(photo())
    (tmp_path / normalize(of_text, f"카페{suffix}")).write_text("#글")
    (post,) = read(tmp_path)
    assert isinstance(post, Post) and post.hashtags == ("글",)


def test_a_sidecar_never_goes_to_another_photo(tmp_path: Path) -> None:
    for name in ("a.jpg", "A.jpg", "b.JPG", normalize("NFC", "카.jpg"), normalize("NFD", "카.jpg"), "c.jpg", "c.png"):
        (tmp_path / name).write_bytes(photo())
    for name in ("a.txt", "B.TXT", normalize("NFD", "카.txt"), "c.jpg.txt", "c.txt"):
        (tmp_path / name).write_text(f"of {name}")
    captions = {post.post_id: post.caption for post in read(tmp_path) if isinstance(post, Post)}
    assert captions == {
        "a.jpg": "of a.txt",
        "A.jpg": "",
        "b.JPG": "of B.TXT",
        normalize("NFC", "카.jpg"): "",
        normalize("NFD", "카.jpg"): f"of {normalize('NFD', '카.txt')}",
        "c.jpg": "of c.jpg.txt",
        "c.png": "of c.txt",
    }


@pytest.mark.parametrize(
    "name", ["a.jpg.json", "a.json", "a.jpg.supplemental-metadata.json", "a.jpg.supplemental-me.json"]
)
@pytest.mark.parametrize(
    ("told", "caption", "hashtags"),
    [
        (
            {"description": "설명 #카페", "tags": ["#카페", "#커피"], "username": "ann", "date": "2024-01-05"},
            "설명",
            ("카페", "커피"),
        ),
        (
            {
                "title": "a.jpg",
                "description": "글",
                "photoTakenTime": {"timestamp": "1704412800"},
                "owner": {"name": "ann"},
            },
            "글",
            (),
        ),
        ({"content": "글", "tag_string": "cat dog", "author": "ann", "created_at": 1704412800}, "글", ("cat", "dog")),
    ],
)
def test_json_beside_a_photo(tmp_path: Path, name: str, told: Any, caption: str, hashtags: tuple[str, ...]) -> None:
    put(tmp_path, a_jpg=photo())
    (tmp_path / name).write_text(json.dumps(told))
    reader = open_reader(tmp_path)
    (post,) = reader.read()
    assert isinstance(post, Post)
    assert (post.caption, post.hashtags, post.flaws, list(reader.notes())) == (caption, hashtags, (), [])
    if "timestamp" not in str(told):
        assert post.author == "ann"
    assert post.posted_at == datetime(2024, 1, 5, tzinfo=UTC)


def test_broken_sidecars_cost_what_they_say(tmp_path: Path) -> None:
    put(tmp_path, a_jpg=photo(), b_jpg=photo(), c_jpg=photo(), c_txt=b"\xff\xff", c_xmp=xmp())
    (tmp_path / "a.jpg.json").write_text("{")
    (tmp_path / "b.jpg.json").write_text(json.dumps({"description": "글", "tags": [{"x": 1}]}))
    a, b, c = read(tmp_path)
    assert isinstance(a, Post) and isinstance(b, Post) and isinstance(c, Post)
    assert (a.caption, [flaw.part for flaw in a.flaws]) == ("", ["hashtags"])
    assert (b.caption, [flaw.part for flaw in b.flaws]) == ("글", ["hashtags"])
    assert (c.caption, c.hashtags, [flaw.part for flaw in c.flaws]) == ("오늘의 카페", ("카페", "NewYork"), ["caption"])


def test_what_programs_keep_beside_photos_is_left_out_and_told(tmp_path: Path) -> None:
    put(tmp_path, a_jpg=photo(), clip_mp4=b"x", d_mp4=b"x", Thumbs_db=b"x", e_pdf=b"x")
    (tmp_path / "._a.jpg").write_bytes(b"of a Mac")
    for folder in (
        "@eaDir/a.jpg",
        "x/@eaDir",
        "#recycle",
        "__MACOSX",
        "$RECYCLE.BIN",
        ".@__thumb",
        ".Trash-1000",
        ".git",
    ):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "copy.jpg").write_bytes(photo())
    (tmp_path / "linked").symlink_to("x")
    reader = open_reader(tmp_path)
    assert [post.post_id for post in reader.read() if isinstance(post, Post)] == ["a.jpg"]
    (note,) = reader.notes()
    for told in (
        "2 videos (.mp4)",
        "1 file (.pdf)",
        "2 folders of thumbnails (@eaDir)",
        "1 folder of thumbnails (.@__thumb)",
        "1 folder of deleted files (#recycle)",
        "1 folder of deleted files ($RECYCLE.BIN)",
        "1 folder of a system (__MACOSX)",
        "2 hidden files or files of a system",
        "1 hidden folder",
        "1 linked folder, which is not followed",
    ):
        assert told in note


def test_an_archive_without_hashtags_is_told_where_they_are_looked_for(tmp_path: Path) -> None:
    put(tmp_path, a_jpg=photo(), a_txt=b"landscape\nmountain")
    assert open_reader(tmp_path).advice == BESIDE_PHOTOS
    (tmp_path / "a.csv").write_text("text\nx\n")
    assert open_reader(tmp_path / "a.csv").advice == NAME_COLUMN_OF_HASHTAGS


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (xmp(SUBJECT.replace("카페", "&b;"), before=BOMB), "has a document type"),
        (xmp(before='<!DOCTYPE x [<!ENTITY b SYSTEM "file:///etc/passwd">]>'), "has a document type"),
        (xmp()[:-20], "is no XML"),
        (xmp(before=BOMB).decode().encode("utf-16"), "has a document type"),
        (xmp().decode().encode("cp949"), "is no XML"),
        (b"", "is no XML"),
        (xmp("&b;"), "is no XML"),
    ],
)
def test_bad_xmp_costs_its_keywords(tmp_path: Path, packet: bytes, reason: str) -> None:
    put(tmp_path, a_jpg=photo(), a_xmp=packet, b_jpg=photo(), c_jpg=photo(xmp=packet or b"<"))
    beside, good, within = read(tmp_path)
    assert isinstance(good, Post)
    for post in (beside, within):
        assert isinstance(post, Post) and len(post.photos) == 1 and not post.hashtags
        (flaw,) = post.flaws
        assert flaw.part == "hashtags" and reason in flaw.reason
        assert flaw.reason.startswith(f"photo {post.post_id!r}: its XMP")


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_broken_exif_does_not_cost_the_keywords(tmp_path: Path, suffix: str) -> None:
    # Its resolution has a unit that is a fraction, at which Pillow gives the whole file up.
    exif = b"Exif\0\0II*\0" + struct.pack("<IHHHIIHHIII", 8, 2, 0x0128, 5, 1, 8, 0x011A, 5, 1, 8, 0)
    (tmp_path / f"a{suffix}").write_bytes(photo(suffix, exif=exif, xmp=xmp()))
    (post,) = read(tmp_path)
    assert isinstance(post, Post)
    assert (post.caption, post.hashtags) == ("오늘의 카페", ("카페", "NewYork"))


def test_iptc_that_is_not_what_it_says(tmp_path: Path) -> None:
    put(tmp_path, a_jpg=photo(segments=iptc((1, 90, b"\x1b%G"), (2, 25, b"\xff"))))
    (post,) = read(tmp_path)
    assert isinstance(post, Post) and post.photos
    assert "its IPTC says that it is in UTF-8, and is not" in post.flaws[0].reason


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
    assert isinstance(b, Post) and b.photos and "'b.txt' leaves the folder" in b.flaws[0].reason
    assert isinstance(c, Post) and c.photos and "'c.xmp' leaves the folder" in c.flaws[0].reason
    assert isinstance(circle, Reject) and "circle.jpg'" in circle.reason
    assert isinstance(d, Post) and not d.flaws
    assert "1 linked folder, which is not followed" in open_reader(folder).notes()[0]


def test_photos_lie_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with pytest.raises(SourceError, match="side by side; leave --images out"):
        open_reader(put(tmp_path, a_jpg=photo()), images=tmp_path / "other")
