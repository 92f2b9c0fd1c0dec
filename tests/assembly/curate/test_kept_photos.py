"""Photos that came as bytes lie in the home as long as a post has them."""

from hashlib import sha256
from pathlib import Path

import pytest
from PIL import Image

from hashtag_recommender.assembly import add_post, edit_post, remove_post, show_post
from hashtag_recommender.assembly.curate.kept_photos import delete_unused, keep_photos
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.core import durable
from hashtag_recommender.core.errors import HomeError, PhotoError, SettingsError
from hashtag_recommender.core.post import Photo
from hashtag_recommender.core.settings import Settings


def png(colour):
    import io

    made = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(made, "PNG")
    return made.getvalue()


RED, BLUE = png("red"), png("blue")


@pytest.fixture
def opened(copy):
    with Home(Settings(copy)) as home:
        yield home


def kept(home):
    return {file.name for file in (home.folder / "photos").glob("*")}


def name_of(content):
    return sha256(content).hexdigest()


def test_bytes_are_kept_once_and_files_stay_where_they_are(opened, tmp_path):
    own = tmp_path / "own.png"
    own.write_bytes(BLUE)
    files = keep_photos(opened, [RED, own, RED])
    assert files[1] == own and files[0] == files[2] == opened.folder.resolve() / "photos" / name_of(RED)
    assert files[0].read_bytes() == RED and kept(opened) == {name_of(RED)}


def test_none_is_kept_if_one_is_no_photo(opened):
    with pytest.raises(PhotoError, match="not a photo"):
        keep_photos(opened, [RED, b"nothing"])
    assert kept(opened) == set()


def test_a_full_disk_is_told_and_nothing_is_added(opened, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable, "write_durably", fail)
    with pytest.raises(HomeError, match="No space left"):
        add_post(opened, [RED], "red", "red")
    with opened.database() as database:
        assert list(database.posts.added()) == []


def test_a_photo_goes_with_the_last_post_that_has_it(opened, tmp_path):
    for post_id in ("a", "b"):
        add_post(opened, [RED, BLUE], post_id, "colour", post_id=post_id)
    remove_post(opened, "a")
    assert kept(opened) == {name_of(RED), name_of(BLUE)}
    own = tmp_path / "own.png"
    own.write_bytes(BLUE)
    edit_post(opened, "b", [own])
    assert kept(opened) == {name_of(BLUE)}, "which the post has still, though from elsewhere"
    remove_post(opened, "b")
    assert kept(opened) == set() and own.exists()


def test_a_corrected_post_lets_its_old_photo_go(opened):
    add_post(opened, [RED], "colour", "colour", post_id="a")
    add_post(opened, [BLUE], "colour", "colour", post_id="a")
    assert kept(opened) == {name_of(BLUE)}
    assert [photo.digest for photo in show_post(opened, "a").post.photos] == [name_of(BLUE)]


def test_a_post_that_is_refused_leaves_no_photo(opened):
    for wrong in ({"hashtags": ""}, {"posted_at": "yesterday"}, {"post_id": " "}, {"text": "a\0b"}):
        with pytest.raises(SettingsError):
            add_post(opened, [RED], **({"text": "red", "hashtags": "red"} | wrong))
    assert kept(opened) == set()


def test_what_was_kept_in_a_home_that_moved_is_deleted_as_well(opened):
    keep_photos(opened, [RED, BLUE])
    with opened.database() as database:
        delete_unused(opened, database, [Photo(Path("/elsewhere/photos") / name_of(RED), name_of(RED))])
    assert kept(opened) == {name_of(BLUE)}
