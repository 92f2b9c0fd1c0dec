"""Captions for a new post: whose they are, what is asked of them, and what is said where there are none."""

import csv
import json

import pytest

from hashtag_recommender import follow_recommender, open_recommender
from hashtag_recommender.assembly import build_index, read_posts
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.core.captions import CaptionOptions
from hashtag_recommender.core.errors import PhotoError, SettingsError
from hashtag_recommender.core.query import Query
from hashtag_recommender.core.settings import Settings

POSTS = [
    ("1", "오늘의 라떼 @cafe_one 5,000원 창가 자리", "카페 라떼", "mina"),
    ("2", "창가 자리에서 라떼 한 잔 https://blog.example/1", "카페 라떼", "mina"),
    ("3", "창가 자리에서 라떼 한 잔", "라떼", "준호"),
    ("4", "latte by the window", "latte cafe", "lee"),
    ("5", "2024.05.03 02-123-4567", "카페", "lee"),
    ("6", "", "카페", "lee"),
    ("7", "summit in the fog, boots and a tent", "hiking", ""),
    ("8", "sourdough crust, flour and an oven", "bread", ""),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("captions")
    with (folder / "posts.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", "text", "hashtags", "author"], *POSTS])
    build_index(Home(Settings(folder / "home", encoders="compact")), read_posts(folder / "posts.csv"))
    return folder / "home"


@pytest.fixture(scope="module")
def recommender(home):
    with open_recommender(home) as opened:
        yield opened


@pytest.fixture(scope="module")
def of_demo(demo_home):
    with open_recommender(demo_home) as opened:
        yield opened


def test_a_caption_says_whose_it_is_and_what_was_cut_out(recommender):
    by_post = {found.post.post: found for found in recommender.caption(text="라떼 한 잔, 창가").captions}
    first = by_post["1"]
    assert first.caption == "오늘의 라떼 창가 자리"
    assert first.removed == ("mention", "price") and first.author == "mina"
    assert first.post.caption == POSTS[0][1]


def test_near_duplicates_are_one_caption(recommender):
    found = recommender.caption(text="창가 자리 라떼", options=CaptionOptions(count=10)).captions
    assert [caption.similar for caption in found if caption.post.post in "23"] == [1]
    assert not {"5", "6"} & {caption.post.post for caption in found}


def test_a_photo_finds_captions(of_demo, demo):
    found = of_demo.caption(demo / "new" / "coffee.jpg").captions
    assert len(found) == 3
    assert {"no talking before my morning coffee ☕️"} < {caption.caption for caption in found}
    assert all(caption.post.channel == "image" and caption.post.photo.exists() for caption in found)
    scores = [caption.score for caption in found]
    assert scores == sorted(scores, reverse=True) and 0 < min(scores) and max(scores) <= 1


def test_hashtags_alone_find_captions_and_count_beside_a_draft(recommender):
    found = recommender.caption(given=["#Hiking"]).captions
    assert [(caption.post.post, caption.post.channel) for caption in found] == [("7", "hashtags")]
    assert recommender.caption(text="#hiking").captions == found
    beside = recommender.caption(text="latte by the window", given=["bread"]).captions
    assert {"4", "8"} <= {caption.post.post for caption in beside}


def test_languages_and_lengths_are_kept(recommender):
    english = recommender.caption(text="라떼 창가 latte window", options=CaptionOptions(languages="en"))
    assert [caption.post.post for caption in english.captions][:1] == ["4"]
    assert any("in other languages" in note for note in english.notes)
    short = recommender.caption(text="창가 자리에서 라떼 한 잔", options=CaptionOptions(max_length=12))
    assert {caption.caption for caption in short.captions} <= {"오늘의 라떼 창가 자리"}
    none = recommender.caption(text="창가 자리에서 라떼 한 잔", options=CaptionOptions(min_length=500))
    assert none.captions == () and any("too short or too long" in note for note in none.notes)


def test_nothing_similar_is_said(recommender):
    answer = recommender.caption(given=["unheardof"])
    assert answer.captions == ()
    assert answer.notes == (
        "no post of the archive carries #unheardof, so nothing is known of what goes with it",
        "no post of the archive with a caption is similar to this one",
    )


def test_a_photo_is_no_help_to_an_archive_without_photos(recommender, demo):
    answer = recommender.caption(demo / "new" / "cat.jpg", "라떼")
    assert answer.captions == recommender.caption(text="라떼").captions
    assert "the archive has no photos, so this photo was not compared with any" in answer.notes


def test_a_batch_answers_each_as_alone(of_demo, demo):
    photo = demo / "new" / "cat.jpg"
    queries = [Query("espresso"), Query(photos=(photo,)), Query(photos=(demo / "posts.csv",)), Query("고양이 #cat")]
    answers = of_demo.caption_batch(queries, CaptionOptions(count=2))
    assert [len(answer.captions) for answer in answers] == [2, 2, 0, 2]
    assert answers[1] == of_demo.caption(photo, options=CaptionOptions(count=2))
    assert "not a photo" in (answers[2].error or "")
    each = of_demo.caption_batch(queries[:2], [CaptionOptions(count=1), CaptionOptions(count=3)])
    assert [len(answer.captions) for answer in each] == [1, 3]


def test_nothing_to_look_at_is_refused(recommender, demo):
    with pytest.raises(SettingsError, match="no photo, no draft and no hashtag"):
        recommender.caption(text="  ")
    with pytest.raises(PhotoError, match="not a photo"):
        recommender.caption(demo / "posts.csv")


def test_a_follower_answers_the_same(home, recommender):
    with follow_recommender(home) as following:
        assert following.caption(text="라떼") == recommender.caption(text="라떼")
        assert following.caption_batch([Query("라떼")]) == recommender.caption_batch([Query("라떼")])


def test_an_archive_of_photos_alone_has_none(demo, tmp_path):
    rows = [["image", "hashtags"], *([f"{n:03}.jpg", "cat"] for n in (2, 14, 37))]
    with (tmp_path / "posts.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    reader = read_posts(tmp_path / "posts.csv", images=demo / "photos")
    build_index(Home(Settings(tmp_path / "home", encoders="compact")), reader)
    with open_recommender(tmp_path / "home") as opened:
        answer = opened.caption(demo / "new" / "cat.jpg")
    assert answer.captions == ()
    assert answer.notes == ("no post of the archive with a caption is similar to this one",)


def test_the_command_prints_what_the_recommender_answers(hashtag, home, recommender):
    ran = hashtag("caption", "--text", "라떼 창가", "--hashtags", "카페 라떼", "--home", home, "--count", 2, "--json")
    answer = recommender.caption(text="라떼 창가", given=["카페", "라떼"], options=CaptionOptions(count=2))
    assert json.loads(ran.out) == answer.to_json()
    entry = answer.to_json()["captions"][0]
    assert set(entry) == {"caption", "score", "taken_from", "similar_posts", "removed"}
    assert set(entry["taken_from"]) == {"post", "author", "similarity", "channel", "caption", "photo"}


@pytest.mark.usefixtures("terminal")
def test_people_see_whose_a_caption_is(hashtag, home):
    out = hashtag("caption", "--text", "오늘의 라떼 창가 자리", "--home", home).out
    assert "taken from post 1 by mina, similar by " in out
    assert "left out of it: mention, price" in out
    assert all(len(line) <= 80 for line in out.splitlines())


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "no photo, no draft and no hashtag"),
        (["gone.jpg"], "there is no photo gone.jpg"),
        (["--text", "x", "--count", "0"], "1 to 20 captions"),
        (["--text", "x", "--lang", "xx"], "language 'xx' is not known"),
    ],
)
def test_what_cannot_be_asked_is_told(hashtag, home, words, complaint):
    ran = hashtag("caption", *words, "--home", home)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1) and complaint in ran.err


def test_without_an_index_there_are_none(hashtag, tmp_path):
    ran = hashtag("caption", "--text", "x", "--home", tmp_path)
    assert ran.code == 2 and "hashtag index build" in ran.err


def test_an_archive_of_hashtags_alone_has_none(tmp_path):
    (tmp_path / "posts.csv").write_text("text,hashtags\n,coffee cafe\n,coffee\n", encoding="utf-8")
    build_index(Home(Settings(tmp_path / "home", encoders="compact")), read_posts(tmp_path / "posts.csv"))
    with open_recommender(tmp_path / "home") as opened:
        answer = opened.caption(given=["coffee"])
    assert answer.notes == ("no post of the archive with a caption is similar to this one",)
