"""How many hashtags an answer has."""

import pytest

from hashtag_recommender import open_recommender

from ..conftest import CAFE, CAT, refused, scores, tags


def test_a_number_is_the_most_and_the_usual_is_five_at_most_without_weak_ones(home, ask):
    usual, five = ask(home, CAT), ask(home, CAT, "--count", 5)
    assert len(five["hashtags"]) == 5
    assert tags(ask(home, CAT, "--count", 2)) == tags(five)[:2]
    assert tags(ask(home, CAT, "--count", 30))[:5] == tags(five)
    assert tags(usual) == [entry["hashtag"] for entry in five["hashtags"] if "weak" not in entry] != []
    assert 0 <= usual["familiarity"] == five["familiarity"] <= 1
    assert not any(entry.get("weak") for entry in usual["hashtags"])


def test_where_nothing_is_likely_the_answer_says_what_to_do(home, hashtag):
    words = [
        "--text",
        CAFE,
        "--given",
        "cat",
        "--author",
        "mina",
        "--half-life",
        300,
        "--lang",
        "ko,en",
        "--home",
        home,
    ]
    ran = hashtag("suggest", *words)
    assert ran.out == "no hashtag to suggest\n" and "ask for a count, such as 5" in ran.err
    assert "  weak; " in hashtag("suggest", *words, "--count", 5).out


@pytest.mark.parametrize("count", [[], ["--count", 5], ["--count", "auto"]])
def test_where_no_fitting_hashtag_is_in_the_requested_languages_it_says_so(home, hashtag, count):
    ran = hashtag("suggest", "--text", CAT, "--lang", "th", "--home", home, *count)
    assert ran.out == "no hashtag to suggest\n"
    assert "note: none of the hashtags that fit is in the requested languages\n" in ran.err
    assert "likely enough" not in ran.err
    assert "requested languages" not in hashtag("suggest", "--text", CAT, "--lang", "en", "--home", home, *count).err


def test_auto_takes_what_deserves_it(home, ask):
    threshold = open_recommender(home)._ranker.threshold
    everything = scores(ask(home, CAT, "--count", 30))
    answer = scores(ask(home, CAT, "--count", "auto"))
    assert answer == {tag: score for tag, score in everything.items() if score >= threshold}
    assert 0 < len(answer) < len(everything)


def test_auto_is_a_guess_where_nothing_was_learned(hashtag, small_home, ask):
    ran = hashtag("suggest", "--text", CAT, "--home", small_home, "--count", "auto")
    assert "too small to train on" in ran.err
    assert "too small" not in hashtag("suggest", "--text", CAT, "--home", small_home).err
    assert all(score >= 0.2 for score in scores(ask(small_home, CAT, "--count", "auto")).values())


def test_the_least_score_cuts(home, ask):
    everything = scores(ask(home, CAT, "--count", 10))
    least = sorted(everything.values())[-3]
    assert scores(ask(home, CAT, "--count", 10, "--min-score", least - 1e-5)) == {
        tag: score for tag, score in everything.items() if score >= least
    }
    assert tags(ask(home, CAT, "--min-score", 1)) == []


def test_nothing_left_is_told(hashtag, home):
    for words in (
        [],
        ["--explain"],
        ["--explain", "--given", "cat", "--count", "auto"],
        ["--diverse", "--mix", "niche"],
    ):
        ran = hashtag("suggest", "--text", CAT, "--home", home, "--min-score", 1, *words)
        assert (ran.code, ran.out) == (0, "no hashtag to suggest\n")


@pytest.mark.parametrize(("platform", "n"), [("instagram", 5), ("Threads", 1), ("x", 2), ("facebook", 5)])
def test_platforms_cap_the_usual_number(hashtag, home, platform, n):
    ran = hashtag("suggest", "--text", CAT, "--home", home, "--platform", platform)
    assert ran.code == 0 and 0 < len(ran.out.splitlines()[-1].split()) <= n
    assert (f"note: {platform.lower()}: " in ran.err) == (platform in ("x", "facebook")), "advice is told, rules hold"


def test_auto_goes_no_further_than_a_platform(small_home, ask):
    few = ["--count", "auto", "--platform", "threads"]
    assert len(ask(small_home, CAFE, *few)["hashtags"]) == 1 < len(ask(small_home, CAFE, "--count", "auto")["hashtags"])


def test_advice_does_not_bind(home, ask):
    assert len(ask(home, CAFE, "--platform", "x", "--count", 4)["hashtags"]) == 4


def test_a_platform_of_ones_own(copy, ask, hashtag):
    (copy / "platforms.toml").write_text('[club]\nmost = 3\nbasis = "rule"\nsince = "2024"\n', encoding="utf-8")
    assert len(ask(copy, CAT, "--platform", "club")["hashtags"]) == 3
    assert len(ask(copy, CAT, "--platform", "threads")["hashtags"]) == 1
    ran = hashtag("suggest", "--text", CAT, "--home", copy, "--platform", "club", "--count", 4)
    assert refused(ran, "count is 4, but club takes at most 3 hashtags since 2024")
    (copy / "platforms.toml").write_text("[club]\nmost = 0\n", encoding="utf-8")
    assert refused(hashtag("suggest", "--text", CAT, "--home", copy, "--platform", "club"), "platforms.toml: club")
