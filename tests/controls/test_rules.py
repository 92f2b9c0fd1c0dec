"""A person's own rules on hashtags, and the lists that ship."""

import json

import pytest

from .conftest import CAFE, CAT, refused, removed, tags


def test_blocked_hashtags_stay_out_until_they_are_free_again(hashtag, copy, ask):
    assert "pets" in tags(ask(copy, CAT, "--count", 30))
    ran = hashtag("tags", "block", "#Pets", "daily", "--home", copy)
    assert (ran.code, ran.out) == (0, "#pets: blocked\n#daily: blocked\n")
    answer = ask(copy, CAT, "--count", 30)
    assert not {"pets", "daily"} & set(tags(answer))
    assert {"hashtag": "pets", "step": "blocked", "reason": "blocked by you"} in answer["removed"]
    assert "pets" in tags(ask(copy, CAT, "--count", 30, "--raw"))
    assert hashtag("tags", "remove", "PETS", "--home", copy).out == "#pets: no rule any more\n"
    assert "pets" in tags(ask(copy, CAT, "--count", 30))


def test_what_the_list_that_ships_blocks_can_be_allowed(hashtag, copy, ask):
    assert "f4f" not in tags(ask(copy, CAT, "--count", 30))
    assert hashtag("tags", "allow", "F4F", "--home", copy).out == "#f4f: allowed\n"
    assert "f4f" in tags(ask(copy, CAT, "--count", 30))


def test_an_alias_merges(hashtag, copy, ask):
    assert {"cafe", "카페"} <= set(tags(ask(copy, CAFE, "--count", 30)))
    assert hashtag("tags", "alias", "Cafe", "카페", "--home", copy).out == "#cafe: means #카페\n"
    answer = ask(copy, CAFE, "--count", 30)
    assert len({"cafe", "카페"} & set(tags(answer))) == 1
    assert {step for tag, step in removed(answer) if tag in ("cafe", "카페")} == {"merged"}
    assert not {"cafe", "카페"} & set(tags(ask(copy, CAFE, "--count", 30, "--exclude", "cafe")))
    assert not {"cafe", "카페"} & set(tags(ask(copy, CAFE, "--count", 30, "--given", "cafe")))


def test_aliases_are_put_forward_until_they_are_given(hashtag, large_copy):
    candidates = json.loads(hashtag("tags", "alias", "--home", large_copy, "--json").out)
    assert {"cafe", "카페"} in [{pair["alias"], pair["target"]} for pair in candidates]
    assert not any("f4f" in pair.values() for pair in candidates), "what is blocked needs no alias"
    ran = hashtag("tags", "alias", "--home", large_copy)
    assert "#cafe" in ran.out and "tags alias HASHTAG MEANING" in ran.out
    hashtag("tags", "alias", "cafe", "카페", "--home", large_copy)
    assert "카페" not in hashtag("tags", "alias", "--home", large_copy, "--json").out


def test_rules_are_listed(hashtag, copy):
    hashtag("tags", "block", "b", "--home", copy)
    hashtag("tags", "alias", "a", "c", "--home", copy)
    ran = hashtag("tags", "list", "--home", copy)
    assert ran.out.splitlines()[:2] == ["#a: means #c", "#b: blocked"]
    assert "hashtags blocked by the list of spam" in ran.out.splitlines()[2]
    assert json.loads(hashtag("tags", "list", "--home", copy, "--json").out) == [
        {"hashtag": "a", "kind": "alias", "target": "c"},
        {"hashtag": "b", "kind": "block", "target": None},
    ]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["block", "!!!"], "'!!!' is no hashtag"),
        (["block", "#"], "'#' is no hashtag"),
        (["allow", ""], "'' is no hashtag"),
        (["block", "fine", "☕"], "'☕' is no hashtag"),
        (["remove", "neverruled"], "there is no rule on #neverruled"),
        (["remove", "!!!"], "'!!!' is no hashtag"),
        (["alias", "cat"], "which hashtag means the same as cat?"),
        (["alias", "cat", "Cat"], "they are the same hashtag"),
        (["alias", "cat", "!!!"], "'!!!' is no hashtag"),
    ],
)
def test_rules_that_make_no_sense(hashtag, copy, words, complaint):
    assert refused(hashtag("tags", *words, "--home", copy), complaint)
    assert json.loads(hashtag("tags", "list", "--home", copy, "--json").out) == [], "nothing is done by halves"


def test_a_list_of_spam_of_ones_own_stands_in_for_the_one_that_ships(hashtag, copy, ask):
    (copy / "spam.toml").write_text('[[kinds]]\nreason = "tired of it"\nhashtags = ["Pets"]\n', encoding="utf-8")
    answer = ask(copy, CAT, "--count", 30)
    assert "f4f" in tags(answer) and ("pets", "blocked") in removed(answer)
    assert "1 hashtag blocked by the list of spam" in hashtag("tags", "list", "--home", copy).out
