"""Evaluations through the command line, on the sample archive and on captions alone."""

import csv
import json
import sqlite3
from contextlib import closing

import pytest

from hashtag_recommender.eval import catalogue, trials

QUICK = "retrieval,knn lexical,popularity,ceiling"


def write_posts(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", "text", "hashtags"], *rows])
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


def test_the_table_is_best_first_and_fits_a_terminal(hashtag, posts, tmp_path):
    ran = evaluate(hashtag, posts, tmp_path / "out", "--systems", QUICK)
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    table = [line for line in lines if any(line.startswith(name) for name in QUICK.split(","))]
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
        "knn image": "it looks at photos, and no post has one",
        "show_attend_tell": "it looks at photos, and no post has one",
    }


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
        (["--systems", "show_attend_tell"], "it looks at photos, and no post has one"),
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
    refused(evaluate(hashtag, posts, tmp_path / "out", "--systems", "popularity"), "too few posts")


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


def test_systems_are_listed(hashtag):
    ran = hashtag("eval", "networks")
    assert "show_attend_tell" in ran.out and "Xu et al." in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    listed = json.loads(hashtag("eval", "networks", "--json").out)
    assert {system["kind"] for system in listed} == {"retrieval", "network", "reference", "floor", "ceiling"}
