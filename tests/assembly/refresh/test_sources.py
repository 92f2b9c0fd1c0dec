"""Sources that are remembered, removed, or told without being read."""

import json

from .conftest import make_rows, serving, write_rows


def test_a_build_remembers_how_its_source_is_read(hashtag, tmp_path):
    (tmp_path / "photos").mkdir()
    path = tmp_path / "글.csv"
    path.write_text("who,Contents,tags\n1,카페에서,카페\n", encoding="cp949")
    home = tmp_path / "home"
    options = ["--images", tmp_path / "photos", "--source", "mine", "--encoding", "cp949", "--id-column", "who"]
    assert hashtag("index", "build", path, "--home", home, "--encoders", "compact", *options).code == 0
    (known,) = json.loads(hashtag("sources", "list", "--home", home, "--json").out)
    assert known == {
        "name": "mine",
        "location": str(path),
        "images": str(tmp_path / "photos"),
        "encoding": "cp949",
        "query": None,
        "columns": {"post_id": "who"},
        "posts": 1,
        "leaves_at": None,
    }
    path.write_text("who,Contents,tags\n1,카페에서,카페\n2,책방에서,책\n", encoding="cp949")
    report = json.loads(hashtag("index", "refresh", "--home", home, "--json").out)
    assert (report["outcome"], report["posts"]) == ("published", 2)


def test_sources_told_first_are_built_by_the_first_refresh(hashtag, tmp_path, source, monkeypatch):
    monkeypatch.setenv("HASHTAG_ENCODERS", "compact")
    home = tmp_path / "new"
    assert "every `hashtag index refresh`" in hashtag("sources", "add", source, "--home", home).out
    report = json.loads(hashtag("index", "refresh", "--home", home, "--json").out)
    assert (report["outcome"], report["posts"]) == ("published", 60)
    assert report["learned"] == "weights trained again: no undamaged snapshot is in service"
    assert hashtag("index", "refresh", "--home", tmp_path / "nowhere").code == 2


def test_a_removed_source_leaves_with_the_next_refresh_and_is_no_shrinking(hashtag, refresh, home, source, tmp_path):
    other = write_rows(tmp_path / "other.csv", make_rows(10, seed=9))
    assert hashtag("index", "build", other, "--home", home, "--encoders", "compact").code == 0
    ran = hashtag("sources", "remove", source, "--home", home)
    assert ran.code == 0 and "the next `hashtag index refresh` removes its 60 posts" in ran.out
    assert "the next refresh removes them" in hashtag("sources", "list", "--home", home).out
    code, report, _ = refresh()
    assert (code, report["posts"]) == (0, 10)
    assert str(source) not in hashtag("sources", "list", "--home", home).out
    assert hashtag("sources", "remove", source, "--home", home).code == 2


def test_a_source_is_removed_by_the_path_it_was_added_by(hashtag, home, source, monkeypatch):
    monkeypatch.chdir(source.parent)
    ran = hashtag("sources", "remove", source.name, "--home", home)
    assert ran.code == 0 and "removes its 60 posts" in ran.out


def test_without_any_source_there_is_nothing_to_refresh(hashtag, refresh, home, source, tmp_path):
    before = serving(home)
    assert hashtag("sources", "remove", source, "--home", home).code == 0
    code, report, err = refresh()
    assert (code, serving(home)) == (3, before)
    assert "every source was removed" in report["reason"] and "hashtag sources add" in err
    empty = tmp_path / "empty"
    empty.mkdir()
    ran = hashtag("index", "refresh", "--home", empty)
    assert ran.code == 2 and "no source is known; name one with" in " ".join(ran.err.split())


def test_a_source_can_leave_its_posts_behind(hashtag, refresh, home, source):
    assert "60 posts stay" in hashtag("sources", "remove", source, "--keep-posts", "--home", home).out
    source.unlink()
    code, report, err = refresh()
    assert (code, report["outcome"], report["posts"]) == (0, "unchanged", 60)
    assert any("stay as they are" in note for note in report["notes"])
    assert "read from  not known" in hashtag("sources", "list", "--home", home).out


def test_a_query_is_remembered_and_asked_again_without_its_password(hashtag, tmp_path):
    import sqlite3

    database = sqlite3.connect(tmp_path / "blog.sqlite")
    database.execute("CREATE TABLE post (id TEXT, text TEXT, tags TEXT)")
    database.execute("INSERT INTO post VALUES ('1', 'a cat', 'cat')")
    database.commit()
    home, url = tmp_path / "home", f"sqlite:///{tmp_path / 'blog.sqlite'}"
    query = "SELECT id, text, tags AS hashtags FROM post"
    options = ["--query", query, "--source", "blog", "--home", home, "--encoders", "compact"]
    assert hashtag("index", "build", url, *options).code == 0
    database.execute("INSERT INTO post VALUES ('2', 'a dog', 'dog')")
    database.commit()
    database.close()
    report = json.loads(hashtag("index", "refresh", "--home", home, "--json").out)
    assert (report["outcome"], report["posts"]) == ("published", 2)
    (known,) = json.loads(hashtag("sources", "list", "--home", home, "--json").out)
    assert (known["location"], known["query"], known["images"]) == (url, query, str(tmp_path))
