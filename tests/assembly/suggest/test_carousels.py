"""Posts with several photos, added, in the index, and asked about."""

import json
import shutil
from pathlib import Path

import pytest

from hashtag_recommender import SuggestOptions, open_recommender


@pytest.fixture
def home(hashtag, demo, demo_home, tmp_path):
    """The sample archive, and a carousel of photos of a coffee and of a cat that carries #zeppelin."""
    home = Path(shutil.copytree(demo_home, tmp_path / "home"))
    photos = [demo / "new" / "coffee.jpg", demo / "new" / "cat.jpg"]
    ran = hashtag("posts", "add", *photos, "--hashtags", "zeppelin", "--home", home)
    assert ran.code == 0, ran.err
    return home


def evidence(hashtag, home, *photos):
    """The posts behind #zeppelin."""
    ran = hashtag("suggest", *photos, "--home", home, "--json", "--explain", "--count", 30)
    assert ran.code == 0, ran.err
    found = {entry["hashtag"]: entry["evidence"] for entry in json.loads(ran.out)["hashtags"]}
    return [(Path(post["photo"]).name, round(post["similarity"], 1)) for post in found.get("zeppelin", ())]


@pytest.mark.parametrize("published", [False, True], ids=["added", "in the index"])
def test_a_carousel_is_found_by_each_of_its_photos_and_speaks_once(hashtag, demo, home, published):
    if published:
        ran = hashtag("index", "build", demo / "posts.csv", "--home", home, "--encoders", "compact", "--json")
        assert json.loads(ran.out)["published"], ran.err
        info = hashtag("index", "info", "--home", home)
        assert "76 photos, efficientnet-lite0" in info.out
        assert hashtag("index", "verify", "--home", home).out.strip() == "the index is sound"
    cat, coffee = demo / "new" / "cat.jpg", demo / "new" / "coffee.jpg"
    assert evidence(hashtag, home, cat) == [("cat.jpg", 1.0)], "the nearest of its photos is shown"
    assert evidence(hashtag, home, coffee) == [("coffee.jpg", 1.0)]
    assert len(evidence(hashtag, home, cat, coffee)) == 1


def test_a_carousel_asked_about_is_told_by_all_of_its_photos(demo, home):
    recommender = open_recommender(home)
    found = recommender.suggest(
        [demo / "photos" / "003.jpg", demo / "photos" / "002.jpg"], options=SuggestOptions(count=10)
    )
    posts = {neighbour.post for suggestion in found.suggestions for neighbour in suggestion.evidence}
    assert {"002", "003"} <= posts
