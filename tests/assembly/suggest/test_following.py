"""A recommender that lives long answers from what is published while it does."""

import shutil
import threading
from pathlib import Path

import pytest

from hashtag_recommender import SuggestOptions, follow_recommender
from hashtag_recommender.assembly import add_post, build_index, read_posts, rule_store
from hashtag_recommender.assembly import home as home_module
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.assembly.suggest import following
from hashtag_recommender.assembly.suggest import recommender as opening
from hashtag_recommender.core.query import Query
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.index.snapshots.retention import collect
from hashtag_recommender.index.snapshots.snapshot import CURRENT, serving_name, writing

HEADER = "id,text,hashtags\n"
OLD, NEW = "1,cat on the sofa,cat\n", "2,a zeppelin over the lake,zeppelin\n"


def build(home, posts):
    source = home.with_suffix(".csv")
    source.write_text(HEADER + posts)
    return build_index(Home(Settings(home, encoders="compact")), read_posts(source, source="posts")).manifest.snapshot


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    home = tmp_path_factory.mktemp("following") / "home"
    build(home, OLD)
    return home


@pytest.fixture
def home(once, tmp_path, monkeypatch):
    monkeypatch.setattr(following, "_EVERY", 0)
    return Path(shutil.copytree(once, tmp_path / "home"))


def tags(recommender):
    return {
        s.hashtag
        for s in recommender.suggest(text="a zeppelin over the lake", options=SuggestOptions(count=9)).suggestions
    }


def test_it_goes_on_to_a_new_snapshot_and_lets_the_old_one_go(home):
    with follow_recommender(home) as recommender:
        before = recommender.snapshot
        assert tags(recommender) == {"cat"}
        after = build(home, OLD + NEW)
        assert tags(recommender) == {"cat", "zeppelin"} and recommender.snapshot == after
        assert recommender.suggest_batch([Query("zeppelin")], SuggestOptions(count=1))[0].snapshot == after
        with writing(home):
            assert collect(home, serving_name(home), 1).removed == [before]
        assert tags(recommender) == {"cat", "zeppelin"}


def test_it_holds_what_it_has_open(home, monkeypatch):
    monkeypatch.setattr(following, "_EVERY", 60)
    with follow_recommender(home) as recommender:
        build(home, OLD + NEW)
        assert tags(recommender) == {"cat"}, "it does not look more often than that"
        with writing(home):
            assert collect(home, serving_name(home), 1).removed == []


def test_it_takes_up_rules_and_added_posts_but_not_every_write(home, monkeypatch):
    opened = []
    plain = opening.recommender_of
    monkeypatch.setattr(following, "recommender_of", lambda *given: opened.append(1) or plain(*given))
    recommender = follow_recommender(home)
    for _ in range(3):
        assert tags(recommender) == {"cat"}
    add_post(Home(Settings(home)), (), "a zeppelin over the lake", "zeppelin")
    assert tags(recommender) == {"cat", "zeppelin"}
    with rule_store(Home(Settings(home))) as book:
        book.block("cat")
    assert tags(recommender) == {"zeppelin"}
    assert len(opened) == 3


def test_encoders_are_opened_once(home, monkeypatch):
    opened = []
    plain = home_module._open_encoder
    monkeypatch.setattr(home_module, "_open_encoder", lambda *given: opened.append(given[0].channel) or plain(*given))
    recommender = follow_recommender(home)
    build(home, OLD + NEW)
    tags(recommender)
    assert sorted(opened) == ["lexical", "multilingual", "sentence"]


def test_where_the_new_one_is_damaged_the_old_one_answers_on_and_says_so(home):
    recommender = follow_recommender(home)
    before, after = recommender.snapshot, build(home, OLD + NEW)
    (home / "snapshots" / after / "posts.jsonl").unlink()
    assert tags(recommender) == {"cat"} and recommender.snapshot == before
    assert f"{after}/posts.jsonl is missing" in recommender.notes[0] and before in recommender.notes[0]
    build(home, OLD + NEW)
    assert tags(recommender) == {"cat", "zeppelin"} and recommender.notes == ()


def test_where_nothing_is_left_it_answers_on(home):
    recommender = follow_recommender(home)
    current = (home / CURRENT).read_bytes()
    (home / CURRENT).write_bytes(b"none\n")
    assert tags(recommender) == {"cat"}
    assert "no index in" in recommender.notes[0] and "continues to answer" in recommender.notes[0]
    (home / CURRENT).write_bytes(current)
    assert tags(recommender) == {"cat"} and recommender.notes == ()


def test_threads_are_answered_while_one_opens(home, monkeypatch):
    recommender = follow_recommender(home)
    build(home, OLD + NEW)
    opening_, go_on = threading.Event(), threading.Event()
    plain = opening.recommender_of

    def slowly(*given):
        opening_.set()
        assert go_on.wait(30)
        return plain(*given)

    monkeypatch.setattr(following, "recommender_of", slowly)
    told = []
    thread = threading.Thread(target=lambda: told.append(tags(recommender)))
    thread.start()
    assert opening_.wait(30)
    assert tags(recommender) == {"cat"}
    go_on.set()
    thread.join()
    assert told == [{"cat", "zeppelin"}]


def test_rules_and_posts_stay_while_the_database_is_gone(home):
    with follow_recommender(home) as recommender:
        with rule_store(Home(Settings(home))) as rules:
            rules.block("cat")
        assert "cat" not in tags(recommender)
        aside = home.with_name("aside")
        aside.mkdir()
        for file in home.glob("hashtag.sqlite*"):
            file.rename(aside / file.name)
        assert "cat" not in tags(recommender)
        assert any("is gone" in note for note in recommender.notes)
        for file in aside.iterdir():
            file.rename(home / file.name)
        assert "cat" not in tags(recommender)
        assert not any("is gone" in note for note in recommender.notes)
