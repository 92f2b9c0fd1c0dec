"""Suggesting through the command line and through Python, with the real compact encoders."""

import csv
import json
import os
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from PIL import Image

from hashtag_recommender import HashtagError, Query, SuggestOptions, open_recommender
from hashtag_recommender.core.errors import PhotoError, SettingsError
from hashtag_recommender.core.post import normalise_hashtag


@pytest.fixture(scope="module")
def recommender(demo_home):
    return open_recommender(demo_home)


@pytest.fixture(scope="module")
def new_posts(demo):
    with (demo / "new" / "posts.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def tags(answer):
    return {normalise_hashtag(suggestion.hashtag) for suggestion in answer.suggestions}


def test_new_posts_get_hashtags_that_their_authors_gave(recommender, demo, new_posts):
    for post in new_posts:
        answer = recommender.suggest(demo / "new" / post["image"], post["text"])
        own = {normalise_hashtag(tag) for tag in post["hashtags"].split()}
        assert len(tags(answer) & own) >= 2, post["image"]


def test_a_photo_alone_and_a_caption_alone_are_enough(recommender, demo):
    assert "cat" in tags(recommender.suggest(demo / "new" / "cat.jpg"))
    assert tags(recommender.suggest(text="에스프레소 한 잔")) & {"에스프레소", "커피"}


def test_scores_fall_and_evidence_carries_the_hashtag(recommender, demo, hashtags_of):
    answer = recommender.suggest(demo / "new" / "coffee.jpg", "espresso", options=SuggestOptions(count=10))
    scores = [suggestion.score for suggestion in answer.suggestions]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)
    for suggestion in answer.suggestions:
        assert suggestion.evidence
        shares = [neighbour.share for neighbour in suggestion.evidence]
        assert shares == sorted(shares, reverse=True)
        for neighbour in suggestion.evidence:
            assert normalise_hashtag(suggestion.hashtag) in hashtags_of[neighbour.post]
            assert 0 < neighbour.similarity <= 1.001
            assert neighbour.photo and neighbour.photo.is_file()


@pytest.fixture(scope="module")
def hashtags_of(demo):
    with (demo / "posts.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: set(map(normalise_hashtag, row["hashtags"].split())) for row in csv.DictReader(file)}


def test_a_batch_answers_like_one_by_one(recommender, demo, new_posts):
    queries = [Query(post["text"], demo / "new" / post["image"]) for post in new_posts]
    batch = recommender.suggest_batch(queries, SuggestOptions(count=5))
    assert (
        recommender.suggest_batch([Query(q.caption, str(q.photos[0])) for q in queries], SuggestOptions(count=5))
        == batch
    )
    for query, answer in zip(queries, batch, strict=True):
        alone = recommender.suggest(query.photos, query.caption)
        assert [s.hashtag for s in alone.suggestions] == [s.hashtag for s in answer.suggestions]
        assert [s.score for s in alone.suggestions] == pytest.approx([s.score for s in answer.suggestions], abs=1e-4)


def test_the_bytes_of_a_photo_will_do(recommender, demo):
    path = demo / "new" / "cat.jpg"
    assert tags(recommender.suggest(path.read_bytes())) == tags(recommender.suggest(str(path)))


def test_a_path_is_found_in_whatever_form_its_parts_are(hashtag, demo, demo_home, recommender, tmp_path):
    photo = tmp_path / unicodedata.normalize("NFD", "가을") / unicodedata.normalize("NFC", "숲.jpg")
    photo.parent.mkdir()
    shutil.copy(demo / "new" / "cat.jpg", photo)
    typed = tmp_path / unicodedata.normalize("NFC", "가을/숲.jpg")
    assert recommender.suggest(typed) == recommender.suggest(photo)
    ran = hashtag("suggest", typed, "--home", demo_home, "--json")
    assert (ran.code, "cat" in ran.out) == (0, True), ran.err


def test_a_photo_may_be_an_open_file_or_a_picture_in_memory(recommender, demo):
    path = demo / "new" / "cat.jpg"
    expected = recommender.suggest(path)
    with path.open("rb") as file:
        assert recommender.suggest(file) == expected
    with Image.open(path) as picture:
        assert recommender.suggest(picture) == expected
        assert picture.getpixel((0, 0)), "it stays open, and as it was"
    with pytest.raises(PhotoError, match="not a photo but a int"):
        recommender.suggest(7)


def test_a_post_of_several_photos_finds_what_each_of_them_finds(recommender, demo):
    cat, coffee = demo / "new" / "cat.jpg", demo / "new" / "coffee.jpg"
    both = recommender.suggest([cat, coffee], options=SuggestOptions(count=10))
    assert {"cat", "coffee"} <= tags(both)
    nearest = {
        neighbour.post: neighbour.similarity
        for photo in (cat, coffee)
        for suggestion in recommender.suggest(photo, options=SuggestOptions(count=10)).suggestions
        for neighbour in suggestion.evidence
    }
    shared = [n for s in both.suggestions for n in s.evidence if n.post in nearest]
    assert shared and all(n.similarity >= nearest[n.post] - 1e-4 for n in shared)
    assert recommender.suggest((cat,)) == recommender.suggest(cat)
    with pytest.raises(PhotoError, match="^photo 2: the photo is missing"):
        recommender.suggest([cat, demo / "gone.jpg"])


def test_what_is_excluded_stays_out_and_others_move_up(recommender, demo):
    photo = demo / "new" / "coffee.jpg"
    first = recommender.suggest(photo, options=SuggestOptions(count=3)).suggestions
    barred = frozenset([normalise_hashtag(first[0].hashtag)])
    without = recommender.suggest(photo, options=SuggestOptions(count=3, exclude=barred))
    assert [s.hashtag for s in without.suggestions][:2] == [s.hashtag for s in first[1:]]
    assert len(without.suggestions) == 3


def test_hashtags_in_the_caption_are_given(recommender):
    inline, given = (
        recommender.suggest(text="espresso #cat #고양이"),
        recommender.suggest(text="espresso", given=["cat", "고양이"]),
    )
    assert inline.suggestions == given.suggestions
    assert inline.notes == ("#cat #고양이 in the caption: given already, so not suggested again", *given.notes)
    assert recommender.suggest_batch([Query("espresso #cat #고양이")])[0] == inline
    assert recommender.suggest_batch([Query("espresso", given="#cat 고양이")])[0] == given


def test_where_nothing_speaks_it_says_so(recommender):
    answer = recommender.suggest_batch([Query("#onlyahashtag")], SuggestOptions(count=5))[0]
    assert "most used" in answer.notes[-1]
    assert len(answer.suggestions) == 5
    assert not any(suggestion.evidence for suggestion in answer.suggestions)


def test_photos_that_are_none_and_questions_without_content(recommender, demo):
    with pytest.raises(PhotoError, match=r"posts\.csv: not a photo"):
        recommender.suggest(demo / "posts.csv")
    with pytest.raises(PhotoError, match=r"gone\.jpg: the photo is missing"):
        recommender.suggest("gone.jpg", "a caption does not make up for it")
    with pytest.raises(SettingsError, match="no photo and no caption"):
        recommender.suggest(text="  ")
    with pytest.raises(SettingsError, match="count is 0"):
        recommender.suggest(text="x", options=SuggestOptions(count=0))
    assert issubclass(PhotoError, HashtagError)


def test_the_plain_form_ends_with_a_line_to_copy(hashtag, demo, demo_home):
    ran = hashtag("suggest", demo / "new" / "coffee.jpg", "--text", "한 잔", "--home", demo_home, "--count", 3)
    assert ran.code == 0
    last = ran.out.rstrip("\n").splitlines()[-1].split(" ")
    assert len(last) == 3 and all(word.startswith("#") for word in last)
    rows = [line for line in ran.out.splitlines() if line.startswith("#")]
    assert all(word in row for word, row in zip(last, rows, strict=False))
    assert any(line.strip() == "also: #커피" for line in ran.out.splitlines())


def test_the_plain_form_shows_captions_and_no_ids(hashtag, demo, demo_home, terminal):
    ran = hashtag("suggest", demo / "new" / "coffee.jpg", "--home", demo_home)
    lines = ran.out.splitlines()
    assert lines[0].split() == ["hashtag", "score", "posts", "behind", "it"]
    assert all(len(line) <= 80 for line in lines)
    assert any("posts: no talking before my morning coffee" in line for line in lines if line.startswith("#"))
    assert not any(f" {number:03}" in ran.out for number in range(1, 81))


def test_ids_that_nobody_gave_are_shown_to_machines_alone(hashtag, tmp_path):
    (tmp_path / "posts.csv").write_text('text,hashtags\n"espresso,\nplease",coffee\n,cafe\n')
    home = tmp_path / "home"
    assert hashtag("index", "build", tmp_path / "posts.csv", "--home", home, "--encoders", "compact").code == 0
    words = ["suggest", "--text", "espresso", "--home", home]
    for more in ([], ["--explain"]):
        ran = hashtag(*words, *more)
        assert "espresso, please" in ran.out and "text-" not in ran.out
    post = json.loads(hashtag(*words, "--json").out)["hashtags"][0]["evidence"][0]["post"]
    assert post.startswith("text-")


def test_a_post_without_caption_is_shown_by_its_photo(hashtag, demo, tmp_path):
    (tmp_path / "cat.jpg").write_bytes((demo / "new" / "cat.jpg").read_bytes())
    (tmp_path / "posts.csv").write_text("id,image,hashtags\ntext-0ee728eb682b,cat.jpg,cat\n7,cat.jpg,pet\n")
    home = tmp_path / "home"
    assert hashtag("index", "build", tmp_path / "posts.csv", "--home", home, "--encoders", "compact").code == 0
    ran = hashtag("suggest", demo / "new" / "cat.jpg", "--home", home)
    assert "1 post: cat.jpg" in ran.out or "1 post: 7" in ran.out
    assert "text-" not in ran.out + hashtag("suggest", demo / "new" / "cat.jpg", "--home", home, "--explain").out


def test_explaining_names_the_posts(hashtag, demo, demo_home, terminal):
    ran = hashtag("suggest", demo / "new" / "coffee.jpg", "--home", demo_home, "--explain", "--count", 1)
    assert " image  0" in ran.out
    assert all(len(line) <= 80 for line in ran.out.splitlines())


def test_the_json_form_is_the_documented_one(hashtag, demo, demo_home):
    ran = hashtag("suggest", demo / "new" / "cat.jpg", "--home", demo_home, "--json")
    document = json.loads(ran.out)
    assert set(document) == {"hashtags", "snapshot", "removed"}
    assert document["removed"] == [{"hashtag": "고양이", "step": "merged", "reason": "means the same as #cat"}]
    assert len(document["hashtags"]) == 5
    assert [entry.get("also") for entry in document["hashtags"]] == [["고양이"], None, None, None, None]
    for entry in document["hashtags"]:
        assert set(entry) - {"also"} == {"hashtag", "score", "evidence"}
        assert all(set(post) == {"post", "similarity", "channel"} for post in entry["evidence"])
    assert (demo_home / "snapshots" / document["snapshot"]).is_dir()


def test_a_batch_file_keeps_the_order_and_says_what_it_could_not_read(hashtag, demo, demo_home, tmp_path):
    rows = [
        ["image", "text", "hashtags"],
        ["new/cat.jpg", "", "ignored"],
        ["new/none.jpg", "a photo that is missing", ""],
        ["", "espresso", ""],
        ["posts.csv", "no photo at all", ""],
        ["", "", ""],
    ]
    posts, out = tmp_path / "new.csv", tmp_path / "out.jsonl"
    with posts.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    ran = hashtag("suggest", "--batch", posts, "--images", demo, "--home", demo_home, "--out", out, "--count", 4)
    assert ran.code == 0, ran.err
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [len(line["hashtags"]) for line in lines] == [4, 0, 4, 0, 4]
    assert "missing" in lines[1]["error"] and "not a photo" in lines[3]["error"]
    assert "error" not in lines[0]
    assert "cat" in {normalise_hashtag(entry["hashtag"]) for entry in lines[0]["hashtags"]}
    assert "3 of 5 posts answered" in ran.out
    assert "2 posts could not be read" in ran.out
    assert "1 of them: no post of the archive votes" in ran.out
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "no photo and no caption"),
        (["photo.jpg", "--out", "x.jsonl"], "--out belongs to --batch"),
        (["--text", "x", "--images", "."], "--images belongs to --batch"),
        (["--text", "#cafe"], "more than hashtags"),
        (["--batch", "x.csv"], "--batch needs --out"),
        (["photo.jpg", "--batch", "x.csv", "--out", "y"], "leave PHOTO"),
        (["--batch", "gone.csv", "--out", "y"], "gone.csv does not exist"),
        (["gone.jpg"], "there is no photo gone.jpg; a caption is given with --text"),
    ],
)
def test_contradictions_end_with_one_line(hashtag, demo_home, words, complaint):
    ran = hashtag("suggest", *words, "--home", demo_home)
    assert ran.code == 2
    assert complaint in ran.err
    assert len(ran.err.strip().splitlines()) == 1


def test_an_out_file_that_cannot_be_written_is_named(hashtag, demo_home, tmp_path):
    (tmp_path / "posts.csv").write_text("text\nespresso\n")
    ran = hashtag(
        "suggest", "--batch", tmp_path / "posts.csv", "--out", tmp_path / "no" / "out.jsonl", "--home", demo_home
    )
    assert (ran.code, "cannot be written" in ran.err) == (2, True)


@pytest.fixture
def text_home(hashtag, tmp_path):
    (tmp_path / "text.csv").write_text("id,text,hashtags\n1,\x1b[31mred [bold]espresso\u202e,coffee\n")
    assert hashtag("index", "build", tmp_path / "text.csv", "--home", tmp_path / "text").code == 0
    return tmp_path / "text"


def test_a_photo_that_nothing_is_compared_with_is_looked_at_all_the_same(hashtag, demo, text_home):
    ran = hashtag("suggest", demo / "posts.csv", "--text", "espresso", "--home", text_home)
    assert (ran.code, "not a photo" in ran.err) == (2, True)
    ran = hashtag("suggest", demo / "new" / "cat.jpg", "--text", "espresso", "--home", text_home)
    assert (ran.code, "the archive has no photos" in ran.err) == (0, True)


def test_captions_cannot_write_all_over_the_terminal(hashtag, text_home):
    ran = hashtag("suggest", "--text", "espresso", "--home", text_home, "--explain")
    assert "red [bold]espresso" in ran.out
    assert "\x1b" not in ran.out and "\u202e" not in ran.out


def test_an_archive_of_hashtags_alone_gives_the_most_used(hashtag, tmp_path):
    (tmp_path / "posts.csv").write_text("id,text\n1,#coffee #cafe\n2,#coffee\n")
    assert hashtag("index", "build", tmp_path / "posts.csv", "--home", tmp_path / "home").code == 0
    ran = hashtag("suggest", "--text", "coffee", "--home", tmp_path / "home")
    assert ran.out.splitlines()[-1] == "#coffee #cafe"
    assert "most used" in ran.err


def test_the_file_of_new_posts_is_not_overwritten(hashtag, demo_home, tmp_path):
    posts, kept, link = tmp_path / "posts.csv", tmp_path / "kept.jsonl", tmp_path / "link.jsonl"
    posts.write_text("text\nespresso\n")
    ran = hashtag("suggest", "--batch", posts, "--out", posts, "--home", demo_home)
    assert (ran.code, "would overwrite" in ran.err) == (2, True)
    link.symlink_to(kept)
    assert hashtag("suggest", "--batch", posts, "--out", link, "--home", demo_home).code == 0
    assert link.is_symlink() and len(kept.read_text(encoding="utf-8").splitlines()) == 1
    ran = hashtag("suggest", "--batch", posts, "--out", "/dev/null", "--home", demo_home)
    assert ran.code == 0 and Path("/dev/null").is_char_device()


def test_half_a_character_is_no_traceback(recommender):
    assert recommender.suggest(text="espresso \udce9").suggestions


def test_a_terminal_that_lacks_a_character_gets_another(demo, demo_home):
    """Korean Windows redirects in cp949, which has no ☕."""
    script = "from hashtag_recommender.cli import main; main()"
    words = ["suggest", demo / "new" / "coffee.jpg", "--home", demo_home, "--explain"]
    for json_option in ([], ["--json"]):
        ran = subprocess.run(
            [sys.executable, "-c", script, *map(str, words), *json_option],
            env={**os.environ, "PYTHONIOENCODING": "cp949"},
            capture_output=True,
            check=True,
        )
        assert "카페" in (ran.stdout.decode("cp949") if not json_option else str(json.loads(ran.stdout)))


def test_asked_anew_after_a_build_the_new_posts_answer(hashtag, demo, tmp_path):
    """A hashtag works the day it appears."""
    home, posts = tmp_path / "home", tmp_path / "posts.csv"
    old = (demo / "posts.csv").read_text(encoding="utf-8")
    for content in (old, old + "999,,a zeppelin over the lake,zeppelin luftschiff,\n"):
        posts.write_text(content, encoding="utf-8")
        assert hashtag("index", "build", posts, "--images", demo, "--home", home, "--encoders", "compact").code == 0
    answer = open_recommender(home).suggest(text="zeppelin")
    assert tags(answer) >= {"zeppelin", "luftschiff"}
    assert Path(answer.suggestions[0].evidence[0].post).name == "999"


def test_the_clip_profile_goes_all_the_way(hashtag, demo, clip_folder, sentence_folder, tmp_path, monkeypatch):
    """Tiny checkpoints through the very code that loads the real ones."""
    home = tmp_path / "home"
    models = ["--image-model", clip_folder, "--sentence-model", sentence_folder]
    ran = hashtag("index", "build", demo / "posts.csv", "--home", home, "--encoders", "clip", *models)
    assert ran.code == 0, ran.err
    info = json.loads(hashtag("index", "info", "--home", home, "--json").out)
    kinds = [record["spec"]["kind"] for record in info["channels"]]
    assert kinds == ["open_clip", "open_clip_text", "sentence", "ngrams"]
    answer = open_recommender(home).suggest(demo / "photos" / "003.jpg", "밤 열 시만 되면 이 눈빛")
    assert {neighbour.post for s in answer.suggestions for neighbour in s.evidence} >= {"003"}
    monkeypatch.chdir(clip_folder.parent)  # another spelling of the same folder is the same encoder
    models = ["--image-model", clip_folder.name, "--sentence-model", sentence_folder]
    ran = hashtag("index", "build", demo / "posts.csv", "--home", home, "--encoders", "clip", *models)
    assert "nothing changed" in ran.out
    ran = hashtag("index", "build", demo / "posts.csv", "--home", home, "--encoders", "clip")
    assert (ran.code, "hashtag models pull clip" in ran.err) == (2, True)
    ran = hashtag("index", "build", demo / "posts.csv", "--home", home, "--encoders", "compact", *models)
    assert (ran.code, "compact encoders are fixed" in ran.err) == (2, True)
    assert open_recommender(home).snapshot == answer.snapshot
