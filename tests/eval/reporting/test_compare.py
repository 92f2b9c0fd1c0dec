import json
from dataclasses import replace

import numpy as np
import pytest

from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.eval.measures.bootstrap import paired_difference
from hashtag_recommender.eval.measures.metrics import judge
from hashtag_recommender.eval.reporting.compare import compare_reports
from hashtag_recommender.eval.reporting.report import build_report
from hashtag_recommender.eval.reporting.tables import write_per_post


@pytest.fixture
def write(tmp_path, evaluated):
    """Writes a report and its table of posts into a folder of some name; returns the path of report.json."""
    trial, _, _ = evaluated

    def written(name, results, digest="0" * 64, tested=trial, posts_digest=None):
        folder = tmp_path / name
        folder.mkdir()
        split = {} if digest is None else {"test_digest": digest}
        split |= {"test_posts_digest": posts_digest} if posts_digest else {}
        report = build_report(tested, results, split=split, dataset="cats", spam=set())
        (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")
        write_per_post(folder / "per_post.parquet", tested, results)
        return folder / "report.json"

    return written


@pytest.fixture
def changed(evaluated):
    """The outcomes, of which `ours` says nothing of the first post any more."""
    _, results, _ = evaluated
    return [replace(result, ranked=[[], *result.ranked[1:]]) if result.name == "ours" else result for result in results]


def test_what_changed_and_how_sure(write, evaluated, changed):
    trial, results, _ = evaluated
    found = compare_reports(write("a", results), write("b", changed))
    assert found.comparable and found.figures_only is None and found.gone == found.new == ()
    by = {(change.system, change.at): change for change in found.changes}
    assert ("popularity", "auto") not in by and ("ours", "auto") in by
    assert by["popularity", "5"].difference.f1 == 0
    counts = [
        judge([[one.hashtag for one in answer] for answer in some[1].ranked], trial.truth).counts(5)
        for some in (changed, results)
    ]
    assert by["ours", "5"].difference == paired_difference(*counts)
    assert by["ours", "5"].difference.f1 == pytest.approx(by["ours", "5"].after - by["ours", "5"].before)
    assert by["ours", "5"].difference.f1 < 0
    assert json.loads(json.dumps(found.to_json()))["changes"][0]["system"] == "popularity"


def test_runs_may_differ(write, evaluated):
    _, results, _ = evaluated
    once = [replace(result, ranked=result.ranked[:12]) for result in results]
    changes = compare_reports(write("a", results), write("b", once)).changes
    assert all(change.difference.f1 == pytest.approx(0) for change in changes)


def test_systems_come_and_go(write, evaluated):
    _, results, _ = evaluated
    found = compare_reports(write("a", results[:2]), write("b", results[1:2] + results[3:4]))
    assert (found.gone, found.new) == (("popularity",), ("co-occurrence",))
    assert {change.system for change in found.changes} == {"ours"}


def test_of_other_posts_no_difference_is_told(write, evaluated, changed, make_posts):
    trial, results, _ = evaluated
    a = write("a", results)
    other = compare_reports(a, write("b", changed, digest="1" * 64))
    assert not other.comparable and other.figures_only == "the test posts differ"
    assert {change.difference for change in other.changes} == {None}
    assert other.to_json()["comparable"] is False
    tagged = replace(trial, test=[replace(post, hashtags=("cat",)) for post in trial.test])
    retagged = compare_reports(a, write("c", results, tested=tagged))
    assert not retagged.comparable and "hashtags of the test posts differ" in retagged.figures_only
    old = compare_reports(a, write("old", results, digest=None))
    assert not old.comparable and "may differ" in old.figures_only and "old/report.json" in old.figures_only


def test_an_archive_may_move_between_two_reports(write, evaluated):
    trial, results, _ = evaluated
    elsewhere = replace(trial, test=[replace(post, source="elsewhere") for post in trial.test])
    a = write("a", results, posts_digest="a")
    moved = write("moved", results, digest="1" * 64, tested=elsewhere, posts_digest="a")
    rewritten = write("rewritten", results, posts_digest="b")
    of_an_earlier_release = write("earlier", results)
    assert compare_reports(a, moved).figures_only is None
    assert compare_reports(a, rewritten).figures_only == "the test posts differ"
    assert compare_reports(of_an_earlier_release, a).figures_only is None
    assert compare_reports(of_an_earlier_release, moved).figures_only == "the test posts differ"


def test_without_a_table_of_posts_it_is_not_told_how_sure_a_change_is(write, evaluated, changed):
    a = write("a", evaluated[1])
    a.with_name("per_post.parquet").unlink()
    found = compare_reports(a, write("b", changed))
    assert found.comparable and f"{a.with_name('per_post.parquet')} missing" in found.figures_only
    assert {change.difference for change in found.changes} == {None}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "cannot be read"),
        (b"{", "is damaged, or no report"),
        (b"\xff", "is damaged, or no report"),
        (b"[]", "is no report of an evaluation"),
        (b'{"systems": [{"name": "x", "metrics": null}], "split": {"test_digest": ""}}', "is no report"),
        (b'{"systems": [], "split": null}', "is no report of an evaluation"),
    ],
)
def test_what_is_no_report_is_said_so(write, evaluated, tmp_path, content, complaint):
    _, results, _ = evaluated
    if content is not None:
        (tmp_path / "bad.json").write_bytes(content)
    with pytest.raises(SettingsError, match=rf"bad\.json.*{complaint}"):
        compare_reports(write("a", results), tmp_path / "bad.json")


def test_a_table_of_another_report_is_said_so(write, evaluated, changed):
    _, results, _ = evaluated
    a, b = write("a", results), write("b", changed)
    b.with_name("per_post.parquet").write_bytes(a.with_name("per_post.parquet").read_bytes())
    with pytest.raises(SettingsError, match=r"per_post\.parquet is not of .*report\.json: ours differs"):
        compare_reports(a, b)
    assert np.isfinite([change.after for change in compare_reports(a, a).changes]).all()
