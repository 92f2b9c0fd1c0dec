"""What a refresh refuses, and what it leaves when it is killed or its disk is full."""

import errno
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from hashtag_recommender.assembly import RefreshReport, refresh_index
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.core import durable
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.index.snapshots.snapshot import current_snapshot

from .conftest import build, contents, make_rows, serving, write_rows


def test_a_source_that_vanishes_keeps_the_index_and_the_others_go_on(hashtag, refresh, home, source, tmp_path):
    other = write_rows(tmp_path / "other.csv", [["1", "a zeppelin", "zeppelin"]])
    assert hashtag("sources", "add", other, "--home", home).code == 0
    assert refresh()[1]["posts"] == 61
    before = serving(home)
    source.rename(tmp_path / "away.csv")
    write_rows(other, [["1", "a zeppelin", "zeppelin"], ["2", "another", "zeppelin"]])
    code, report, err = refresh()
    assert (code, report["outcome"], serving(home)) == (3, "refused", before)
    assert "posts.csv does not exist" in report["reason"] and "posts.csv does not exist" in err
    by_name = {entry["name"]: entry for entry in report["sources"]}
    assert by_name[str(source)]["failed"] and by_name[str(other)]["added"] == 1
    (tmp_path / "away.csv").rename(source)
    code, report, _ = refresh()
    assert (code, report["outcome"], report["posts"]) == (0, "published", 62)


def test_a_half_written_file_is_left_until_it_is_whole(refresh, home, source):
    before, whole = serving(home), source.read_bytes()
    row = whole.rindex(b"\n", 0, -1) + 1
    for torn in (whole[: whole.index(b",", len(whole) // 2)], whole[: whole.index(b",", row)]):
        source.write_bytes(torn)
        for options in ((), ("--allow-shrink",), ("--dry-run",)):
            code, report, err = refresh(*options)
            assert (code, serving(home)) == (3, before)
            assert "looks half written" in err or "looks half written" in report["reason"]
    source.write_bytes(whole)
    assert refresh()[1]["outcome"] == "unchanged", "the database was left as it was"


def test_a_file_that_has_lost_its_second_half_is_refused_until_a_person_says_so(refresh, home, source):
    before, whole = serving(home), source.read_bytes()
    half = whole[: whole.index(b"\n", len(whole) // 2) + 1]
    source.write_bytes(half)
    for _ in range(2):
        code, report, err = refresh()
        assert (code, report["outcome"], serving(home)) == (3, "refused", before)
        assert "--allow-shrink" in err and not report["gates"][0]["passed"]
    source.write_bytes(whole)
    assert refresh()[1]["outcome"] == "unchanged", "the database was left as it was"
    source.write_bytes(half)
    code, report, _ = refresh("--allow-shrink")
    assert (code, report["outcome"]) == (0, "published")
    assert not next(gate for gate in report["gates"] if gate["name"] == "shrink")["passed"]


def test_a_source_that_fails_midway_leaves_nothing(refresh, home, source):
    before = serving(home)
    rows = make_rows(60)
    rows[0][1] = "changed before it fails"
    write_rows(source, [[*row[:2], ""] for row in rows])
    code, report, _ = refresh()
    assert (code, serving(home)) == (3, before)
    assert "carries a hashtag" in report["reason"]
    write_rows(source, make_rows(60))
    assert refresh()[1]["outcome"] == "unchanged"


@pytest.mark.parametrize("gate", ["checksums", "recall", "database"])
def test_a_snapshot_that_is_not_sound_never_serves(refresh, hashtag, home, source, monkeypatch, gate):
    before, sync_tree = serving(home), durable.sync_tree

    def sync_and_damage(folder):
        sync_tree(folder)
        with (folder / "posts.jsonl").open("r+b") as file:
            file.write(b"?")

    with monkeypatch.context() as patch:
        if gate == "checksums":
            patch.setattr(durable, "sync_tree", sync_and_damage)
        elif gate == "recall":
            patch.setattr("hashtag_recommender.assembly.refresh.checks.recall", lambda index, batches: 0.9)
        else:
            patch.setattr(
                "hashtag_recommender.assembly.refresh.checks.compare", lambda snapshot, store: ["posts differ"]
            )
        write_rows(source, make_rows(61))
        code, report, err = refresh()
    assert (code, report["outcome"]) == (3, "refused") and f"({gate})" in err
    assert [entry["name"] for entry in report["gates"] if not entry["passed"]] == [gate]
    assert serving(home) == before
    assert [path.name for path in (home / "snapshots").iterdir()] == [before]
    assert hashtag("index", "build", source, "--home", home, "--encoders", "compact").code == 0


def test_worse_quality_is_refused_by_night_and_told_by_day(hashtag, refresh, tmp_path):
    source = write_rows(tmp_path / "more.csv", make_rows(260))
    home = build(tmp_path / "better", source)
    before, rng = serving(home), np.random.default_rng(0)
    rows = make_rows(260)
    tags = rng.permutation([row[2] for row in rows])
    write_rows(source, [[*row[:2], tag] for row, tag in zip(rows, tags, strict=True)])
    code, report, _ = refresh(of=home)
    assert code == 3 and "(quality)" in report["reason"] and serving(home) == before
    ran = hashtag("index", "build", source, "--home", home, "--encoders", "compact")
    assert ran.code == 0 and "published, although it is worse: F1" in " ".join(ran.err.split())
    assert serving(home) != before


class Killed(BaseException):
    """What no program catches."""


@pytest.mark.parametrize("moment", ["save_vectors", "write", "sync_tree", "put_in_service", "let_go"])
def test_killed_and_run_again_it_ends_where_one_ends_that_was_never_killed(
    refresh, hashtag, home, source, tmp_path, monkeypatch, moment
):
    other = write_rows(tmp_path / "other.csv", [["1", "a zeppelin", "zeppelin"], ["2", "fog", "zeppelin"]])
    for command in ("add", "remove"):
        assert hashtag("sources", command, other, "--home", home).code == 0
        refresh() if command == "add" else None
    spared = Path(shutil.copytree(home, tmp_path / "spared"))
    write_rows(source, [*make_rows(60)[1:], ["new", "purring again", "kitten"]])
    place = {
        "save_vectors": "db.store.SqlPostStore.save_vectors",
        "write": "index.snapshots.archive.ArchiveWriter.write",
        "sync_tree": "core.durable.sync_tree",
        "put_in_service": "index.snapshots.snapshot.put_in_service",
        "let_go": "db.sources.SourceStore.let_go",
    }[moment]

    def kill(*_, **__):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(f"hashtag_recommender.{place}", kill)
        with pytest.raises(Killed):
            refresh_index(Home(Settings(home)))
    code, report, _ = refresh()
    assert code == 0
    assert refresh(of=spared)[0] == 0
    assert contents(home) == contents(spared) and current_snapshot(home).manifest.posts == 60
    assert [entry["name"] for entry in json.loads(hashtag("sources", "list", "--home", home, "--json").out)] == [
        str(source)
    ]


def test_a_full_disk_leaves_what_serves(hashtag, refresh, home, source, monkeypatch):
    before = serving(home)
    write_rows(source, make_rows(62))

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("hashtag_recommender.index.snapshots.archive.np.save", full)
        ran = hashtag("index", "refresh", "--home", home)
    assert ran.code == 2 and "No space left on device" in ran.err and serving(home) == before
    code, report, _ = refresh()
    assert (code, report["outcome"], report["posts"]) == (0, "published", 62)


def test_a_report_keeps_its_first_reason():
    report = RefreshReport()
    report.refuse("one")
    report.refuse("two")
    assert (report.outcome, report.reason) == ("refused", "one")


def test_a_refusal_stands_in_the_history_and_what_was_rolled_back_does_not_return(
    hashtag, refresh, home, source, terminal
):
    before = serving(home)
    write_rows(source, make_rows(62))
    assert refresh()[1]["outcome"] == "published"
    assert hashtag("index", "rollback", "--home", home).code == 0
    code, report, _ = refresh()
    assert (code, report["outcome"], serving(home)) == (0, "unchanged", before)
    assert any("was rolled back" in note for note in report["notes"])
    ran = hashtag("index", "gc", "--keep", "1", "--home", home)
    assert "rolled back: without it" in " ".join(ran.out.split())
    assert refresh()[1]["outcome"] == "unchanged", "clearing away does not undo it"
    source.unlink()
    assert refresh()[0] == 3
    runs = json.loads(hashtag("index", "history", "--home", home, "--json").out)["runs"]
    told = [(run["command"], run["outcome"]) for run in runs[:4]]
    assert (
        told == [(f"index {name}", end) for name, end in (("refresh", "refused"), ("refresh", "unchanged"))] + told[2:]
    )
    assert "does not exist" in runs[0]["reason"]
    shown = hashtag("index", "history", "--home", home).out
    assert "2 added, 60 unchanged" in shown and "passed checksums, recall" in shown
    assert "figure" not in shown and max(map(len, shown.splitlines())) <= 80


def test_a_source_is_named_whatever_its_name(hashtag, home, tmp_path):
    few = write_rows(tmp_path / "few.csv", make_rows(50, seed=4))
    assert hashtag("sources", "add", few, "--source", "posts", "--home", home).code == 0
    assert hashtag("index", "refresh", "--home", home).code == 0
    write_rows(few, make_rows(1, seed=4))
    ran = hashtag("index", "refresh", "--home", home)
    assert ran.code == 3 and "error: posts: 49 of 110 posts in service are gone" in ran.err
