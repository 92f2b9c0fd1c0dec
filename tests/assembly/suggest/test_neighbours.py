"""The posts nearest to a query are public, with whole captions and a key of their photo."""

import json
import shutil

import pytest

from hashtag_recommender import HashtagError, follow_recommender, open_recommender
from hashtag_recommender.assembly import add_post
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.core.errors import NotFoundError, PhotoError, SettingsError
from hashtag_recommender.core.settings import Settings


@pytest.fixture(scope="module")
def recommender(demo_home):
    with open_recommender(demo_home) as opened:
        yield opened


def test_each_channel_has_its_nearest_posts(recommender, demo):
    found = recommender.neighbours(demo / "new" / "cat.jpg", "a cat on the sofa", k=4)
    assert set(found) == {"image", "sentence", "multilingual", "lexical"}
    for channel, neighbours in found.items():
        similarities = [neighbour.similarity for neighbour in neighbours]
        assert 0 < len(neighbours) <= 4 and similarities == sorted(similarities, reverse=True)
        assert {neighbour.channel for neighbour in neighbours} == {channel}
    fewer = recommender.neighbours(demo / "new" / "cat.jpg", "a cat on the sofa", k=2)
    assert fewer == {channel: neighbours[:2] for channel, neighbours in found.items()}
    deeper = recommender.neighbours(demo / "new" / "cat.jpg", "a cat on the sofa", k=150)
    assert {channel: neighbours[:4] for channel, neighbours in deeper.items()} == found


def test_they_are_the_posts_behind_suggestions(recommender, demo):
    photo = demo / "new" / "cat.jpg"
    near = {neighbour.post: neighbour for neighbour in recommender.neighbours(photo, k=100)["image"]}
    for suggestion in recommender.suggest(photo).suggestions:
        for neighbour in suggestion.evidence:
            assert near[neighbour.post].share == neighbour.share
            assert near[neighbour.post].similarity == neighbour.similarity


def test_a_channel_without_content_is_empty(recommender):
    found = recommender.neighbours(text="espresso #coffee")
    assert found["image"] == () and found["lexical"]


def test_the_photo_has_a_key_and_no_path_is_needed(recommender, demo):
    nearest = recommender.neighbours(demo / "photos" / "014.jpg", k=1)["image"][0]
    assert nearest.similarity == pytest.approx(1, abs=1e-3)
    assert recommender.photo(nearest.photo_key) == nearest.photo
    assert not set(nearest.photo_key) & set("/\\.") and json.loads(json.dumps(nearest.photo_key))
    with pytest.raises(NotFoundError):
        recommender.photo("999999-0")
    for key in (str(nearest.photo), "../../etc/passwd"):
        with pytest.raises(PhotoError):
            recommender.photo(key)


def test_captions_are_whole_and_added_posts_are_there(demo_home, demo, tmp_path):
    home = shutil.copytree(demo_home, tmp_path / "home")
    caption = "a zeppelin over the lake " * 20
    with follow_recommender(home) as recommender:
        add_post(Home(Settings(home)), (demo / "new" / "cat.jpg",), caption, "zeppelin")
        recommender._looked_at = 0
        nearest = recommender.neighbours(text="zeppelin over the lake", k=1)["lexical"][0]
        assert nearest.caption == caption.strip()
        assert recommender.photo(nearest.photo_key).read_bytes() == (demo / "new" / "cat.jpg").read_bytes()


def test_what_cannot_be_asked_is_refused(recommender, demo):
    with pytest.raises(SettingsError, match="no photo and no caption"):
        recommender.neighbours(text="#cat")
    with pytest.raises(SettingsError, match="k is 0"):
        recommender.neighbours(text="cat", k=0)
    with pytest.raises(PhotoError, match="posts.csv"):
        recommender.neighbours(demo / "posts.csv")
    assert issubclass(PhotoError, HashtagError)
