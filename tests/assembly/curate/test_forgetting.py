"""Authors who are forgotten."""

import json
from pathlib import Path

from hashtag_recommender import open_recommender

from ..conftest import CAT, make_rows, refused, tags, write_rows


def found_in(home, *texts):
    """Which texts stand in any file of a home, in UTF-8 or escaped as in JSON."""
    written = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    return {text for text in texts if text.encode() in written or json.dumps(text)[1:-1].encode() in written}


def test_a_forgotten_author_is_gone_for_good(hashtag, copy, ask, rebuild):
    rows = [*make_rows(60, 2), ["900", "secretive zanzibar evening", "zonly daily", "Zoë", "2024-01-01"]]
    for count in (1, 2, 3):  # so that several snapshots hold it
        rebuild(copy, [*rows, [f"90{count}", f"zanzibar again {count}", "daily", "Zoë", ""]])
    hashtag("posts", "add", "--text", "zanzibar once more", "--hashtags", "zonly", "--author", "Zoë", "--home", copy)
    told = ("Zoë", "zanzibar", "zonly")
    assert found_in(copy, *told) == set(told)
    ran = hashtag("posts", "forget", "--author", "Zoë", "--home", copy, "--json")
    assert ran.code == 0, ran.err
    forgotten = json.loads(ran.out)
    assert forgotten["posts"] == 5, "those that the source holds no more and those added included"
    assert found_in(copy, *told) == set()
    assert [path.name for path in (copy / "snapshots").iterdir()] == [forgotten["snapshot"]]
    assert "zonly" not in tags(ask(copy, "zanzibar", "--count", 30))
    assert hashtag("index", "verify", "--home", copy).code == 0

    report = rebuild(copy, rows)
    assert report["rejected"] == 1
    assert "901,its author was forgotten" not in Path(report["rejects"]).read_text(encoding="utf-8")
    assert "61,its author was forgotten" in Path(report["rejects"]).read_text(encoding="utf-8")
    assert found_in(copy, *told) == set()
    ran = hashtag("posts", "add", "--text", "zanzibar", "--hashtags", "x", "--author", "Zoë", "--home", copy)
    assert refused(ran, "its author was forgotten")
    assert found_in(copy, *told) == set()


def test_an_author_nobody_knows_is_not_forgotten(hashtag, copy):
    before = open_recommender(copy).snapshot
    assert refused(hashtag("posts", "forget", "--author", "nobody", "--home", copy), "no post of an author 'nobody'")
    assert open_recommender(copy).snapshot == before


def test_forgetting_the_only_author_leaves_no_index(hashtag, rebuild, tmp_path):
    home = tmp_path / "home"
    rebuild(home, [["1", "zanzibar", "zonly", "Zoë", ""], ["2", "nothing to learn from", "", "", ""]])
    ran = hashtag("posts", "forget", "--author", "Zoë", "--home", home)
    assert (ran.code, "no index is left" in ran.out) == (0, True)
    assert found_in(home, "zanzibar", "zonly", "Zoë") == set()
    assert refused(hashtag("suggest", "--text", "zanzibar", "--home", home), "no index in")


def test_forgetting_finishes_what_a_build_left_undone(hashtag, copy, ask, rebuild, monkeypatch):
    """A build is stopped between reading the source and encoding it; the index without the author holds its posts."""
    from hashtag_recommender.assembly.refresh import build as build_module

    def stop(*_):
        raise KeyboardInterrupt

    rows = [*make_rows(60, 2), ["900", "a zeppelin over the lake", "zeppelin", "", ""]]
    with monkeypatch.context() as patch:
        patch.setattr(build_module, "embed", stop)
        source = write_rows(copy.parent / "again.csv", rows)
        ran = hashtag("index", "build", source, "--source", "posts", "--home", copy, "--encoders", "compact")
        assert ran.code == 130
    assert hashtag("posts", "forget", "--author", "mina", "--home", copy).code == 0
    entry = ask(copy, "a zeppelin over the lake")["hashtags"][0]
    assert entry["hashtag"] == "zeppelin"
    assert "sentence" in {seen["channel"] for seen in entry["evidence"]}


def test_an_index_that_is_open_answers_on_while_its_snapshot_is_deleted(copy, hashtag):
    recommender = open_recommender(copy)
    before = recommender.suggest(text=CAT)
    assert hashtag("posts", "forget", "--author", "mina", "--home", copy).code == 0
    assert recommender.suggest(text=CAT) == before
    assert open_recommender(copy).snapshot != before.snapshot
