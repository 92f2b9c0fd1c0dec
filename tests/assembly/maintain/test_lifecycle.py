"""The life of an index as its keeper sees it: damage, going back, clearing away, history. Captions only."""

import errno
import json
import os
import re
import shutil
from pathlib import Path

import pytest
from rich.cells import cell_len

from hashtag_recommender import open_recommender
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.core import durable
from hashtag_recommender.db.engine import default_url
from hashtag_recommender.db.store import open_store
from hashtag_recommender.index.snapshots import build as build_module
from hashtag_recommender.index.snapshots.history import read_history
from hashtag_recommender.index.snapshots.snapshot import serving_name, writing

HEADER = "id,text,hashtags,author\n"
POSTS = ["1,cat on the sofa,cat,mina\n", "2,라떼 한 잔,카페 라떼,\n", "3,espresso at noon,coffee,\n"]
MORE = "4,a zeppelin over the lake,zeppelin,\n"


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """A home with two snapshots, the second with one post more. Not to be written to."""
    from hashtag_recommender.assembly import build_index, read_posts
    from hashtag_recommender.core.settings import Settings

    folder = tmp_path_factory.mktemp("lifecycle")
    for posts in (POSTS, [*POSTS, MORE]):
        (folder / "posts.csv").write_text(HEADER + "".join(posts), encoding="utf-8")
        build_index(
            Home(Settings(folder / "home", encoders="compact")), read_posts(folder / "posts.csv", source="posts")
        )
    return folder


@pytest.fixture
def home(once, tmp_path):
    return Path(shutil.copytree(once / "home", tmp_path / "home"))


@pytest.fixture
def rebuild(hashtag, home, tmp_path):
    def run(*posts):
        (tmp_path / "posts.csv").write_text(HEADER + "".join(posts), encoding="utf-8")
        words = ["index", "build", tmp_path / "posts.csv", "--home", home, "--encoders", "compact", "--source", "posts"]
        return hashtag(*words, "--json")

    return run


def snapshots(home):
    return sorted(path.name for path in (home / "snapshots").iterdir())


def harm(home):
    (home / "snapshots" / serving_name(home) / "hashtags.utf8").write_text("{}")


def test_a_damaged_index_lets_the_one_before_answer_and_says_so(hashtag, home):
    first, second = snapshots(home)
    assert open_recommender(home).notes == ()
    harm(home)
    for words in (["suggest", "--text", "a cat"], ["index", "info"]):
        ran = hashtag(*words, "--home", home, "--json")
        assert ran.code == 0
        assert json.loads(ran.out)["snapshot"] == first
        assert f"{second}/hashtags.utf8 has 2 bytes" in (ran.err or ran.out) and f"{first} answers" in (
            ran.err or ran.out
        )
    ran = hashtag("index", "info", "--home", home)
    assert "note:" in ran.err and first in ran.out
    ran = hashtag("index", "verify", "--home", home)
    assert (ran.code, "hashtags.utf8" in ran.out, f"{first} answers until then" in ran.err) == (1, True, True)


def test_where_none_is_whole_the_file_is_named(hashtag, home):
    for folder in (home / "snapshots").iterdir():
        (folder / "posts.jsonl").unlink()
    ran = hashtag("suggest", "--text", "a cat", "--home", home)
    assert (ran.code, f"{serving_name(home)}/posts.jsonl is missing" in ran.err) == (2, True)


def test_after_a_rollback_the_same_posts_do_not_undo_it_but_others_do(hashtag, home, rebuild):
    first, second = snapshots(home)
    ran = hashtag("index", "rollback", "--home", home)
    assert ran.code == 0 and f"{first} is in service now, instead of {second}" in ran.out
    assert not open_recommender(home).knows("zeppelin")
    ran = hashtag("index", "verify", "--home", home)
    assert (ran.code, f"the posts of {second}, which was rolled back" in ran.err) == (0, True)
    built = json.loads(rebuild(*POSTS, MORE).out)
    assert (built["published"], built["snapshot"]) == (False, first)
    assert f"a new index would be the same as {second}, which was rolled back" in built["notes"][0]
    built = json.loads(rebuild(*POSTS, MORE, "5,one more,more,\n").out)
    assert built["published"] and built["notes"] == []
    ran = hashtag("index", "rollback", second, "--home", home, "--json")
    assert json.loads(ran.out) == {"before": built["snapshot"], "after": second, "skipped": []}
    assert open_recommender(home).knows("zeppelin")
    assert hashtag("index", "rollback", "snap-none", "--home", home).code == 2


def test_a_build_that_was_stopped_is_no_damage(hashtag, home, rebuild, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(build_module, "publish", stop)
        assert rebuild(*POSTS[1:], MORE, "5,one more,more,\n", "6,and more,more,\n").code == 130
    ran = hashtag("index", "verify", "--home", home, "--json")
    note = (
        "the database is newer than the index: 2 posts new and 1 post gone; what is gone is still used; "
        "run `hashtag index refresh`"
    )
    assert (ran.code, json.loads(ran.out)) == (0, {"ok": True, "problems": [], "notes": [note]})
    assert read_history(home)[-1].outcome == "failed" and read_history(home)[-1].reason == "stopped"
    assert rebuild(*POSTS, MORE).code == 0
    ran = hashtag("index", "verify", "--home", home)
    assert (ran.code, ran.out, ran.err) == (0, "the index is sound\n", "")


def test_forgetting_that_was_killed_is_to_be_done_again(hashtag, home):
    with (home / "history.jsonl").open("a") as file:
        file.write('{"run": "1", "command": "posts forget", "started": "2026-01-01T00:00:00+00:00"}\n')
    assert "`hashtag posts forget` was killed" in hashtag("index", "verify", "--home", home).err
    assert hashtag("posts", "forget", "--author", "mina", "--home", home).code == 0
    ran = hashtag("index", "verify", "--home", home)
    assert (ran.code, ran.err) == (0, "")
    forgotten = read_history(home)[-1]
    assert (forgotten.command, forgotten.outcome, forgotten.counts) == ("posts forget", "published", {"removed": 1})
    assert hashtag("posts", "forget", "--author", "nobody", "--home", home).code == 2
    assert b"nobody" not in (home / "history.jsonl").read_bytes()


def test_gc_says_what_is_kept_and_why(hashtag, home):
    first, second = snapshots(home)
    assert hashtag("index", "rollback", "--home", home).code == 0
    rolled_back = "rolled back: without it, the next build of the same posts would publish them again"
    ran = hashtag("index", "gc", "--keep", 1, "--home", home)
    assert ran.out.splitlines() == [f"kept    {second}: {rolled_back}", f"kept    {first}: in service"]
    with open_recommender(home) as recommender:
        assert hashtag("index", "rollback", second, "--home", home).code == 0
        ran = hashtag("index", "gc", "--keep", 1, "--home", home)
        assert ran.out.splitlines() == [
            f"kept    {second}: in service",
            f"kept    {first}: open in another process",
        ]
        assert recommender.suggest(text="zeppelin").suggestions
    ran = hashtag("index", "gc", "--keep", 1, "--home", home, "--json")
    assert json.loads(ran.out) == {"kept": {second: "in service"}, "removed": [first]}
    assert hashtag("index", "gc", "--keep", 0, "--home", home).code == 2
    (home / "snapshots" / "snap-20200101-000000-aaaaaa.partial").mkdir()
    ran = hashtag("index", "gc", "--home", home)
    assert "removed snap-20200101-000000-aaaaaa.partial" in ran.out


def test_the_history_tells_runs_and_snapshots(hashtag, home, rebuild, terminal):
    assert rebuild("1,no hashtag,,\n").code == 2
    assert hashtag("index", "rollback", "--home", home).code == 0
    first, second = snapshots(home)
    told = json.loads(hashtag("index", "history", "--home", home, "--json").out)
    assert [run["outcome"] for run in told["runs"]] == ["rolled back", "failed", "published", "published"]
    assert told["runs"][0]["command"] == "index rollback"
    assert (told["runs"][0]["before"], told["runs"][0]["after"]) == (second, first)
    assert told["runs"][1]["reason"].endswith("name the column that holds them with --hashtags-column")
    counts = {"added": 1, "updated": 0, "removed": 0, "unchanged": 3, "rejected": 0, "incomplete": 0}
    assert told["runs"][2]["counts"] == counts | {"embedded": {"image": 0, "sentence": 1, "multilingual": 1}}
    states = [(kept["snapshot"], kept["state"], kept["posts"]) for kept in told["snapshots"]]
    assert states == [(second, "rolled back", 4), (first, "serving", 3)]
    ran = hashtag("index", "history", "--home", home)
    assert ran.code == 0 and re.search(r"index rollback {2}rolled back {2,}\d", ran.out)
    assert all(cell_len(line.rstrip()) <= 80 for line in ran.out.splitlines()), ran.out
    assert len(json.loads(hashtag("index", "history", "-n", 2, "--home", home, "--json").out)["runs"]) == 2


def test_a_busy_home_has_an_exit_code_of_its_own(hashtag, home, rebuild):
    with writing(home, "index build"):
        for words in (["index", "rollback"], ["index", "gc"], ["posts", "forget", "--author", "mina"]):
            ran = hashtag(*words, "--home", home)
            assert (ran.code, f"`index build`, process {os.getpid()} on" in ran.err) == (4, True)
        assert rebuild(*POSTS).code == 4
        assert hashtag("suggest", "--text", "a cat", "--home", home).code == 0
        assert "running" not in hashtag("index", "history", "--home", home).out


@pytest.mark.parametrize("step", ["rename", "sync_tree", "write", "sync_folder"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_a_failing_disk_is_told_and_what_served_serves(hashtag, home, rebuild, monkeypatch, step, code):
    before, plain = serving_name(home), getattr(durable, step)

    def fail(*arguments):
        if any("snap" in str(argument) or "CURRENT" in str(argument) for argument in arguments):
            raise OSError(code, os.strerror(code))
        return plain(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(durable, step, fail)
        ran = rebuild(*POSTS, MORE, "5,one more,more,\n")
    assert ran.code == 2 and f"cannot be written ({os.strerror(code)}); see that its disk" in ran.err
    assert serving_name(home) == before and open_recommender(home).snapshot == before
    assert hashtag("index", "verify", "--home", home).code == 0
    assert read_history(home)[-1].outcome == "failed"
    assert json.loads(rebuild(*POSTS, MORE, "5,one more,more,\n").out)["published"]
    assert before in snapshots(home) and len(snapshots(home)) == 3


def test_an_upgrade_is_told_as_a_note(hashtag, home, monkeypatch):
    from alembic import command

    plain = command.upgrade
    (home / "hashtag.sqlite").unlink()
    with monkeypatch.context() as patch:
        patch.setattr(command, "upgrade", lambda config, _: plain(config, "0002_needs_0.1.0"))
        open_store(default_url(home)).close()
    ran = hashtag("tags", "list", "--home", home)
    assert ran.code == 0
    assert "note: database" in ran.err and "hashtag.sqlite.before-0002_needs_0.1.0" in ran.err
