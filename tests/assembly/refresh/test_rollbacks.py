"""What a rollback holds back, until when, and that no post that was removed serves on."""

import json

import pytest

from hashtag_recommender.assembly import open_recommender
from hashtag_recommender.index.snapshots.retention import snapshot_folders

from .conftest import HEADER, build, make_rows, serving, write_rows

ROLLED_BACK = "which was rolled back"
ZEPPELIN = ["z", "a zeppelin over the lake", "zeppelin"]


@pytest.fixture
def run(hashtag, home):
    def once(*words):
        ran = hashtag(*words, "--home", home)
        assert ran.code == 0, ran.err
        return ran

    return once


def newest(home):
    return snapshot_folders(home)[-1].name


def publish_more(refresh, home, source, rows):
    """Refresh the source with these rows; returns the snapshot before and the new one."""
    before = serving(home)
    write_rows(source, rows)
    assert refresh()[1]["outcome"] == "published"
    return before, serving(home)


def test_a_source_that_was_removed_leaves_though_its_index_would_be_one_that_was_rolled_back(
    run, refresh, home, tmp_path
):
    blimps = write_rows(tmp_path / "blimps.csv", [ZEPPELIN, ["y", "a zeppelin at dawn", "zeppelin dawn"]])
    run("posts", "add", "--text", "sourdough at noon", "--hashtags", "bread noon")
    assert refresh()[1]["outcome"] == "published"
    rolled_back = serving(home)
    run("index", "rollback")
    run("sources", "add", blimps)
    assert refresh()[1]["outcome"] == "published"
    assert open_recommender(home).knows("zeppelin")
    run("sources", "remove", blimps)
    planned = refresh("--dry-run")[1]
    assert planned["learned"].startswith("weights would be kept") and planned["notes"] == []
    ran = run("index", "refresh")
    assert "2 removed" in ran.out and "published snap-" in ran.out and ROLLED_BACK not in ran.out + ran.err
    assert serving(home) == newest(home) != rolled_back
    recommender = open_recommender(home)
    assert recommender.knows("noon") and not recommender.knows("zeppelin") and not recommender.knows("dawn")
    assert run("index", "verify").err == ""
    assert refresh()[1]["outcome"] == "unchanged"


def test_a_rollback_holds_and_refresh_and_dry_run_and_verify_say_so(run, refresh, home, source):
    first, second = publish_more(refresh, home, source, [*make_rows(60), ZEPPELIN])
    assert f"or if {first} still has posts that were removed" in run("index", "rollback").out
    told = f"{ROLLED_BACK}: {first} stays in service until a different index is published"
    for _ in range(2):
        planned = refresh("--dry-run")[1]
        assert planned["learned"] is None
        code, report, _ = refresh()
        assert (code, report["outcome"], serving(home)) == (0, "unchanged", first)
        for notes in (planned["notes"], report["notes"]):
            assert notes == [
                f"a new index would be the same as {second}, {told}; "
                f"to serve {second} again, run `hashtag index rollback {second}`"
            ]
        ran = run("index", "verify")
        assert f"the database holds the posts of {second}, {told}" in ran.err and "is sound" in ran.out
    assert not open_recommender(home).knows("zeppelin")
    write_rows(source, [*make_rows(60), ZEPPELIN, ["x", "one more", "more"]])
    assert refresh()[1]["outcome"] == "published"
    assert open_recommender(home).knows("zeppelin") and run("index", "verify").err == ""


def test_it_is_no_contradiction_that_a_post_is_removed_and_no_index_published(run, refresh, home, source):
    first, _ = publish_more(refresh, home, source, [*make_rows(60), ZEPPELIN])
    run("index", "rollback")
    write_rows(source, make_rows(60))
    assert refresh("--dry-run")[1]["learned"] is None
    ran = run("index", "refresh")
    assert "1 removed" in ran.out and f"no new index to publish; still serving {first}" in ran.out
    assert run("index", "verify").err == ""
    write_rows(source, [*make_rows(60), ZEPPELIN])
    planned, report = refresh("--dry-run")[1], refresh()[1]
    assert planned["learned"] is None and report["outcome"] == "unchanged"
    assert planned["notes"] == report["notes"] and ROLLED_BACK in report["notes"][0]


def test_a_rollback_brings_no_removed_post_back_for_longer_than_to_the_next_refresh(run, refresh, home, source):
    write_rows(source, [*make_rows(60), ZEPPELIN])
    refresh()
    first, second = publish_more(refresh, home, source, make_rows(60))
    run("index", "rollback")
    assert open_recommender(home).knows("zeppelin")
    assert "1 post gone; what is gone is still used" in run("index", "verify").err
    assert refresh("--dry-run")[1]["learned"] is not None
    report = refresh()[1]
    assert (report["outcome"], report["notes"]) == ("published", [])
    assert serving(home) not in (first, second) and not open_recommender(home).knows("zeppelin")
    assert run("index", "verify").err == ""


def test_a_build_of_the_same_posts_does_not_undo_a_rollback_whatever_was_carried_over(
    hashtag, run, refresh, home, source
):
    first, second = publish_more(refresh, home, source, [*make_rows(60), ZEPPELIN])
    run("index", "rollback")
    ran = hashtag("index", "build", source, "--home", home, "--encoders", "compact", "--json")
    built = json.loads(ran.out)
    assert (built["published"], built["snapshot"]) == (False, first)
    assert f"a new index would be the same as {second}, {ROLLED_BACK}" in built["notes"][0]


def test_a_rolled_back_index_that_was_harmed_is_held_back_all_the_same(run, refresh, home, source):
    first, second = publish_more(refresh, home, source, [*make_rows(60), ZEPPELIN])
    run("index", "rollback")
    (home / "snapshots" / second / "posts.jsonl").unlink()
    assert (refresh()[1]["outcome"], serving(home)) == ("unchanged", first)


def test_forgetting_publishes_whatever_was_rolled_back(hashtag, refresh, tmp_path):
    rows = [[*row, "mina" if row[0] in ("1", "2", "3") else ""] for row in make_rows(30)]
    source, home = tmp_path / "by.csv", tmp_path / "by"

    def write(rows):
        write_rows(source, rows)
        text = source.read_text(encoding="utf-8")
        source.write_text(text.replace(",".join(HEADER), ",".join([*HEADER, "author"]), 1), encoding="utf-8")

    write(rows)
    build(home, source)
    write([row for row in rows if row[3] != "mina"])
    assert refresh("--allow-shrink", of=home)[1]["outcome"] == "published"
    without = serving(home)
    assert hashtag("index", "rollback", "--home", home).code == 0
    assert hashtag("posts", "forget", "--author", "mina", "--home", home).code == 0
    assert [folder.name for folder in snapshot_folders(home)] == [serving(home)] != [without]
    assert "mina" not in open_recommender(home)._archive.authors
    assert refresh(of=home)[1]["outcome"] == "unchanged"


def test_a_dry_run_says_that_every_source_was_removed(hashtag, refresh, home, source):
    assert hashtag("sources", "remove", source, "--home", home).code == 0
    planned, done = refresh("--dry-run"), refresh()
    assert (planned[0], planned[1]["reason"]) == (done[0], done[1]["reason"])
    assert planned[0] == 3 and "every source was removed" in planned[1]["reason"]


def test_a_source_that_was_removed_leaves_again_after_a_rollback_and_is_no_shrinking(run, refresh, home, tmp_path):
    blimps = write_rows(tmp_path / "blimps.csv", [ZEPPELIN])
    run("sources", "add", blimps)
    refresh()
    run("sources", "remove", blimps)
    assert refresh()[1]["outcome"] == "published"
    run("index", "rollback")
    assert open_recommender(home).knows("zeppelin")
    planned, (code, report, _) = refresh("--dry-run"), refresh()
    assert (planned[0], planned[1]["gates"]) == (0, [gate for gate in report["gates"] if gate["name"] == "shrink"])
    assert (code, report["outcome"]) == (0, "published") and not open_recommender(home).knows("zeppelin")


def test_a_dry_run_knows_of_posts_that_had_gone_before_the_rollback(run, refresh, home, source):
    write_rows(source, make_rows(20))
    assert refresh("--allow-shrink")[1]["outcome"] == "published"
    run("index", "rollback")
    planned, done = refresh("--dry-run"), refresh()
    assert planned[0] == done[0] == 3 and "40 of 60 posts in service are gone" in planned[1]["reason"]
    assert refresh("--allow-shrink")[1]["outcome"] == "published"
