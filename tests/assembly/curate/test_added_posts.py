"""Posts that are added one by one."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from hashtag_recommender import open_recommender
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.core.settings import Settings

from ..conftest import ZEPPELIN, make_rows, refused, tags


@pytest.mark.parametrize("which", ["copy", "large_copy"])
def test_an_added_post_is_found_at_once(hashtag, ask, request, which):
    home = request.getfixturevalue(which)
    before = ask(home, "a zeppelin over the lake")
    ran = hashtag("posts", "add", *ZEPPELIN, "--home", home, "--json")
    assert ran.code == 0, ran.err
    post = json.loads(ran.out)
    assert post["new"]
    after = ask(home, "a zeppelin over the lake")
    assert after["snapshot"] == before["snapshot"], "without building anew"
    assert "Zeppelin" in [entry["hashtag"] for entry in after["hashtags"]], "a hashtag that nobody used before"
    evidence = next(entry["evidence"] for entry in after["hashtags"] if entry["hashtag"] == "Zeppelin")
    assert {(seen["post"], seen["channel"]) for seen in evidence} >= {(post["post"], "lexical")}
    assert evidence[0]["similarity"] == pytest.approx(1, abs=0.01)
    assert "luftschiff" in tags(ask(home, "anything else", "--given", "zeppelin", "--count", 30))


def test_an_added_post_has_author_and_date(hashtag, copy, ask):
    said = ["--text", "a cat #cat", "--author", "zoe", "--posted-at", "2031-01-05T18:30:00+09:00"]
    assert hashtag("posts", "add", *said, "--hashtags", "onlyzoe", "--home", copy).out.startswith(
        "added as post added-"
    )
    assert "onlyzoe" in tags(ask(copy, "quiet evening", "--author", "zoe", "--count", 30))
    recommender = open_recommender(copy)
    assert np.nanmax(recommender._archive.posted) == pytest.approx(22284.396, abs=1e-3)


def test_the_same_post_again_is_there_already(hashtag, copy):
    first = hashtag("posts", "add", *ZEPPELIN, "--home", copy)
    again = hashtag("posts", "add", *ZEPPELIN, "--home", copy)
    post = first.out.split()[-1]
    assert (first.out, again.out) == (f"added as post {post}\n", f"post {post} is in the archive already, unchanged\n")
    other = hashtag("posts", "add", *ZEPPELIN, "--author", "lee", "--home", copy)
    assert other.out == f"post {post} corrected\n"


def test_an_added_post_outlives_builds(hashtag, copy, ask, rebuild):
    hashtag("posts", "add", *ZEPPELIN, "--home", copy)
    report = rebuild(copy)
    assert report["published"] and report["unchanged"] == 60
    assert "zeppelin" in tags(ask(copy, "a zeppelin over the lake"))
    assert json.loads(hashtag("index", "info", "--home", copy, "--json").out)["sources"] == {"posts": 60, "added": 1}
    assert hashtag("index", "verify", "--home", copy).code == 0
    assert not rebuild(copy)["published"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--text", "a cat without any"], "the post has no hashtag"),
        (["--hashtags", "cat"], "no photo and no caption"),
        (["gone.jpg", "--hashtags", "cat"], "there is no photo gone.jpg"),
        (["--text", "x", "--hashtags", "cat", "--posted-at", "yesterday"], "'yesterday' is no time"),
        (["--text", "x\udce9", "--hashtags", "cat"], "half a character"),
        (["--text", "x", "--hashtags", "c" * 101], "101 characters"),
    ],
)
def test_posts_that_cannot_be_added(hashtag, copy, words, complaint):
    before = list(open_recommender(copy)._archive.hashtags)
    assert refused(hashtag("posts", "add", *words, "--home", copy), complaint)
    assert list(open_recommender(copy)._archive.hashtags) == before
    assert json.loads(hashtag("posts", "list", "--source", "added", "--home", copy, "--json").out) == []


def test_a_photo_that_is_none_is_not_added(hashtag, copy, tmp_path):
    (tmp_path / "photo.jpg").write_text("I am no photo")
    ran = hashtag("posts", "add", tmp_path / "photo.jpg", "--hashtags", "newtag", "--home", copy)
    assert refused(ran, "photo.jpg: not a photo")
    assert not open_recommender(copy).knows("newtag")


def test_posts_are_added_to_an_index(hashtag, tmp_path):
    assert refused(hashtag("posts", "add", *ZEPPELIN, "--home", tmp_path / "none"), "no home folder")
    assert refused(hashtag("posts", "add", *ZEPPELIN, "--home", tmp_path), "no index in")


def test_what_is_added_while_an_index_is_built_waits_for_the_next(hashtag, copy, ask, rebuild, monkeypatch):
    from hashtag_recommender.index.snapshots import build as build_module

    plain = build_module._write_channel

    def meanwhile(*arguments):
        monkeypatch.undo()
        monkeypatch.setattr(build_module, "_write_channel", plain)
        from hashtag_recommender.assembly import add_post

        add_post(Home(Settings(copy)), (), "a zeppelin over the lake", "zeppelin")
        return plain(*arguments)

    rows = [*make_rows(60, 2), ["900", "one more cat", "cat", "", ""]]
    monkeypatch.setattr(build_module, "_write_channel", meanwhile)
    assert rebuild(copy, rows)["published"]
    assert json.loads(hashtag("index", "info", "--home", copy, "--json").out)["posts"] == 61
    assert "zeppelin" in tags(ask(copy, "a zeppelin over the lake"))
    assert rebuild(copy, rows)["published"]
    assert json.loads(hashtag("index", "info", "--home", copy, "--json").out)["posts"] == 62


def test_an_added_photo_is_found_at_once_and_outlives_its_file(hashtag, demo, demo_home, tmp_path):
    home, photo = Path(shutil.copytree(demo_home, tmp_path / "home")), tmp_path / "new.jpg"
    shutil.copy(demo / "new" / "cat.jpg", photo)
    words = ["posts", "add", photo, "--hashtags", "zeppelin", "--author", "Zoë", "--home", home, "--json"]
    post = json.loads(hashtag(*words).out)["post"]

    def first():
        ran = hashtag("suggest", demo / "new" / "cat.jpg", "--home", home, "--json", "--explain", "--count", 30)
        assert ran.code == 0, ran.err
        return next(entry for entry in json.loads(ran.out)["hashtags"] if entry["hashtag"] == "zeppelin")["evidence"][0]

    assert (first()["post"], first()["channel"], first()["photo"]) == (post, "image", str(photo))
    assert first()["similarity"] == pytest.approx(1, abs=0.01)
    photo.unlink()
    ran = hashtag("index", "build", demo / "posts.csv", "--home", home, "--encoders", "compact", "--json")
    assert json.loads(ran.out)["published"] and json.loads(ran.out)["embedded"] == {
        "image": 0,
        "sentence": 0,
        "multilingual": 0,
    }
    assert first()["post"] == post
    assert hashtag("posts", "forget", "--author", "Zoë", "--home", home).out.startswith("1 post deleted")
    assert not open_recommender(home).knows("zeppelin")


def test_verify_finds_nothing_wrong_with_posts_added_since(hashtag, copy):
    ran = hashtag("posts", "add", "--text", "a zeppelin over the lake", "--hashtags", "zeppelin", "--home", copy)
    assert ran.code == 0
    ran = hashtag("index", "verify", "--home", copy)
    assert (ran.code, ran.out.strip()) == (0, "the index is sound")
