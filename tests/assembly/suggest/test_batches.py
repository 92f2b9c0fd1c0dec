"""Queries that are answered together get the answers that each gets alone."""

import shutil
from itertools import cycle

import pytest

from hashtag_recommender import SuggestOptions, follow_recommender, open_recommender
from hashtag_recommender.assembly import rule_store
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.assembly.suggest import following
from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.core.query import Query
from hashtag_recommender.core.settings import Settings

from ..conftest import CAFE, CAT

OPTIONS = [
    SuggestOptions(),
    SuggestOptions(count=12),
    SuggestOptions(count="auto"),
    SuggestOptions(half_life=30.0),
    SuggestOptions(half_life=900.0, count=8),
    SuggestOptions(platform="instagram"),
    SuggestOptions(languages=["ko"]),
    SuggestOptions(mix="niche"),
    SuggestOptions(diverse=True),
    SuggestOptions(raw=True, count=40),
    SuggestOptions(exclude=["cat"], min_score=0.1),
]
QUERIES = [
    Query(CAT),
    Query(CAFE),
    Query("ridge summit fog #hiking"),
    Query(CAT, given=("cat",)),
    Query("crust oven dough", author="mina"),
]


@pytest.fixture(scope="module", params=["home", "small_home"])
def recommender(request):
    """With probabilities, and with shares of the vote."""
    with open_recommender(request.getfixturevalue(request.param)) as recommender:
        yield recommender


def alike(one, other):
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(alike(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return one == pytest.approx(other, abs=2e-3) if isinstance(one, float) else one == other


def test_each_with_its_own_options_and_reasons(recommender):
    asked = [(query, options) for options in OPTIONS for query in QUERIES]
    explained = [explain for explain, _ in zip(cycle([True, False, False]), asked, strict=False)]
    queries, options = [query for query, _ in asked], [options for _, options in asked]
    together = recommender.suggest_batch(queries, options, explain=explained)
    for query, wanted, explain, answer in zip(queries, options, explained, together, strict=True):
        alone = recommender.suggest_batch([query], wanted, explain=explain)[0]
        assert alike(answer.to_json(explain), alone.to_json(explain)), (query, wanted)
        assert answer.notes == alone.notes
        assert any(suggestion.reasons for suggestion in answer.suggestions) <= explain


def test_options_for_all_are_as_the_same_for_each(recommender):
    options = SuggestOptions(count=7, half_life=90.0)
    for_all = recommender.suggest_batch(QUERIES, options, explain=True)
    assert for_all == recommender.suggest_batch(QUERIES, [options] * len(QUERIES), explain=[True] * len(QUERIES))


def test_options_that_cannot_be_met_are_told_whoever_asks_for_them(recommender):
    with pytest.raises(SettingsError, match="nowhere"):
        recommender.suggest_batch(QUERIES[:2], [SuggestOptions(), SuggestOptions(platform="nowhere")])
    with pytest.raises(SettingsError, match="nowhere"):
        recommender.check_options(SuggestOptions(platform="nowhere"))


def test_a_batch_may_be_empty(recommender):
    assert recommender.suggest_batch([]) == recommender.suggest_batch([], []) == []


def test_hashtags_of_the_archive(recommender):
    every = recommender.hashtags(count=1000)
    assert [known.uses for known in every] == sorted((known.uses for known in every), reverse=True)
    assert recommender.hashtags(count=2) == every[:2] and recommender.hashtags("x", 0) == []
    assert {known.hashtag for known in recommender.hashtags("CA")} == {"cat", "cats", "cafe"}
    assert [known.hashtag for known in recommender.hashtags("#카")] == ["카페"]
    blocked = {known.hashtag: known.blocked for known in every}
    assert blocked["f4f"] and blocked["맞팔"] and blocked["cat"] is None
    assert {known.tier for known in every} == {"head", "middle", "tail"}


def test_following_takes_up_what_is_new_when_it_is_told(small_home, tmp_path, monkeypatch):
    monkeypatch.setattr(following, "_EVERY", 60)
    folder = shutil.copytree(small_home, tmp_path / "home")
    with follow_recommender(folder) as recommender, Home(Settings(folder)) as home:
        with rule_store(home) as rules:
            rules.block("cat")
            rules.alias("cats", "pets")
            rules.add("luftschiff")
        assert not recommender.knows("luftschiff"), "it looks but once a minute here"
        recommender.follow()
        known = {known.hashtag: known for known in recommender.hashtags(count=100)}
        assert recommender.knows("luftschiff") and known["luftschiff"].uses == 0
        assert known["cat"].blocked == "blocked by you"
        assert known["cats"].aliases == ("pets",) and known["pets"].aliases == ("cats",)
        assert known["daily"].aliases == ()
        with rule_store(home) as rules:
            rules.remove("cat")
        recommender.follow()
        assert recommender.hashtags("cat", 1)[0].blocked is None
