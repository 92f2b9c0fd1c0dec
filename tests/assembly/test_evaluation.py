"""Evaluations through the command line, on the sample archive and on captions alone."""

import csv
import json
import sqlite3
import sys
from contextlib import closing

import pytest

from hashtag_recommender.eval import registry as catalogue
from hashtag_recommender.eval.runs import run as trials

QUICK = "retrieval,knn lexical,popularity,ceiling"


def write_posts(path, rows, *more):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", "text", "hashtags", *more], *rows])
    return path


def cats_and_bread(n):
    """Posts whose hashtags their captions tell; no two alike."""
    words = ("purring sofa whiskers", "oven crust flour")
    tags = ("cat pets", "bread baking")
    return [[str(i), f"{words[i % 2]} number {i} {'abcdefghij'[i % 10] * 9}{i}", tags[i % 2]] for i in range(n)]


@pytest.fixture(scope="module")
def posts(tmp_path_factory):
    return write_posts(tmp_path_factory.mktemp("posts") / "posts.csv", cats_and_bread(60))


def evaluate(hashtag, source, out, *words):
    return hashtag("eval", "run", source, "--out", out, "--encoders", "compact", *words)


def refused(ran, complaint):
    assert ran.code == 2 and ran.out == ""
    assert complaint in " ".join(ran.err.split()), ran.err


def test_a_report_of_the_sample_archive(hashtag, demo, tmp_path):
    ran = evaluate(hashtag, demo / "posts.csv", tmp_path / "out", "--systems", QUICK, "--json")
    assert ran.code == 0, ran.err
    report = json.loads(ran.out)
    assert report == json.loads((tmp_path / "out" / "report.json").read_text())
    by_name = {system["name"]: system for system in report["systems"]}
    assert list(by_name) == QUICK.split(",")
    f1 = {name: system["metrics"]["micro"]["5"]["f1"] for name, system in by_name.items()}
    assert f1["ceiling"] > f1["retrieval"] > f1["popularity"]
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {
        "report.html",
        "per_hashtag.tsv",
        "per_post.parquet",
    }
    assert not list((tmp_path / "out").glob("product-*"))


def test_the_table_is_best_first_and_fits_a_terminal(hashtag, posts, tmp_path, terminal):
    ran = evaluate(hashtag, posts, tmp_path / "out", "--systems", QUICK)
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    unseen = next((i for i, line in enumerate(lines) if line.startswith("unseen hashtags")), len(lines))
    table = [line for line in lines[:unseen] if any(line.startswith(name) for name in QUICK.split(","))]
    assert table[0].startswith("retrieval") and table[-1].startswith("ceiling")
    assert max(map(len, lines[:-1])) <= 80
    assert lines[-1].endswith("report.html")


def test_an_archive_in_a_database(hashtag, tmp_path):
    with closing(sqlite3.connect(tmp_path / "blog.sqlite")) as connection, connection:
        connection.execute("CREATE TABLE blog (id TEXT, said TEXT, hashtags TEXT)")
        connection.executemany("INSERT INTO blog VALUES (?, ?, ?)", cats_and_bread(60))
    words = ["--query", "SELECT * FROM blog", "--text-column", "said", "--systems", "knn lexical,popularity"]
    ran = evaluate(hashtag, f"sqlite:///{tmp_path / 'blog.sqlite'}", tmp_path / "out", *words)
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[2].startswith("knn lexical")


def test_a_run_that_was_killed_leaves_nothing(hashtag, posts, tmp_path):
    left = tmp_path / "out" / "product-killed"
    assert evaluate(hashtag, posts, tmp_path / "out", "--systems", "popularity").code == 0
    left.mkdir()
    assert evaluate(hashtag, posts, tmp_path / "out", "--systems", "popularity").code == 0
    assert not left.exists()


def test_what_has_run_does_not_run_again(hashtag, posts, tmp_path, monkeypatch):
    assert evaluate(hashtag, posts, tmp_path / "out", "--systems", "retrieval,popularity").code == 0
    ran_now = []
    real = trials.run

    def run(system, *others):
        ran_now.append(system.name)
        return real(system, *others)

    monkeypatch.setattr(trials, "run", run)
    ran = evaluate(hashtag, posts, tmp_path / "out", "--systems", "retrieval,popularity,random", "--json")
    assert ran_now == ["random"]
    assert [system["name"] for system in json.loads(ran.out)["systems"]] == ["retrieval", "popularity", "random"]


def test_an_interrupted_run_keeps_what_is_done_and_leaves_no_report(hashtag, posts, tmp_path, monkeypatch):
    real = trials.run

    def run(system, *others):
        if system.name == "random":
            raise KeyboardInterrupt
        return real(system, *others)

    monkeypatch.setattr(trials, "run", run)
    ran = evaluate(hashtag, posts, tmp_path / "out", "--systems", "popularity,random")
    assert ran.code == 130
    assert not (tmp_path / "out" / "report.json").exists()
    assert [path.name for path in (tmp_path / "out" / "systems").iterdir()] == ["popularity.0.json"]


def test_all_that_apply_and_why_others_do_not(hashtag, posts, tmp_path, monkeypatch):
    quick = ("knn image", "knn sentence", "knn lexical", "popularity", "show_attend_tell")
    monkeypatch.setattr(catalogue, "CATALOGUE", [entry for entry in catalogue.CATALOGUE if entry.name in quick])
    ran = evaluate(hashtag, posts, tmp_path / "out", "--json")
    report = json.loads(ran.out)
    assert [system["name"] for system in report["systems"]] == ["knn sentence", "knn lexical", "popularity"]
    assert report["left_out"] == {
        "knn image": "it needs photos, and no post has one",
        "show_attend_tell": "it needs photos, and no post has one",
    }


def without(monkeypatch, library):
    monkeypatch.setitem(sys.modules, library, None)


def test_with_all_a_missing_library_is_told_first_and_its_systems_are_left_out(hashtag, posts, tmp_path, monkeypatch):
    quick = ("omikuji parabel", "popularity", "ceiling")
    monkeypatch.setattr(catalogue, "CATALOGUE", [entry for entry in catalogue.CATALOGUE if entry.name in quick])
    without(monkeypatch, "omikuji")
    ran = evaluate(hashtag, posts, tmp_path / "out", "--json")
    assert ran.code == 0
    first = ran.err.splitlines()[0]
    reason = 'it needs omikuji, which is not installed; run `pip install "hashtag-recommender[eval]"`'
    assert first == f"note: omikuji parabel is left out: {reason}"
    report = json.loads(ran.out)
    assert [system["name"] for system in report["systems"]] == ["popularity", "ceiling"]
    assert report["left_out"] == {"omikuji parabel": reason}
    assert reason.split(";")[0] in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.parametrize("library, needs_it", [("omikuji", "omikuji bonsai"), ("pyarrow", "the report")])
def test_a_named_system_or_the_report_without_its_library_is_refused_first(
    hashtag, posts, tmp_path, monkeypatch, library, needs_it
):
    without(monkeypatch, library)
    ran = evaluate(hashtag, posts, tmp_path / "out", "--systems", "popularity,omikuji bonsai")
    refused(ran, f'{needs_it} needs {library}, which is not installed; run `pip install "hashtag-recommender[eval]"`')
    assert not (tmp_path / "out").exists()


def test_what_is_ahead_is_told_before_and_after_each_system(hashtag, posts, tmp_path):
    words = ("--systems", "popularity,random,ceiling")
    told = evaluate(hashtag, posts, tmp_path / "out", *words).err.splitlines()[-4:]
    assert told[0] == "3 systems to run, estimated time: less than a minute"
    assert [line.split(":")[0] for line in told[1:]] == ["popularity", "random", "ceiling"]
    assert [line.partition("; ")[2] for line in told[1:]] == [
        "2 left, less than a minute",
        "1 left, less than a minute",
        "",
    ]
    assert "to run" not in evaluate(hashtag, posts, tmp_path / "out", *words).err  # all are kept


def dated(n, repeated):
    """Posts of n days, of which the last ones repeat the first word for word."""
    rows = cats_and_bread(n - repeated)
    rows += [[f"again{row[0]}", *row[1:]] for row in rows[:repeated]]
    return [[*row, f"2024-{1 + day // 28:02}-{1 + day % 28:02}"] for day, row in enumerate(rows)]


def test_by_time_posts_that_come_again_are_taken_out_of_the_test(hashtag, tmp_path):
    posts = write_posts(tmp_path / "posts.csv", dated(100, repeated=15), "date")
    ran = evaluate(hashtag, posts, tmp_path / "out", "--systems", "popularity", "--split", "time", "--json")
    assert ran.code == 0, ran.err
    note = "15 of 20 test posts are left out: each has a near-duplicate among the training posts"
    assert note in ran.err and "the 5 that remain are few" in ran.err
    report = json.loads(ran.out)
    assert (report["split"]["test"], report["split"]["dropped"], report["split"]["leaks"]) == (5, 15, 0)
    assert any(one.startswith(note) for one in report["notes"])
    page = (tmp_path / "out" / "report.html").read_text()
    assert "15 posts were taken out of the test" in page and note in page
    words = ("--systems", "popularity", "--split", "time", "--allow-leaks", "--json")
    leaky = json.loads(evaluate(hashtag, posts, tmp_path / "leaky", *words).out)["split"]
    assert (leaky["test"], leaky["dropped"], leaky["leaks"]) == (20, 0, 15)


def test_by_time_nothing_but_what_came_before_is_refused(hashtag, tmp_path):
    posts = write_posts(tmp_path / "posts.csv", dated(100, repeated=30), "date")
    ran = evaluate(hashtag, posts, tmp_path / "out", "--systems", "popularity", "--split", "time")
    refused(ran, "each of the 20 test posts has a near-duplicate among the training posts")


def test_reports_of_other_test_posts_are_not_called_a_difference(hashtag, posts, tmp_path):
    for split in ("group", "random"):
        assert evaluate(hashtag, posts, tmp_path / split, "--systems", "popularity", "--split", split).code == 0
    reports = [tmp_path / split / "report.json" for split in ("group", "random")]
    ran = hashtag("eval", "compare", *reports)
    assert ran.code == 1 and "note: not comparable: the test posts differ" in ran.err
    assert ran.out.split()[:4] == ["system", "at", "first", "second"] and "popularity" in ran.out
    as_json = hashtag("eval", "compare", *reports, "--json")
    assert as_json.code == 1 and json.loads(as_json.out)["comparable"] is False
    same = hashtag("eval", "compare", reports[0], reports[0])
    assert same.code == 0 and "change" in same.out.splitlines()[0] and same.err == ""


def test_posts_without_hashtags_are_no_test_posts(hashtag, tmp_path):
    rows = [[post_id, text, "" if int(post_id) % 4 == 0 else tags] for post_id, text, tags in cats_and_bread(80)]
    ran = evaluate(hashtag, write_posts(tmp_path / "p.csv", rows), tmp_path / "out", "--systems", QUICK, "--json")
    assert ran.code == 0, ran.err
    report = json.loads(ran.out)
    assert 0 < report["dataset"]["test_posts"] < report["split"]["test"]
    assert report["split"]["train"] + report["split"]["validation"] + report["split"]["test"] == 80


def test_seeds_are_runs_of_what_is_drawn(hashtag, posts, tmp_path):
    ran = evaluate(hashtag, posts, tmp_path / "out", "--systems", "random,popularity", "--seeds", "2")
    assert ran.code == 0
    kept = sorted(path.name for path in (tmp_path / "out" / "systems").iterdir())
    assert kept == ["popularity.0.json", "random.0.json", "random.1.json"]


def test_a_split_from_a_file(hashtag, posts, tmp_path):
    parts = tmp_path / "parts.csv"
    rows = [[str(i), ("test", "validation", "train", "train", "train")[i // 2 % 5]] for i in range(60)]
    with parts.open("w", newline="") as file:
        csv.writer(file).writerows([["post", "part"], *rows])
    ran = evaluate(hashtag, posts, tmp_path / "out", "--systems", "popularity", "--split", parts, "--json")
    split = json.loads(ran.out)["split"]
    assert (split["origin"], split["train"], split["validation"], split["test"]) == ("file", 36, 12, 12)


def test_the_protocol_of_harrison(hashtag, posts, tmp_path):
    ran = evaluate(hashtag, posts, tmp_path / "out", "--systems", "popularity", "--protocol", "harrison")
    assert ran.code == 0, ran.err
    assert "P@1" in ran.out and "A@5" in ran.out and "F1@5" not in ran.out


@pytest.mark.parametrize(
    "words, complaint",
    [
        (["--systems", "retrieval,magic"], "there is no system 'magic'; there are retrieval,"),
        (["--systems", ""], "no system is named"),
        (["--systems", "show_attend_tell"], "it needs photos, and no post has one"),
        (["--seeds", "0"], "seeds is 0"),
        (["--split", "sideways"], "neither group, random, author, time nor a file"),
        (["--split", "author"], "60 of 60 posts have no author"),
        (["--backbone", "magic"], "magic"),
    ],
)
def test_plans_that_make_no_sense(hashtag, posts, tmp_path, words, complaint):
    refused(evaluate(hashtag, posts, tmp_path / "out", *words), complaint)


def test_too_few_posts(hashtag, tmp_path):
    posts = write_posts(tmp_path / "few.csv", cats_and_bread(3))
    refused(evaluate(hashtag, posts, tmp_path / "out", "--systems", "popularity"), "too few separate posts")


def test_an_out_folder_of_other_posts_is_not_touched(hashtag, posts, tmp_path):
    out = tmp_path / "out"
    assert evaluate(hashtag, posts, out, "--systems", "popularity").code == 0
    before = (out / "report.json").read_bytes()
    others = write_posts(tmp_path / "others.csv", cats_and_bread(70))
    refused(evaluate(hashtag, others, out, "--systems", "popularity"), "with posts other than now")
    assert (out / "report.json").read_bytes() == before


def test_a_folder_of_other_things_is_not_touched(hashtag, posts, tmp_path):
    (tmp_path / "report.json").write_text("mine")
    refused(evaluate(hashtag, posts, tmp_path, "--systems", "popularity"), "holds other things than an evaluation")
    refused(evaluate(hashtag, posts, tmp_path / "report.json", "--systems", "popularity"), "is a file")
    assert (tmp_path / "report.json").read_text() == "mine" and len(list(tmp_path.iterdir())) == 1


def test_hashtags_that_are_all_unique_leave_little_to_find(hashtag, tmp_path):
    rows = [[post_id, text, f"unique{post_id}"] for post_id, text, _ in cats_and_bread(40)]
    ran = evaluate(hashtag, write_posts(tmp_path / "p.csv", rows), tmp_path / "out", "--systems", QUICK, "--json")
    assert ran.code == 0, ran.err
    report = json.loads(ran.out)
    assert report["dataset"]["unseen"] == 1
    assert {system["metrics"]["micro"]["5"]["f1"] for system in report["systems"]} == {0}


def test_systems_are_listed(hashtag, terminal):
    ran = hashtag("eval", "networks")
    assert "show_attend_tell" in ran.out and "Xu et al." in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    listed = json.loads(hashtag("eval", "networks", "--json").out)
    assert {system["kind"] for system in listed} == {"retrieval", "network", "reference", "floor", "ceiling"}
