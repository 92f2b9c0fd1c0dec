"""A person's own rules on hashtags, and the lists that ship."""

import json

import pytest

from ..conftest import CAFE, CAT, refused, removed, tags


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
    learned = ask(copy, CAFE, "--count", 30)
    [merged] = [each for each in learned["hashtags"] if each["hashtag"] in ("cafe", "카페")]
    assert set(merged["also"]) <= {"cafe", "카페"}, "what was learned merges already"
    hashtag("tags", "apart", "cafe", "--home", copy)
    apart = ask(copy, CAFE, "--count", 30)
    assert {"cafe", "카페"} <= set(tags(apart)) and not any(
        "also" in each for each in apart["hashtags"] if each["hashtag"] in ("cafe", "카페")
    )
    assert hashtag("tags", "alias", "Cafe", "카페", "--home", copy).out == "#cafe: means #카페\n"
    answer = ask(copy, CAFE, "--count", 30)
    assert len({"cafe", "카페"} & set(tags(answer))) == 1
    assert {step for tag, step in removed(answer) if tag in ("cafe", "카페")} == {"merged"}
    assert not {"cafe", "카페"} & set(tags(ask(copy, CAFE, "--count", 30, "--exclude", "cafe")))
    assert not {"cafe", "카페"} & set(tags(ask(copy, CAFE, "--count", 30, "--given", "cafe")))


def test_what_answers_merge_is_counted_together(hashtag, large_copy):
    def counted(tag):
        told = json.loads(hashtag("tags", "stats", tag, "--home", large_copy, "--json").out)
        return told["same"], told["uses"]

    (same, together), (other, as_many) = counted("cafe"), counted("카페")
    assert (same, other) == (["카페"], ["cafe"]) and together == as_many
    assert "have #cafe or #카페" in hashtag("tags", "stats", "cafe", "--home", large_copy).out.splitlines()[0]
    hashtag("tags", "apart", "cafe", "--home", large_copy)
    alone = counted("cafe")
    assert alone[0] == [] and alone[1] < together


def candidates(hashtag, home):
    return [json.loads(line) for line in hashtag("tags", "alias", "--home", home, "--json").out.splitlines()]


def test_aliases_are_put_forward_until_they_are_given(hashtag, large_copy):
    assert candidates(hashtag, large_copy) == [], "what is merged needs no alias"
    assert hashtag("tags", "apart", "cafe", "--home", large_copy).out == "#cafe: never merged\n"
    put = candidates(hashtag, large_copy)
    [cafe] = [pair for pair in put if {pair["alias"], pair["target"]} == {"cafe", "카페"}]
    assert list(cafe) == "alias target alias_posts target_posts posts authors sign likeness".split()
    assert (cafe["target"], cafe["sign"], cafe["authors"]) == ("카페", "sound", 3)
    assert 5 <= cafe["posts"] <= cafe["alias_posts"] <= cafe["target_posts"]
    assert not any("f4f" in pair.values() for pair in put), "what is blocked needs no alias"
    ran = hashtag("tags", "alias", "--home", large_copy)
    shown = [line.split() for line in ran.out.splitlines() if line.startswith("#cafe ")]
    assert shown == [
        ["#cafe", *map(str, (cafe["alias_posts"], "#카페", cafe["target_posts"], cafe["posts"])), "3", "sound"]
    ]
    assert "tags alias HASHTAG=MEANING" in ran.out
    hashtag("tags", "alias", "cafe", "카페", "--home", large_copy)
    assert "카페" not in hashtag("tags", "alias", "--home", large_copy, "--json").out


def test_candidates_are_accepted_by_the_file(hashtag, large_copy, tmp_path):
    file = tmp_path / "pairs.jsonl"
    hashtag("tags", "apart", "cafe", "--home", large_copy)
    put = hashtag("tags", "alias", "--home", large_copy, "--json").out
    file.write_text("\ufeff" + put + "\n" + '{"alias": "고양이", "target": "Cat"}\n', encoding="utf-8")
    ran = hashtag("tags", "alias", "--from", file, "--home", large_copy)
    assert (ran.code, ran.out) == (0, "#cafe: means #카페\n#고양이: means #cat\n")
    assert candidates(hashtag, large_copy) == []
    assert hashtag("tags", "alias", "--home", large_copy).out.startswith(
        "no two hashtags of the archive seem to have one meaning"
    )


def test_many_aliases_at_once(hashtag, copy):
    ran = hashtag("tags", "alias", "고양이=cat", "#Brot=bread", "--home", copy)
    assert (ran.code, ran.out) == (0, "#고양이: means #cat\n#brot: means #bread\n")


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("고양이=cat", "line 2 is no pair"),
        ('{"alias": "cat"}', "line 2 is no pair"),
        ('{"alias": "cat", "target": 7}', "line 2 is no pair"),
        ('["cat", "고양이"]', "line 2 is no pair"),
        ('{"alias": "cat", "target": "!!!"}', "'!!!' is no hashtag"),
        ('{"alias": "cat", "target": "Cat"}', "they are the same hashtag"),
    ],
)
def test_a_file_is_taken_whole_or_not_at_all(hashtag, copy, tmp_path, line, complaint):
    file = tmp_path / "pairs.jsonl"
    file.write_text('{"alias": "a", "target": "b"}\n' + line, encoding="utf-8")
    assert refused(hashtag("tags", "alias", "--from", file, "--home", copy), complaint)
    assert json.loads(hashtag("tags", "list", "--home", copy, "--json").out) == []


def test_files_that_hold_no_pairs(hashtag, copy, tmp_path):
    file = tmp_path / "pairs.jsonl"
    assert refused(hashtag("tags", "alias", "--from", file, "--home", copy), f"{file} cannot be read")
    file.write_bytes("고양이".encode("utf-16"))
    assert refused(hashtag("tags", "alias", "--from", file, "--home", copy), f"{file} cannot be read")
    file.write_text("\n", encoding="utf-8")
    assert refused(hashtag("tags", "alias", "--from", file, "--home", copy), f"{file} holds no pair")


def test_rules_are_listed(hashtag, copy):
    hashtag("tags", "block", "b", "--home", copy)
    hashtag("tags", "alias", "a", "c", "--home", copy)
    ran = hashtag("tags", "list", "--home", copy)
    assert ran.out.splitlines()[:2] == ["#a: means #c", "#b: blocked"]
    assert "hashtags blocked by the spam list" in ran.out.splitlines()[2]
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
        (["alias", "a", "b", "c"], "which hashtag means the same as a? Write a=MEANING"),
        (["alias", "a=b", "c"], "which hashtag means the same as c? Write c=MEANING"),
        (["alias", "a=b", "=c"], "which hashtag means the same as =c? Write HASHTAG=MEANING"),
        (["alias", "a=b=c"], "which hashtag means the same as a=b=c? Write a=MEANING"),
        (["alias", "a=b", "c=!!!"], "'!!!' is no hashtag"),
        (["alias", "a=b", "b=a"], "#a is an alias of it already"),
    ],
)
def test_rules_that_make_no_sense(hashtag, copy, words, complaint):
    assert refused(hashtag("tags", *words, "--home", copy), complaint)
    assert json.loads(hashtag("tags", "list", "--home", copy, "--json").out) == [], "nothing is done by halves"


def test_a_list_of_spam_of_ones_own_stands_in_for_the_one_that_ships(hashtag, copy, ask):
    (copy / "spam.toml").write_text('[[kinds]]\nreason = "tired of it"\nhashtags = ["Pets"]\n', encoding="utf-8")
    answer = ask(copy, CAT, "--count", 30)
    assert "f4f" in tags(answer) and ("pets", "blocked") in removed(answer)
    assert "1 hashtag blocked by the spam list" in hashtag("tags", "list", "--home", copy).out
