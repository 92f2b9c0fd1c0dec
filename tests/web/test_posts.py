"""Posts are added, corrected, listed and deleted over HTTP; the home keeps their photos as long as a post has them."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from hashtag_recommender.assembly import back_up, forget_author, restore, verify_index
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.web.service import Service

from .conftest import TestClient, problem
from .test_uploads import clean

ZEPPELIN = {"text": "a zeppelin over the lake", "hashtags": ["Zeppelin", "luftschiff"]}


def tags(client: TestClient, **asked: Any) -> list[str]:
    return [entry["hashtag"] for entry in client.post("/v1/suggest", json=asked).json()["hashtags"]]


def kept(service: Service) -> set[str]:
    return {file.name for file in (service.home.folder / "photos").glob("*")}


def test_the_next_suggestion_follows_every_change(own: TestClient) -> None:
    asked = {"text": "a zeppelin over the lake today"}
    assert "Zeppelin" not in tags(own, **asked)
    added = own.post("/v1/posts", json=ZEPPELIN).json()
    assert added == {"post": added["post"], "outcome": "added", "indexed": False, "new": True}
    assert tags(own, **asked)[:2] == ["Zeppelin", "luftschiff"]
    assert own.post("/v1/posts", json=ZEPPELIN).json()["outcome"] == "unchanged"
    corrected = own.post("/v1/posts", json={**ZEPPELIN, "hashtags": ["airship"]}).json()
    assert corrected == {"post": added["post"], "outcome": "corrected", "indexed": False, "new": False}
    assert tags(own, **asked)[0] == "airship"
    removed = own.delete("/v1/posts", params={"id": added["post"]}).json()
    assert removed == {"post": added["post"], "outcome": "removed", "indexed": False}
    assert "airship" not in tags(own, **asked)
    problem(own.delete("/v1/posts", params={"id": added["post"]}), 404, "not_found")


def test_a_post_comes_back_as_it_was_added(own: TestClient) -> None:
    told = {"id": "mine", "author": "Ann", "posted_at": "2024-01-05T18:30:00+09:00"}
    own.post("/v1/posts", json={**ZEPPELIN, **told})
    [post] = own.get("/v1/posts", params={"id": "mine"}).json()["posts"]
    assert post == {
        "post": "mine",
        "source": "added",
        "caption": ZEPPELIN["text"],
        "hashtags": ZEPPELIN["hashtags"],
        "photos": [],
        "author": "Ann",
        "posted_at": "2024-01-05T09:30:00+00:00",
    }


def test_posts_are_listed_the_newest_first(own: TestClient) -> None:
    listed = own.get("/v1/posts").json()["posts"]
    assert len(listed) == 20 and [post["posted_at"] for post in listed] == sorted(
        (post["posted_at"] for post in listed), reverse=True
    )
    assert len(own.get("/v1/posts", params={"count": 200}).json()["posts"]) == 74
    assert own.get("/v1/posts", params={"author": "nobody"}).json() == {"posts": []}
    own.post("/v1/posts", json={**ZEPPELIN, "author": "Ann"})
    assert [post["author"] for post in own.get("/v1/posts", params={"author": "Ann"}).json()["posts"]] == ["Ann"]
    [source] = {post["source"] for post in listed}
    assert len(own.get("/v1/posts", params={"source": source, "count": 200}).json()["posts"]) == 74
    assert len(own.get("/v1/posts", params={"source": "added"}).json()["posts"]) == 1
    problem(own.get("/v1/posts", params={"source": "nothing"}), 404, "not_found")


@pytest.mark.parametrize(
    ("text", "found"), [("ZEPPELIN", 1), ("over the", 1), ("#luft", 1), ("luft", 1), ("%", 0), ("_", 0), ("\\", 0)]
)
def test_posts_are_found_by_their_texts(own: TestClient, text: str, found: int) -> None:
    own.post("/v1/posts", json=ZEPPELIN)
    assert len(own.get("/v1/posts", params={"text": text, "source": "added"}).json()["posts"]) == found


def test_a_post_of_a_source_is_not_changed_here(client: TestClient) -> None:
    told = problem(client.delete("/v1/posts", params={"id": "001"}), 400, "settings")
    assert "change it there" in told["detail"]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"text": "cat", "hashtags": []}, "settings"),
        ({"text": "cat", "hashtags": ["!!!"]}, "settings"),
        ({"text": "", "hashtags": ["cat"]}, "nothing_to_look_at"),
        ({"text": " ", "hashtags": ["cat"]}, "nothing_to_look_at"),
        ({**ZEPPELIN, "posted_at": "yesterday"}, "settings"),
        ({**ZEPPELIN, "id": "  "}, "settings"),
        ({**ZEPPELIN, "text": "a\0b"}, "settings"),
    ],
)
def test_a_post_that_cannot_be_stored_is_told(own: TestClient, asked: Any, code: str) -> None:
    told = problem(own.post("/v1/posts", json=asked), 400, code)
    assert "--" not in told["fix"] and "`hashtag " not in told["fix"]
    assert own.get("/v1/posts", params={"source": "added"}).json() == {"posts": []}


def test_each_entry_is_one_hashtag(own: TestClient) -> None:
    """As of a list in an archive."""
    own.post(
        "/v1/posts", json={"text": "x y", "id": "x", "hashtags": ["New York", "#카페", "##two", "", "☕", "#a #b"]}
    )
    [post] = own.get("/v1/posts", params={"id": "x"}).json()["posts"]
    assert post["hashtags"] == ["NewYork", "카페", "two", "a", "b"]


def test_the_home_keeps_photos_until_the_last_post_that_has_them(
    own: TestClient, own_service: Service, photo: bytes, demo: Path
) -> None:
    coffee = (demo / "new" / "coffee.jpg").read_bytes()
    name, other = (sha256(content).hexdigest() for content in (photo, coffee))
    files = [("photo", ("../../cat.jpg", photo)), ("photo", ("/coffee.jpg", coffee))]
    for post_id in ("a", "b"):
        added = own.post("/v1/posts", data={"id": post_id, "text": post_id, "hashtags": "cat"}, files=files)
        assert added.status_code == 200, added.text
    assert kept(own_service) == {name, other}
    [post] = own.get("/v1/posts", params={"id": "a"}).json()["posts"]
    for address in post["photos"]:
        clean(own.get(address).content)
    own.delete("/v1/posts", params={"id": "a"})
    assert kept(own_service) == {name, other}, "the other post has them"
    for address in post["photos"]:
        problem(own.get(address), 404, "not_found")
    own.post("/v1/posts", data={"id": "b", "text": "b", "hashtags": "cat"}, files=files[:1])
    assert kept(own_service) == {name}
    own.delete("/v1/posts", params={"id": "b"})
    assert kept(own_service) == set()


def test_a_photo_uploaded_before_is_kept_as_well(own: TestClient, own_service: Service, photo: bytes) -> None:
    uploaded = own.post("/photos", files={"photo": ("a.jpg", photo)}).json()["image_id"]
    added = own.post("/v1/posts", json={"photo_ids": [uploaded], "hashtags": ["cat"]}).json()
    assert kept(own_service) == {sha256(photo).hexdigest()}
    assert tags(own, photo_ids=[added["post"]])[0] == "cat"


def test_a_refused_post_leaves_no_photo(own: TestClient, own_service: Service, photo: bytes) -> None:
    sent = {"photo": ("a.jpg", photo)}
    for asked in (
        {"text": "x"},
        {"hashtags": "!"},
        {"hashtags": "cat", "posted_at": "x"},
        {"hashtags": "c", "more": 1},
    ):
        assert 400 <= own.post("/v1/posts", data=asked, files=sent).status_code < 500
    own.post("/v1/posts", data={"hashtags": "cat"}, files=[("photo", ("a", photo)), ("photo", ("b", b"none"))])
    assert kept(own_service) == set()


def test_a_backup_holds_the_photos(own: TestClient, own_service: Service, photo: bytes, tmp_path: Path) -> None:
    own.post("/v1/posts", data={"id": "a", "hashtags": "cat"}, files={"photo": ("a.jpg", photo)})
    back_up(own_service.home, tmp_path / "backup")
    restore(tmp_path / "restored", tmp_path / "backup")
    assert [file.read_bytes() for file in (tmp_path / "restored" / "photos").iterdir()] == [photo]
    with Home(Settings(tmp_path / "restored")) as restored:
        assert verify_index(restored).problems == ()


def test_with_their_author_the_photos_are_forgotten(own: TestClient, own_service: Service, photo: bytes) -> None:
    sent = {"photo": ("a.jpg", photo)}
    own.post("/v1/posts", data={"id": "a", "hashtags": "catperson", "author": "Ann"}, files=sent)
    [address] = own.get("/v1/posts", params={"id": "a"}).json()["posts"][0]["photos"]
    assert own.get(address).status_code == 200 and "catperson" in tags(own, photo_ids=["a"], count=30)
    forget_author(own_service.home, "Ann")
    own_service.recommender.follow()
    assert kept(own_service) == set()
    problem(own.get(address), 404, "not_found")
    assert "catperson" not in tags(own, text="catperson at home", count=30)
