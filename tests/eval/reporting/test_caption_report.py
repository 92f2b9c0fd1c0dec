"""The report of captions: figures, files and page."""

import json
import re
from hashlib import sha256

import pytest
from PIL import Image

from hashtag_recommender.core.post import Photo, Post
from hashtag_recommender.eval.reporting.caption_report import build_caption_report
from hashtag_recommender.eval.reporting.caption_writer import write_caption_report
from hashtag_recommender.eval.reporting.published import PUBLISHED_CAPTIONS
from hashtag_recommender.eval.runs.captions import CaptionResult, CaptionTrial
from hashtag_recommender.retrieval.encoders.photos import read_photo

HOSTILE = "<script>alert('&')</script>"
TRUTH = [f"our cat at home {HOSTILE}", "waves at the beach", "a cup of coffee"] * 4
SPLIT = {"origin": "group", "leaks": 2, "test_posts_digest": "1" * 64}


def trial_of(truth, photo):
    posts = [Post("test", f"{HOSTILE}{n}", caption, (), (photo,)) for n, caption in enumerate(truth)]
    return CaptionTrial(posts, posts[:2], posts, left_out=3)


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.jpg"
    Image.new("RGB", (900, 600), "teal").save(path)
    return Photo(path, sha256(path.read_bytes()).hexdigest())


def results_of(*written):
    kinds = ("retrieval", "network", "floor")
    return [
        CaptionResult(name, kind, captions, 1.5, 0.5, (f"about {HOSTILE}",))
        for name, kind, captions in zip(("retrieval", HOSTILE, "typical caption"), kinds, written, strict=False)
    ]


@pytest.fixture
def compared(photo):
    trial = trial_of(TRUTH, photo)
    written = [caption if n % 2 else "" for n, caption in enumerate(TRUTH)]
    results = results_of(written, ["a cat at home"] * 12, ["coffee"] * 12)
    report = build_caption_report(trial, results, split=SPLIT, dataset=f"cats {HOSTILE}")
    return trial, results, report | {"notes": [f"a note {HOSTILE}"]}


def test_figures_and_what_was_written(compared):
    _, _, report = compared
    assert json.loads(json.dumps(report)) == report
    retrieval, network, _ = report["systems"]
    assert list(retrieval["metrics"]) == ["words"]
    assert retrieval["metrics"]["words"]["rouge_l"] == pytest.approx(0.5)
    low, high = retrieval["intervals"]["words"]["rouge_l"]
    assert 0.1 < low < 0.5 < high < 0.9
    assert (retrieval["empty_captions"], retrieval["different_captions"]) == (6, 4)
    assert (network["words_per_caption"], network["different_captions"]) == (4, 1)
    assert report["dataset"]["test_posts"] == 12 and report["dataset"]["left_out"] == 3


def test_retrieval_is_held_against_each_network_on_the_same_resamples(compared):
    _, _, report = compared
    retrieval, network, _ = report["systems"]
    assert [(one["system"], one["other"], one["measure"]) for one in report["differences"]] == [
        ("retrieval", HOSTILE, "rouge_l"),
        ("retrieval", HOSTILE, "meteor"),
    ]
    for one in report["differences"]:
        of = [system["metrics"]["words"][one["measure"]] for system in (retrieval, network)]
        assert one["by"] == pytest.approx(of[0] - of[1])
        assert one["low"] < one["by"] < one["high"] and 0.5 < one["probability"] <= 1


def test_korean_is_measured_by_characters_too(photo):
    trial = trial_of(["동네 카페에서", "our cat"], photo)
    report = build_caption_report(trial, results_of(["동네 카페에", "a cat"]), split=SPLIT, dataset="cafes")
    metrics = report["systems"][0]["metrics"]
    assert list(metrics) == ["words", "characters"] and report["differences"] == []
    assert metrics["characters"]["rouge_l"] > metrics["words"]["rouge_l"] > 0


def test_published_figures_say_what_they_were_measured_on(compared):
    _, _, report = compared
    assert [one["metrics"] for one in report["published"]] == [dict(one.metrics) for one in PUBLISHED_CAPTIONS]
    assert all("Korean tourist spots" in one["measured_on"] for one in report["published"])


@pytest.fixture
def folder(compared, tmp_path):
    trial, results, report = compared
    write_caption_report(tmp_path / "out", report, trial, results, read_photo)
    return tmp_path / "out"


def test_three_files(folder, compared):
    _, results, report = compared
    assert sorted(path.name for path in folder.iterdir()) == ["captions.jsonl", "report.html", "report.json"]
    assert json.loads((folder / "report.json").read_text(encoding="utf-8")) == report
    lines = [json.loads(line) for line in (folder / "captions.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["caption"] for line in lines] == TRUTH
    assert [line["written"]["retrieval"] for line in lines] == results[0].captions


def test_the_page_holds_what_it_is_for_and_what_comes_from_outside_is_text(folder, compared):
    _, _, report = compared
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert re.findall(r'<section id="([a-z-]+)"', page) == ["by-words", "written", "examples", "published", "rules"]
    told = ("retrieval reaches 0.500 ROUGE-L", "2 test posts have a near-duplicate", "waves at the beach", "(nothing)")
    for text in (*told, "look-back attention", "not comparable", *report["rules"]):
        assert text in page, text
    assert "<script" not in page and page.count("&lt;script&gt;") > 10
    assert page.count("data:image/jpeg") == page.count("<article") == 10


def test_one_system_alone_leaves_no_hole(photo, tmp_path):
    trial, results = trial_of(["a cat"], photo), results_of([""])
    report = build_caption_report(trial, results, split=SPLIT | {"leaks": 0}, dataset="one")
    write_caption_report(tmp_path / "out", report, trial, results, read_photo)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "retrieval reaches 0.000 ROUGE-L." in page and "near-duplicate among" not in page
