"""Comparisons of captions through the command line, on the sample archive."""

import csv
import json
import sys

import pytest

from hashtag_recommender.eval.runs import captions as trials

QUICK = "nearest photo,typical caption,random caption"


def compare(hashtag, source, out, *words):
    return hashtag("eval", "captions", source, "--out", out, "--encoders", "compact", *words)


def refused(ran, complaint):
    assert ran.code == 2 and ran.out == ""
    assert complaint in " ".join(ran.err.split()), ran.err


@pytest.fixture(scope="module")
def posts(tmp_path_factory):
    """Captions without photos."""
    path = tmp_path_factory.mktemp("posts") / "posts.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = [[str(n), f"caption number {n} {'abcdefghij'[n % 10] * 9}{n}", "tag"] for n in range(40)]
        csv.writer(file).writerows([["id", "text", "hashtags"], *rows])
    return path


def test_a_report_of_the_sample_archive(hashtag, demo, tmp_path):
    ran = compare(hashtag, demo / "posts.csv", tmp_path / "out", "--systems", f"retrieval,{QUICK}", "--json")
    assert ran.code == 0, ran.err
    report = json.loads(ran.out)
    assert report == json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert [system["name"] for system in report["systems"]] == ["retrieval", *QUICK.split(",")]
    assert all(list(system["metrics"]) == ["words", "characters"] for system in report["systems"])
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"report.html", "captions.jsonl"}
    assert not list((tmp_path / "out").glob("product-*"))


def test_the_tables_fit_a_terminal_and_what_has_run_does_not_run_again(hashtag, demo, tmp_path, terminal, monkeypatch):
    out = tmp_path / "out"
    assert compare(hashtag, demo / "posts.csv", out, "--systems", "typical caption").code == 0
    ran_now = []
    real = trials.run_captions

    def run(system, *others):
        ran_now.append(system.name)
        return real(system, *others)

    monkeypatch.setattr(trials, "run_captions", run)
    ran = compare(hashtag, demo / "posts.csv", out, "--systems", QUICK)
    assert ran.code == 0, ran.err
    assert ran_now == ["nearest photo", "random caption"]
    lines = ran.out.splitlines()
    assert sum(line.startswith(("by words", "by characters")) for line in lines) == 2
    assert max(map(len, lines[:-1])) <= 80
    assert lines[-1].endswith("report.html")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--systems", "retrieval,mlp"], "there is no system 'mlp' that writes captions; there are retrieval, show_"),
        (["--systems", ""], "no system is named; there are retrieval,"),
        ([], "captions are written for photos, and none of the 40 posts has one that can be read"),
    ],
)
def test_what_cannot_be_compared(hashtag, posts, tmp_path, words, complaint):
    refused(compare(hashtag, posts, tmp_path / "out", *words), complaint)


@pytest.mark.parametrize("library", ["sacrebleu", "rouge_score", "nltk", "pycocoevalcap"])
def test_a_missing_library_is_told_before_anything_is_read(hashtag, posts, tmp_path, monkeypatch, library):
    monkeypatch.setitem(sys.modules, library, None)
    told = f'the comparison of captions needs {library}, which is not installed; run `pip install "hashtag-recom'
    refused(compare(hashtag, posts, tmp_path / "out"), told)
    assert not (tmp_path / "out").exists()


def test_photos_without_captions_are_refused(hashtag, demo, tmp_path):
    with (demo / "posts.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (tmp_path / "posts.csv").open("w", encoding="utf-8", newline="") as file:
        columns = [name for name in rows[0] if name not in ("text", "caption")]
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows[:6])
    ran = compare(hashtag, tmp_path / "posts.csv", tmp_path / "out", "--images", demo, "--systems", QUICK)
    refused(ran, "none of the 6 posts has one")


def test_a_folder_of_an_evaluation_of_hashtags_is_not_touched(hashtag, demo, tmp_path):
    out, source = tmp_path / "out", demo / "posts.csv"
    ran = hashtag("eval", "run", source, "--out", out, "--encoders", "compact", "--systems", "popularity")
    assert ran.code == 0, ran.err
    before = (out / "report.json").read_bytes()
    refused(compare(hashtag, source, out, "--systems", QUICK), "holds an evaluation with task")
    assert (out / "report.json").read_bytes() == before
