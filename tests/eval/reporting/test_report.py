import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hashtag_recommender.core.post import Photo
from hashtag_recommender.core.query import Query
from hashtag_recommender.eval.measures.metrics import micro
from hashtag_recommender.eval.reporting.report import build_report
from hashtag_recommender.eval.runs.run import DEPTH, RunResult, Trial, pooled, run
from hashtag_recommender.eval.runs.splits import Split
from hashtag_recommender.eval.systems.baselines import Ceiling, Popularity, RandomHashtags
from hashtag_recommender.eval.systems.references.co_occurrence import CoOccurrence
from hashtag_recommender.eval.systems.system import Fitted, Scored, query_of


@pytest.fixture
def trial(make_posts):
    return Trial(
        make_posts("cat pet", "cat sea f4f", "cat f4f"),
        make_posts("sea boat"),
        make_posts("Cat f4f", "sea unseen", "cat", caption=["A cat", "바다", ""], author=["ann", "bob", None]),
    )


@pytest.fixture
def results(trial):
    return [run(system, trial) for system in (Popularity(), RandomHashtags(), CoOccurrence(), Ceiling(trial.test))]


def report_of(trial, results):
    return build_report(trial, results, split={"origin": "group"}, dataset="toy", spam={"f4f"})


def test_a_trial_leaves_out_what_has_no_truth(make_posts):
    posts = make_posts("a", "b", "c", "", "!")
    rows = [np.asarray(some) for some in ([0], [1], [2, 3, 4])]
    trial = Trial.of(posts, Split("group", *rows, leaks=0))
    assert (trial.train, trial.validation, trial.test) == ([posts[0]], [posts[1]], [posts[2]])
    assert trial.truth == [["c"]]


def test_a_query_tells_neither_hashtags_nor_author(make_posts):
    [post] = make_posts("cat", caption=["A cat"], author=["ann"], photos=[(Photo(Path("1.jpg"), "0" * 64),)])
    assert query_of(post) == Query("A cat", Path("1.jpg"))
    assert query_of(replace(post, photos=())) == Query("A cat")


class Overdoing:
    name, kind, auto = "overdoing", "network", False

    def fit(self, posts, validation, progress):
        return Fitted()

    def suggest(self, queries, count):
        assert count is not None, "it has no opinion on the number"
        return [[Scored(f"tag{i}", 1.0) for i in range(count + 1)] for _ in queries]


def test_no_system_gets_more_places_than_others(trial):
    result = run(Overdoing(), trial)
    assert [len(answer) for answer in result.ranked] == [DEPTH] * 3
    assert result.free is None
    assert result.fit_seconds >= 0 and result.suggest_ms >= 0


def test_every_query_must_be_answered(trial):
    class Lazy(Overdoing):
        def suggest(self, queries, count):
            return []

    with pytest.raises(ValueError, match="overdoing gave 0 answers to 3 queries"):
        run(Lazy(), trial)


def test_a_report_by_hand(trial):
    """Popularity: cat, f4f, sea, boat, pet. Hits at 2: 2 of 2, 0 of 2, 1 of 1."""
    report = report_of(trial, [run(Popularity(), trial)])
    [system] = report["systems"]
    metrics = system["metrics"]
    p, r = 3 / 6, 3 / 5
    assert metrics["micro"]["2"] == pytest.approx(
        {"precision": p, "recall": r, "f1": 2 * p * r / (p + r), "hit": 2 / 3}
    )
    p, r = (1 + 0 + 1 / 2) / 3, (1 + 0 + 1) / 3
    assert metrics["mean_per_post"]["2"] == pytest.approx(
        {"precision": p, "recall": r, "f1": (1 + 0 + 2 / 3) / 3, "hit": 2 / 3}
    )
    assert metrics["f1_of_means"]["2"] == pytest.approx(
        {"precision": p, "recall": r, "f1": 2 * p * r / (p + r), "hit": 2 / 3}
    )
    assert metrics["map"] == pytest.approx((1 + 1 / 3 / 2 + 1) / 3)
    assert metrics["mrr"] == pytest.approx((1 + 1 / 3 + 1) / 3)
    assert metrics["macro"]["5"]["recall"] == pytest.approx(3 / 4)
    assert metrics["auto"] is None
    low, high = system["interval"]["micro_f1_5"]
    assert low <= metrics["micro"]["5"]["f1"] <= high


def test_a_report_has_its_documented_shape(trial, results):
    report = json.loads(json.dumps(report_of(trial, results), allow_nan=False))
    assert list(report) == ["systems", "split", "dataset", "published", "rules"]
    assert report["split"] == {"origin": "group"}
    assert report["dataset"] == {
        "name": "toy",
        "test_posts": 3,
        "training_hashtags": 5,
        "hashtags_per_post": 5 / 3,
        "unseen": 1 / 5,
    }
    kinds = {system["name"]: system["kind"] for system in report["systems"]}
    assert kinds == {"popularity": "floor", "random": "floor", "co-occurrence": "reference", "ceiling": "ceiling"}
    for system in report["systems"]:
        for definition in ("micro", "mean_per_post", "f1_of_means"):
            assert list(system["metrics"][definition]) == [str(k) for k in range(1, 11)]
            assert list(system["metrics"][definition]["5"]) == ["precision", "recall", "f1", "hit"]
        assert list(system["metrics"]["ndcg"]) == ["5", "10"]
        assert {by: list(strata) for by, strata in system["strata"].items()} == {
            "frequency": ["head", "middle", "tail", "unseen"],
            "script": ["hangul", "latin", "none"],
            "modality": ["none", "text"],
            "spam": ["in", "out"],
        }
        assert system["better_than"].keys() == kinds.keys() - {system["name"]}


def test_auto_has_the_number_that_was_free(trial, results):
    *_, ceiling = report_of(trial, results)["systems"]
    auto = ceiling["metrics"]["auto"]
    assert auto["suggested"] == pytest.approx(4 / 3)
    assert auto["micro"] == pytest.approx({"precision": 1, "recall": 4 / 5, "f1": 8 / 9, "hit": 1})
    assert auto["mean_per_post"]["f1"] == pytest.approx((1 + 2 / 3 + 1) / 3)


def test_strata_are_what_they_are_called(trial, results):
    popularity, *_ = report_of(trial, results)["systems"]
    strata = popularity["strata"]
    assert strata["spam"]["in"]["micro"] == popularity["metrics"]["micro"]
    without = micro([["cat", "sea", "boat", "pet"]] * 3, [["cat"], ["sea", "unseen"], ["cat"]], 2)
    assert strata["spam"]["out"]["micro"]["2"]["f1"] == pytest.approx(without.f1)
    assert strata["script"]["hangul"] == {
        "posts": 1,
        "micro": {
            str(k): pytest.approx(
                {"precision": (k > 2) / k, "recall": (k > 2) / 2, "f1": 2 * (k > 2) / (k + 2), "hit": float(k > 2)}
            )
            for k in range(1, 11)
        },
    }
    assert strata["frequency"]["unseen"]["micro"]["10"] == {"precision": 0, "recall": 0, "f1": 0, "hit": 0}


def test_the_chances_of_two_systems_add_up(trial, results):
    better = {system["name"]: system["better_than"] for system in report_of(trial, results)["systems"]}
    for name, others in better.items():
        for other, probability in others.items():
            assert probability + better[other][name] == pytest.approx(1)
    assert better["ceiling"]["random"] >= 0.5


def test_published_figures_come_with_what_they_were_measured_on(trial, results):
    published = report_of(trial, results)["published"]
    assert {"VGG-Object", "ResNeXt-WSL encoder", "LXMERT4Hashtag", "TagProp"} <= {one["system"] for one in published}
    for one in published:
        assert one["source"] and one["measured_on"]
        assert all(0 < figure < 1 for figure in one["metrics"].values())
        if {"precision", "recall", "f1"} <= one["metrics"].keys():
            p, r = one["metrics"]["precision"], one["metrics"]["recall"]
            assert one["metrics"]["f1"] == pytest.approx(2 * p * r / (p + r), abs=1e-4)


def test_systems_must_be_told_apart_by_name(trial):
    result = RunResult("twin", "network", [[], [], []], None, 0, 0)
    with pytest.raises(ValueError, match="two systems have one name"):
        report_of(trial, [result, result])


def test_a_system_that_suggests_nothing_has_figures_too(trial):
    [system] = report_of(trial, [RunResult("mute", "network", [[], [], []], [[], [], []], 0, 0)])["systems"]
    assert system["metrics"]["micro"]["10"] == {"precision": 0, "recall": 0, "f1": 0, "hit": 0}
    assert (system["metrics"]["map"], system["metrics"]["auto"]["suggested"]) == (0, 0)


def test_runs_of_one_system_are_one_row(trial):
    """Two runs of which one is silent: half the hits of the other, for a divisor that both share."""
    once = run(Popularity(), trial)
    silent = replace(once, ranked=[[], [], []], fit_seconds=once.fit_seconds + 2)
    both = pooled([once, silent])
    assert both.fit_seconds == pytest.approx(once.fit_seconds + 1)
    [alone], [pair] = (report_of(trial, [result])["systems"] for result in (once, both))
    for measure in ("precision", "recall"):
        assert pair["metrics"]["micro"]["2"][measure] == pytest.approx(alone["metrics"]["micro"]["2"][measure] / 2)
    assert pair["strata"]["script"] and pair["metrics"]["map"] == pytest.approx(alone["metrics"]["map"] / 2)


def test_answers_to_half_of_the_posts_are_an_error(trial):
    with pytest.raises(ValueError, match="4 answers to 3 posts"):
        report_of(trial, [RunResult("half", "network", [[], [], [], []], None, 0, 0)])


def test_memory_that_was_held_is_told(trial):
    peak = run(Popularity(), trial).peak_mb
    assert peak is None or peak > 10
