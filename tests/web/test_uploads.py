"""Photos as nobody should send them, and names that try to lead out of the archive."""

import gzip
import io
import os
import socket
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from PIL import ExifTags, Image

from hashtag_recommender.web.settings import Limits

from .conftest import CAT, Serve, encoded, problem

RED, BLUE = (250, 10, 10), (10, 10, 250)


def two_colours(width: int = 400, height: int = 200) -> Image.Image:
    """Red above, blue below."""
    image = Image.new("RGB", (width, height), BLUE)
    image.paste(RED, (0, 0, width, height // 2))
    return image


def exif(orientation: int = 1) -> Image.Exif:
    """As a phone writes it: with a place, a maker and a comment."""
    made = Image.Exif()
    made[ExifTags.Base.Orientation] = orientation
    made[ExifTags.Base.Make] = "secretmaker"
    made[ExifTags.Base.UserComment] = "secretcomment"
    made.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (37.0, 33.0, 59.0), 3: "E", 4: (126.0, 58.0, 40.0)})
    return made


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2) + content


def after_start(jpeg: bytes, *segments: bytes) -> bytes:
    """A JPEG with segments of someone's own."""
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def tiff(*entries: tuple[int, int, int, int], following: int = 0) -> bytes:
    """EXIF of entries (tag, type, count, value), and where its next directory is."""
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + packed + struct.pack("<I", following)


def zipped() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("evil.html", "<script>alert(1)</script>")
    return made.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A small PNG of very many pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return len(content).to_bytes(4) + kind + content + zlib.crc32(kind + content).to_bytes(4)

    deflate, packed = zlib.compressobj(9), []
    for _ in range(height):
        packed.append(deflate.compress(b"\0" * (1 + (width + 7) // 8)))
    packed.append(deflate.flush())
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    end = chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"".join(packed)) + end


def upload(client: Any, content: bytes, name: str = "photo.jpg", kind: str = "image/jpeg") -> Any:
    return client.post("/photos", files={"photo": (name, content, kind)})


def thumbnail(client: Any, content: bytes, **told: str) -> Image.Image:
    """Of a photo that is taken: clean, whatever was sent."""
    taken = upload(client, content, **told)
    assert taken.status_code == 200, taken.text
    shown = client.get(f"/v1/photos/{taken.json()['image_id']}")
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    return clean(shown.content)


def clean(jpeg: bytes) -> Image.Image:
    """A thumbnail, which is nothing but a small JPEG."""
    i, markers = 2, []
    while jpeg[i] == 0xFF and jpeg[i + 1] != 0xDA:
        markers.append(jpeg[i + 1])
        i += 2 + int.from_bytes(jpeg[i + 2 : i + 4])
    assert jpeg[:2] == b"\xff\xd8" and jpeg.endswith(b"\xff\xd9") and jpeg.count(b"\xff\xd9") == 1
    assert not [marker for marker in markers if 0xE1 <= marker <= 0xEF or marker == 0xFE], "no metadata"
    assert len(jpeg) < 200_000
    with Image.open(io.BytesIO(jpeg)) as image:
        assert image.format == "JPEG" and max(image.size) <= 320
        assert not image.getexif() and not {"icc_profile", "comment", "exif", "xmp"} & image.info.keys()
        image.load()
        return image.copy()


def colours(image: Image.Image) -> list[str]:
    """What is at the top, the bottom, the left and the right."""
    pixels, (width, height) = np.asarray(image.convert("RGB"), dtype=int), image.size
    places = [(2, width // 2), (height - 3, width // 2), (height // 2, 2), (height // 2, width - 3)]
    return ["red" if pixels[place][0] > pixels[place][2] else "blue" for place in places]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_thumbnail_is_upright_and_tells_no_place(client: Any, kind: str, orientation: int) -> None:
    stored = two_colours()
    turns = {2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_90"}
    turns |= {7: "TRANSVERSE", 8: "ROTATE_270"}
    if orientation > 1:
        stored = stored.transpose(Image.Transpose[turns[orientation]])
    extra: dict[str, Any] = {} if kind == "TIFF" else {"icc_profile": b"secretprofile" * 100}
    shown = thumbnail(client, encoded(stored, kind, exif=exif(orientation), **extra))
    assert shown.size == (320, 160)
    assert colours(shown)[:2] == ["red", "blue"]


def test_a_thumbnail_of_the_archive_tells_no_place_either(own: Any, photo: bytes) -> None:
    """Whose photo has metadata, and which was added after the snapshot was made."""
    content = encoded(two_colours(), exif=exif(), comment=b"secretcomment")
    added = own.post("/v1/posts", data={"text": "two colours", "hashtags": "red"}, files={"photo": ("a.jpg", content)})
    assert added.status_code == 200, added.text
    [address] = own.get("/v1/posts", params={"id": added.json()["post"]}).json()["posts"][0]["photos"]
    shown = own.get(address)
    assert colours(clean(shown.content))[:2] == ["red", "blue"] and b"secret" not in shown.content


def test_every_photo_of_the_archive_is_shown_clean(client: Any) -> None:
    posts = client.get("/v1/posts", params={"count": 200}).json()["posts"]
    addresses = [address for post in posts for address in post["photos"]]
    assert len(addresses) >= 70
    for address in addresses[::7]:
        shown = client.get(address)
        clean(shown.content)
        assert shown.content == client.get(address).content, "also when it is held"


HTML = b"<!doctype html><script>alert(document.cookie)</script>"


@pytest.mark.parametrize("name", ["photo.jpg", "photo.html", "photo.svg", "../../x.jpg", "/etc/passwd", "a\0b.jpg", ""])
@pytest.mark.parametrize("kind", ["image/jpeg", "text/html", "image/svg+xml", "x"])
def test_polyglots_come_back_as_pictures_alone(client: Any, name: str, kind: str) -> None:
    jpeg = encoded(two_colours())
    for content in (
        jpeg + HTML,
        jpeg + zipped(),
        after_start(jpeg, segment(0xFE, HTML), segment(0xE1, HTML)),
        encoded(two_colours(), "PNG") + HTML + zipped(),
    ):
        boundary = b"xyz"
        disposition = f'Content-Disposition: form-data; name="photo"; filename="{name}"'.encode()
        body = b"--xyz\r\n" + disposition + b"\r\nContent-Type: " + kind.encode() + b"\r\n\r\n" + content
        asked = client.post(
            "/photos",
            content=body + b"\r\n--" + boundary + b"--\r\n",
            headers={"Content-Type": "multipart/form-data; boundary=xyz"},
        )
        assert asked.status_code == 200, asked.text
        shown = client.get(f"/v1/photos/{asked.json()['image_id']}")
        assert shown.headers["content-type"] == "image/jpeg"
        assert shown.headers["x-content-type-options"] == "nosniff"
        assert b"<script" not in shown.content and b"PK" not in shown.content
        clean(shown.content)


def animated(kind: str) -> bytes:
    frames = [two_colours(), Image.new("RGB", (400, 200), RED)]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=50)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="http://127.0.0.1:9/x"/><script>alert(1)</script></svg>'
NO_PHOTOS = {
    "bomb": lambda: bomb(12_000, 9_000),
    "large bomb": lambda: bomb(25_000, 25_000),
    "strip": lambda: encoded(Image.new("1", (30_000, 10)), "PNG"),
    "animated GIF": lambda: animated("GIF"),
    "animated WebP": lambda: animated("WEBP"),
    "animated PNG": lambda: animated("PNG"),
    "TIFF of several pages": lambda: animated("TIFF"),
    "truncated JPEG": lambda: encoded(two_colours())[:400],
    "head of a JPEG": lambda: b"\xff\xd8\xff",
    "truncated PNG": lambda: encoded(two_colours(), "PNG")[:60],
    "SVG": lambda: SVG,
    "HTML": lambda: HTML,
    "ZIP": zipped,
    "gzip": lambda: gzip.compress(b"\0" * 10_000_000),
    "PDF": lambda: b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n",
    "PostScript": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
    "MP4": lambda: b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41" + b"\0" * 100,
    "broken HEIC": lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\xff" * 100,
    "text": lambda: b"photo\n" * 100,
    "a path": lambda: b"/etc/passwd",
    "an address": lambda: b"http://127.0.0.1:9/photo.jpg",
    "nothing": lambda: b"",
    "zeros": lambda: b"\0" * 1000,
    "XBM": lambda: b"#define x_width 8\n#define x_height 8\nstatic char x_bits[] = {0x00};\n",
    "Photoshop": lambda: b"8BPS\0\x01" + b"\0" * 100,
}


@pytest.mark.parametrize("name", NO_PHOTOS)
def test_what_is_no_still_photo_is_refused_everywhere(client: Any, name: str) -> None:
    content = NO_PHOTOS[name]()
    problem(upload(client, content), 400, "photo")
    sent = {"photo": ("photo.jpg", content, "image/jpeg")}
    problem(client.post("/v1/suggest", data={"text": CAT}, files=sent), 400, "photo")
    problem(client.post("/v1/posts", data={"text": CAT, "hashtags": "cat"}, files=sent), 400, "photo")
    judged = {"text": CAT, "hashtags": "cat", "verdict": "accept"}
    told = problem(client.post("/v1/feedback", data=judged, files=sent), 400, "photo")
    assert "b'" not in told["detail"], "what was sent is not repeated"
    assert client.get("/v1/posts", params={"source": "added"}).json() == {"posts": []}


def test_what_is_refused_is_not_kept(client: Any, service: Any) -> None:
    before = service.uploads.held
    upload(client, HTML)
    client.post("/v1/posts", data={"text": CAT, "hashtags": "cat"}, files={"photo": ("a.jpg", HTML)})
    client.post("/v1/posts", data={"text": CAT, "hashtags": "!"}, files={"photo": ("a.jpg", encoded(two_colours()))})
    assert service.uploads.held == before and not (service.home.folder / "photos").exists()


HUGE = 0x7FFFFFFF
TRICKS = {
    "a directory that leads to itself": tiff((0x0112, 3, 1, 1), following=8),
    "EXIF within itself": tiff((0x8769, 4, 1, 8), (0x8825, 4, 1, 8), (0xA005, 4, 1, 8)),
    "a value longer than the file": tiff((0x010E, 2, HUGE, 0), (0x927C, 7, HUGE, 0)),
    "values behind the end": tiff((0x010F, 2, 100, HUGE), (0x0112, 3, HUGE, HUGE)),
    "very many entries": tiff(*[(0x010E, 2, 4, 0)] * 5000),
    "types that are none": tiff((0x0112, 99, 1, 1), (0x8825, 13, HUGE, 8)),
    "no EXIF at all": b"Exif\0\0" + b"\xff" * 1000,
    "nothing behind the name": b"Exif\0\0",
}


@pytest.mark.parametrize("trick", TRICKS)
def test_tricks_of_exif_cost_nothing(client: Any, trick: str) -> None:
    content = TRICKS[trick]
    for jpeg in (
        after_start(encoded(two_colours()), segment(0xE1, content[:65_000])),
        encoded(two_colours(), "WEBP", exif=content),
        encoded(two_colours(), "PNG", exif=content),
    ):
        assert colours(thumbnail(client, jpeg))[:2] == ["red", "blue"]


def test_an_empty_file_field_of_a_browser_is_no_photo(client: Any) -> None:
    empty = b'--x\r\nContent-Disposition: form-data; name="photo"; filename=""\r\n\r\n\r\n--x\r\n'
    text = b'Content-Disposition: form-data; name="text"\r\n\r\ncat nap\r\n--x--\r\n'
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    assert client.post("/v1/suggest", content=empty + text, headers=form).status_code == 200
    problem(client.post("/photos", content=empty.rstrip() + b"--\r\n", headers=form), 400, "nothing_to_look_at")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "multipart/form-data"),
        (b"", "multipart/form-data; boundary="),
        (b"", "multipart/form-data; boundary=x"),
        (b"--x", "multipart/form-data; boundary=x"),
        (b"--x--\r\n", "multipart/form-data; boundary=x"),
        (b"garbage", "multipart/form-data; boundary=x"),
        (b"--y\r\n\r\n--y--", "multipart/form-data; boundary=x"),
        (b"--x\r\n\r\nno name\r\n--x--\r\n", "multipart/form-data; boundary=x"),
        (b"--x\r\nContent-Disposition: form-data\r\n\r\nno name\r\n--x--\r\n", "multipart/form-data; boundary=x"),
        (b"--x\r\nContent-Disposition: form-data; name=photo\r\n\r\ntext\r\n--x--", "multipart/form-data; boundary=x"),
        (b"--x\r\n" + b"a" * 100_000 + b"\r\n\r\n--x--", "multipart/form-data; boundary=x"),
        (b"x", "multipart/form-data; boundary=" + "x" * 10_000),
        (b"--x--", b"multipart/form-data; boundary=\xff\xfe"),
        *[
            (b"--x\r\nContent-Disposition: form-data; name=text\r\n\r\ncat\xff\r\n--x--\r\n",
             f"multipart/form-data; boundary=x; charset={charset}")
            for charset in ("utf-16", "zlib", "base64", "rot13", "idna", "undefined", "punycode", "nothing", "a" * 999)
        ],
    ],
)  # fmt: skip
def test_damaged_forms_are_told(client: Any, content: bytes, told: Any) -> None:
    for path in ("/photos", "/v1/suggest", "/v1/posts", "/v1/feedback"):
        answer = client.post(path, content=content, headers={"Content-Type": told})
        assert 400 <= answer.status_code < 500, (path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_wrong_type_of_body_is_told(client: Any) -> None:
    for kind in ("text/plain", "application/xml", "image/jpeg", "", "application/jsonx", "*/*", "multipart/mixed"):
        for path in (
            "/photos",
            "/v1/suggest",
            "/v1/suggest-batch",
            "/v1/posts",
            "/v1/feedback",
            "/v1/rules",
            "/predict",
        ):
            told = client.post(path, content=b"{}", headers={"Content-Type": kind})
            problem(told, 415, "unsupported_media_type")


def test_more_photos_than_one_post_takes_are_refused(client: Any, photo: bytes) -> None:
    many = [("photo", (f"{i}.jpg", photo)) for i in range(11)]
    problem(client.post("/v1/suggest", files=many), 400, "damaged_form")
    problem(client.post("/photos", files=many[:2]), 400, "damaged_form")
    name = upload(client, photo).json()["image_id"]
    problem(client.post("/v1/suggest", files=many[:6], data={"photo_ids": [name] * 5}), 413, "too_many")
    problem(client.post("/v1/suggest", json={"photo_ids": [name] * 11}), 413, "too_many")
    problem(client.post("/v1/suggest-batch", json={"posts": [{"photo_ids": [name] * 11}]}), 413, "too_many")
    problem(client.post("/v1/suggest-batch", json={"posts": [{"text": CAT}] * 101}), 413, "too_many")


def test_a_large_body_is_refused_however_it_is_told(serve: Serve) -> None:
    limited = serve(limits=Limits(body=100_000))
    for content in (b"x" * 200_000, iter([b"x" * 1000] * 200)):
        told = limited.post("/v1/suggest", content=content, headers={"Content-Type": "application/json"})
        problem(told, 413, "too_large")
        assert told.headers["connection"] == "close"
    problem(upload(limited, b"\xff\xd8\xff" + b"x" * 200_000), 413, "too_large")
    headers = {"Content-Type": "application/json", "Content-Length": "9" * 30}
    problem(limited.post("/v1/suggest", content=b"{}", headers=headers), 413, "too_large")
    for length in ("-5", "x", "", "1e3", "５"):
        headers = {"Content-Type": "application/json", "Content-Length": length.encode()}  # type: ignore[dict-item]
        assert limited.post("/v1/suggest", content=b'{"text":"cat nap"}', headers=headers).status_code == 200
    just = b'{"text": "cat nap"}'.ljust(100_000)
    assert limited.post("/v1/suggest", content=just, headers={"Content-Type": "application/json"}).status_code == 200


def test_bodies_share_a_room_that_is_free_again_afterwards(serve: Serve) -> None:
    limited = serve(limits=Limits(body=100_000, bodies=50_000))
    for _ in range(3):
        body = b'{"text": "cat nap"}'
        told = limited.post("/v1/suggest", content=body.ljust(60_000), headers={"Content-Type": "application/json"})
        problem(told, 503, "bodies_full")
        assert told.headers["retry-after"] == "1"
        told = limited.post("/v1/suggest", content=body.ljust(40_000), headers={"Content-Type": "application/json"})
        assert told.status_code == 200


def test_uploads_leave_when_newer_ones_need_their_room(own_service: Any, own: Any) -> None:
    own_service.uploads._recent._room = 20_000
    first = upload(own, encoded(two_colours())).json()["image_id"]
    assert own.get(f"/v1/photos/{first}").status_code == 200
    for i in range(20):
        noise = Image.effect_noise((80, 80), 50 + i)
        assert upload(own, encoded(noise)).status_code == 200
        assert own_service.uploads.held <= 20_000
    problem(own.get(f"/v1/photos/{first}"), 404, "not_found")
    problem(own.post("/v1/suggest", json={"photo_ids": [first]}), 404, "not_found")


@pytest.fixture
def touched(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is looked for on the disk, opened or connected to, while a test runs."""
    seen: list[str] = []
    active = [True]

    def on_event(event: str, given: tuple[Any, ...]) -> None:
        if active and event in ("open", "os.listdir", "os.scandir", "socket.connect", "socket.getaddrinfo"):
            seen.append(f"{event} {given}")

    sys.addaudithook(on_event)
    for name in ("stat", "lstat", "readlink"):
        plain = getattr(os, name)

        def look(path: Any, *given: Any, _plain: Any = plain, **named: Any) -> Any:
            seen.append(f"look {path}")
            return _plain(path, *given, **named)

        monkeypatch.setattr(os, name, look)
    yield seen
    active.clear()


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A photo that no archive has."""
    path = tmp_path / "outsider" / "photo.jpg"
    path.parent.mkdir()
    path.write_bytes(encoded(two_colours()))
    return path


def games(outside: Path) -> list[str]:
    relative = "../" * 12 + str(outside).lstrip("/")
    return [
        str(outside), relative, relative.replace("/", "\\"), relative.replace("../", "....//"),
        relative.replace(".", "%2e"), relative.replace("../", "%252e%252e%252f"), relative.replace("/", "%2f"),
        f"file://{outside}", f"file:{outside}", f"http://127.0.0.1:9{outside}", f"//127.0.0.1:9{outside}",
        f"ftp://127.0.0.1:9{outside}", f"{outside}\0.jpg", f"upload-/../{relative}", f"upload-{'0' * 32}",
        f"1-0/../{relative}", f"1-0\0{outside}", f"~{outside}", f"$HOME/{outside}", f"photos/{relative}",
        "hashtag.sqlite", "CURRENT", "..", ".", "/", "-1-0", "1--1", "1-999999999", f"1-0\n{outside}", " 1-0",
        "\ufeff1-0", "1-0;ls", "' OR 1=1 --", "${jndi:ldap://127.0.0.1:9/x}", "<script>alert(1)</script>", "%00", "CON",
    ]  # fmt: skip


def test_no_name_in_a_request_leads_out_of_the_archive(client: Any, outside: Path, touched: list[str]) -> None:
    addresses = {post["post"] for post in client.get("/v1/posts", params={"count": 200}).json()["posts"]}
    for game in games(outside):
        in_url = quote(game, safe="/%\\:;'$@~ ")
        assert game not in addresses
        answers = {
            "photo": client.get("/v1/photos/" + in_url),
            "page": client.get("/predict", params={"image_id": game, "text": CAT}),
            "predict": client.post("/predict", json={"image_id": game, "text": CAT}),
            "suggest": client.post("/v1/suggest", json={"photo_ids": [game], "text": CAT}),
            "form": client.post("/v1/suggest", data={"photo_ids": game, "text": CAT}),
            "batch": client.post("/v1/suggest-batch", json={"posts": [{"photo_ids": [game]}]}),
            "feedback": client.post(
                "/v1/feedback", json={"photo_ids": [game], "hashtags": ["cat"], "verdict": "accept"}
            ),
            "add": client.post("/v1/posts", json={"photo_ids": [game], "text": CAT, "hashtags": ["cat"]}),
            "show": client.get("/v1/posts", params={"id": game}),
            "source": client.get("/v1/posts", params={"source": game}),
            "remove": client.delete("/v1/posts", params={"id": game}),
            "remove of": client.delete("/v1/posts", params={"id": "001", "source": game}),
            "rollback": client.post("/v1/index/rollback", json={"snapshot": game}),
        }
        if game.strip("./"):  # else the address is that of the first page
            answers |= {"static": client.get("/static/" + in_url), "root": client.get("/" + in_url)}
        for name, answer in answers.items():
            assert 400 <= answer.status_code < 500 or answer.status_code == 303, (game, name, answer.text)
            assert answer.headers["content-type"] == "application/problem+json", (game, name)
    for place in touched:
        assert "outsider" not in place and "passwd" not in place, place
        assert "127.0.0.1" not in place and not place.startswith("socket"), place


def test_no_error_tells_where_the_home_or_a_photo_is(own: Any, own_service: Any, demo: Path, photo: bytes) -> None:
    home = own_service.home.folder
    added = own.post(
        "/v1/posts", data={"text": CAT, "hashtags": "cat", "id": "x"}, files={"photo": ("a", photo)}
    ).json()
    [address] = own.get("/v1/posts", params={"id": added["post"]}).json()["posts"][0]["photos"]
    key = address.rpartition("/")[2]
    for kept in (home / "photos").iterdir():
        kept.write_bytes(b"no photo any more")
    named = {"photo_ids": [key], "text": CAT, "hashtags": ["cat"]}
    answers = [
        own.get(address),
        own.post("/v1/suggest", json={"photo_ids": [key]}),
        own.post("/v1/posts", json=named),
        own.post("/v1/feedback", json={**named, "verdict": "accept"}),
        own.get("/predict", params={"image_id": key}),
        own.post("/v1/index/rollback", json={}),
        own.post("/v1/index/rollback", json={"snapshot": "x"}),
    ]
    for kept in (home / "photos").iterdir():
        kept.unlink()
    answers += [
        own.get(address),
        own.post("/v1/suggest", json={"photo_ids": [key]}),
        own.post("/v1/posts", json=named),
        own.post("/v1/feedback", json={**named, "verdict": "accept"}),
        own.get("/predict", params={"image_id": key}),
    ]
    for answer in answers:
        assert answer.status_code in (400, 404), answer.text
        assert str(home) not in answer.text and str(demo) not in answer.text and "photos/" not in answer.text
        assert "hashtag " not in answer.json()["fix"] and "--" not in answer.json()["fix"]
    each = own.post("/v1/suggest-batch", json={"posts": [{"photo_ids": [key]}, {"text": CAT}]}).json()["answers"]
    assert each[0]["error"] and str(home) not in each[0]["error"] and each[1]["hashtags"]


def test_no_document_tells_where_the_database_is(client: Any, service: Any) -> None:
    for path in ("/v1/index", "/v1/posts", "/v1/rules", "/metrics", "/readyz", "/openapi.json"):
        assert str(service.home.folder) not in client.get(path).text


def test_an_address_in_a_caption_is_not_fetched(client: Any, touched: list[str]) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.setblocking(False)
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/photo.jpg"
        assert client.post("/v1/suggest", json={"text": f"look at {address}"}).status_code == 200
        for field in ("image_id", "photo", "image_url", "callback"):
            client.post("/predict", json={field: address, "text": CAT})
        assert client.post("/v1/suggest", data={"photo": address, "text": CAT}).status_code == 422
        with pytest.raises(BlockingIOError):
            listening.accept()
    assert not [place for place in touched if place.startswith("socket")]
