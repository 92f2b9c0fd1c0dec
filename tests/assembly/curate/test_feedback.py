"""What a person says of suggestions."""

import json
import shutil
from pathlib import Path

import pytest

from ..conftest import CAT, refused, scores


def judge(hashtag, home, verdict, tag, times, text=CAT):
    for i in range(times):
        ran = hashtag("feedback", verdict, "--text", f"{text} {i}", "--hashtags", tag, "--home", home, "--json")
        assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_what_is_rejected_falls_and_what_is_accepted_rises_with_the_next_build(hashtag, copy, ask, rebuild):
    before = ask(copy, CAT, "--count", 30)
    assert judge(hashtag, copy, "reject", "cat", 3)[0] == {
        "hashtag": "cat",
        "verdict": "reject",
        "score": pytest.approx(scores(before)["cat"], abs=0.2),
    }
    judge(hashtag, copy, "accept", "#Pets", 3)
    assert ask(copy, CAT, "--count", 30) == before, "not before the next build"
    report = rebuild(copy)
    assert report["published"] and report["unchanged"] == 60, "no post has changed, and yet there is news"
    after = ask(copy, CAT, "--count", 30, "--explain")
    assert scores(after)["cat"] < scores(before)["cat"]
    assert scores(after)["pets"] > scores(before)["pets"]
    assert scores(after)["daily"] == pytest.approx(scores(before)["daily"], abs=1e-6)
    why = {entry["hashtag"]: [reason["what"] for reason in entry["reasons"]] for entry in after["hashtags"]}
    assert why["cat"] == why["pets"] == ["whether it was accepted or rejected before"]
    assert not rebuild(copy)["published"], "nothing is new any more"


def test_a_change_of_mind_is_news(hashtag, copy, rebuild):
    judge(hashtag, copy, "reject", "cat", 1)
    assert rebuild(copy)["published"]
    judge(hashtag, copy, "reject", "cat", 1)
    judge(hashtag, copy, "accept", "cat", 1)
    assert rebuild(copy)["published"]


def test_feedback_in_words(hashtag, copy):
    ran = hashtag("feedback", "reject", "--text", CAT, "--hashtags", "cat f4f", "--home", copy)
    lines = ran.out.splitlines()
    assert lines[0].startswith("#cat: rejected (its score for this post: 0.") and lines[1].startswith("#f4f: rejected")
    assert lines[2] == "the next `hashtag index refresh` or `build` uses this, even if no source has changed"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--text", CAT, "--hashtags", "neverused"], "no post of the archive carries #neverused"),
        (["--text", CAT], "no hashtag is named; name them with --hashtags"),
        (["--text", CAT, "--hashtags", "!!!"], "no hashtag is named"),
        (["--hashtags", "cat"], "no photo and no caption"),
        (["--text", "#cat", "--hashtags", "cat"], "no photo and no caption"),
        (["gone.jpg", "--hashtags", "cat"], "there is no photo gone.jpg"),
        (["--text", "x\udce9", "--hashtags", "cat"], "half a character"),
    ],
)
@pytest.mark.parametrize("verdict", ["accept", "reject"])
def test_feedback_that_makes_no_sense(hashtag, copy, verdict, words, complaint):
    assert refused(hashtag("feedback", verdict, *words, "--home", copy), complaint)


def test_feedback_on_a_photo(hashtag, demo, demo_home, tmp_path):
    home = Path(shutil.copytree(demo_home, tmp_path / "home"))
    words = [demo / "new" / "cat.jpg", "--hashtags", "cat", "--home", home, "--json"]
    [judgement] = json.loads(hashtag("feedback", "accept", *words).out)
    assert judgement["verdict"] == "accept" and judgement["score"] > 0.5
    ran = hashtag("feedback", "accept", demo / "posts.csv", "--hashtags", "cat", "--home", home)
    assert refused(ran, "not a photo")
