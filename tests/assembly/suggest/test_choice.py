"""Which hashtags an answer has, by what is wished for and what is known of the post."""

import json
import unicodedata

import numpy as np
import pytest

from hashtag_recommender import HashtagError, Query, SuggestOptions, open_recommender

from ..conftest import CAFE, CAT, refused, removed, scores, tags


def test_languages(home, ask):
    korean = ask(home, CAFE, "--lang", "ko", "--count", 10)
    assert tags(korean) and all("가" <= letter <= "힣" for tag in tags(korean) for letter in tag)
    english = ask(home, CAFE, "--lang", "en", "--count", 10)
    assert ("라떼", "language") in removed(english)
    assert "카페" in tags(korean) and "cafe" in tags(english), "of one meaning, the one in the language"
    assert {"카페", "daily"} <= set(tags(ask(home, CAFE, "--lang", " KO,en ", "--count", 10)))


def test_mixes_put_the_rare_or_the_common_first(home, ask):
    uses = {
        mix: [entry["uses"] for entry in ask(home, CAT, "--count", 5, "--mix", mix, "--explain")["hashtags"]]
        for mix in ("niche", "balanced", "broad")
    }
    assert np.mean(uses["niche"]) < np.mean(uses["broad"])
    tiers = [entry["tier"] for entry in ask(home, CAT, "--count", 5, "--mix", "balanced", "--explain")["hashtags"]]
    assert len(set(tiers)) > 1


def test_diverse_answers_hold_the_likeliest_and_spread(rebuild, ask, tmp_path):
    """#cat and #pets are of the same posts, #daily of most of them and of many others."""
    cats = [[f"a{i}", f"sofa nap {i}", "cat pets daily" if i else "cat pets", "", ""] for i in range(10)]
    others = [[f"b{i}", f"unlike that {i}", "daily", "", ""] for i in range(30)]
    rebuild(tmp_path / "home", cats + others)
    plain, diverse = (ask(tmp_path / "home", "sofa nap", "--count", 2, *words) for words in ([], ["--diverse"]))
    assert set(tags(plain)) == {"cat", "pets"}
    assert tags(diverse) == [tags(plain)[0], "daily"]
    everything = scores(ask(tmp_path / "home", "sofa nap", "--count", 3))
    assert all(everything[tag] == score for tag, score in scores(diverse).items()), "scores are left alone"


def test_exclusion_covers_what_means_the_same(home, ask):
    assert "cat" in tags(ask(home, CAT))
    without = ask(home, CAT, "--exclude", "#CATS, pets", "--count", 30)
    assert not {"cat", "cats", "pets"} & set(tags(without))
    assert {("cat", "excluded"), ("pets", "excluded")} <= removed(without)


def test_plurals_are_merged_and_spam_is_left_out(home, ask):
    answer = ask(home, CAT, "--count", 30)
    assert "cat" in tags(answer) and not {"cats", "f4f"} & set(tags(answer))
    assert {("f4f", "blocked"), ("cats", "merged")} <= removed(answer)
    raw = ask(home, CAT, "--count", 30, "--raw")
    assert {"cat", "cats", "f4f"} <= set(tags(raw)) and "removed" not in raw


def test_what_is_blocked_is_told_on_standard_error(hashtag, home):
    ran = hashtag("suggest", "--text", CAFE, "--count", 5, "--home", home)
    assert "left out: #맞팔 (asks for follows in return)" in ran.err
    assert "맞팔" not in ran.out
    assert "cats" not in hashtag("suggest", "--text", CAT, "--count", 5, "--home", home).err, (
        "what is merged only where asked why"
    )
    assert (
        "#cats (means the same as #cat)"
        in hashtag("suggest", "--text", CAT, "--count", 5, "--home", home, "--explain").err
    )
    ran = hashtag("suggest", "--text", CAFE, "--count", 5, "--home", home, "--raw")
    assert "#맞팔" in ran.out and "left out" not in ran.err


def test_given_hashtags_raise_what_goes_with_them_and_never_come_again(home, small_home, ask):
    text = "quiet golden evening"
    before, after = (ask(small_home, text, "--count", 30, *words) for words in ([], ["--given", "bread"]))
    assert "bread" in tags(before) and "bread" not in tags(after)
    assert scores(after)["baking"] > scores(before)["baking"]
    assert scores(after)["mountain"] < scores(before)["mountain"]
    assert "cat" not in tags(ask(home, CAT, "--given", "CATS", "--count", 30)), "nor what means the same"


def test_a_given_hashtag_that_nobody_uses_is_told(hashtag, home):
    words = ["suggest", "--text", CAT, "--home", home]
    ran = hashtag(*words, "--given", "zeppelin, cat")
    assert ran.code == 0
    assert [line for line in ran.err.splitlines() if "zeppelin" in line] == [
        "note: no post of the archive carries #zeppelin, so nothing is known of what goes with it"
    ]
    assert "#cat," not in ran.err


def test_where_no_post_speaks_it_says_by_what_it_goes_instead(hashtag, rebuild, tmp_path):
    rebuild(tmp_path / "home", [["1", "", "cat pets", "mina", ""], ["2", "", "dog", "", ""], ["3", "sofa", "", "", ""]])
    words = ["suggest", "--text", "quiet evening", "--home", tmp_path / "home"]
    for more, told in (
        ([], "most used"),
        (["--given", "zeppelin"], "most used"),
        (["--author", "mina"], "or the author decide"),
    ):
        assert told in hashtag(*words, *more).err, more
    ran = hashtag(*words, "--given", "cat")
    assert "or the author decide" in ran.err and ran.out.splitlines()[-1].startswith("#pets")


def test_an_author_has_habits(home, ask):
    of_mina, of_lee = (scores(ask(home, CAT, "--count", 30, "--author", author)) for author in ("mina", "lee"))
    assert of_mina["minasworld"] > 0.5 > of_lee.get("minasworld", 0)


def test_an_author_is_known_however_the_name_is_composed(home, ask):
    apart = unicodedata.normalize("NFD", "준호")
    assert ask(home, CAT, "--author", f" {apart} ") == ask(home, CAT, "--author", "준호") != ask(home, CAT)


def test_posts_of_one_author_in_two_spellings_count_together(rebuild, ask, tmp_path):
    """File systems and phones compose letters in different ways."""
    spellings = [unicodedata.normalize(form, "준호") for form in ("NFC", "NFD")]
    rows = [[str(i), f"word{i} here", f"tag{i % 2}", spellings[i % 2], ""] for i in range(12)]
    rebuild(tmp_path / "home", [*rows, *([str(i), f"other{i} here", "else", "lee", ""] for i in range(20, 40))])
    plain, his = (scores(ask(tmp_path / "home", "here", *words)) for words in ([], ["--author", "준호"]))
    assert all(his[tag] > plain.get(tag, 0) for tag in ("tag0", "tag1"))


def test_recent_posts_count_more_with_a_half_life(home, ask):
    text = "ridge summit boots fog"
    plain, recent = (scores(ask(home, text, "--count", 30, *words)) for words in ([], ["--half-life", 100]))
    assert recent["outdoors"] > plain["outdoors"] > 0
    assert recent["oldtrail"] < plain["oldtrail"]
    spread, youngest = (
        max(seen["share"] for entry in ask(home, text, "--explain", *words)["hashtags"] for seen in entry["evidence"])
        for words in ([], ["--half-life", 1])
    )
    assert youngest > 2 * spread, "the evidence is what weighs then"
    assert ask(home, text, "--half-life", 1e-320)["hashtags"], "however short it is"


def test_without_dates_nothing_is_older(hashtag, rebuild, tmp_path):
    rebuild(tmp_path / "home", [["1", "a cat", "cat", "", ""]])
    ran = hashtag("suggest", "--text", "cat", "--home", tmp_path / "home", "--half-life", 30)
    assert refused(ran, "no post of the archive carries a date")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--count", "0"], "count is 0"),
        (["--count", "-3"], "count is -3"),
        (["--count", "x"], "must be a number, or auto"),
        (["--count", ""], "must be a number, or auto"),
        (["--count=--5"], "must be a number, or auto"),
        (["--count", "9" * 5000], "must be a number, or auto"),
        (["--count", "31"], "at most 30"),
        (["--count", "6", "--platform", "instagram"], "instagram takes at most 5 hashtags since 2025-12"),
        (["--platform", "myspace"], "known are facebook, instagram"),
        (["--platform", "instagram", "--raw"], "leave platform out"),
        (["--lang", "xx"], "language 'xx' is not known"),
        (["--lang", "ko", "--raw"], "leave languages out"),
        (["--mix", "niche", "--raw"], "leave mix out"),
        (["--min-score", "1.5"], "least score is 1.5"),
        (["--min-score", "nan"], "least score is nan"),
        (["--half-life", "0"], "half-life is 0.0 days"),
        (["--half-life", "nan"], "half-life is nan days"),
        (["--exclude", "!!!"], "neither letter nor number"),
    ],
)
def test_options_that_nothing_can_fulfil(hashtag, home, words, complaint):
    assert refused(hashtag("suggest", "--text", CAT, "--home", home, *words), complaint)


def test_an_author_of_no_post_is_a_note_and_no_error(hashtag, home, ask):
    ran = hashtag("suggest", "--text", CAT, "--home", home, "--author", "nobody", "--json")
    assert (ran.code, "no post of the archive is by 'nobody'" in ran.err) == (0, True)
    answer = json.loads(ran.out)
    assert answer["notes"] == ["no post of the archive is by 'nobody', so the author does not change the answer"]
    assert answer["hashtags"] == ask(home, CAT)["hashtags"]


def test_hashtags_of_a_draft_count_as_given(hashtag, home, ask):
    """Wherever they stand in it: a post has them already."""
    plain, told = ask(home, CAT, "--count", 30), ask(home, CAT, "--given", "bread zeppelin", "--count", 30)
    raised = {tag: scores(told)[tag] / scores(plain)[tag] for tag in ("baking", "mountain")}
    assert "bread" not in tags(told) and raised["baking"] > raised["mountain"]
    for draft in (f"{CAT} #Bread #zeppelin", f"#Bread {CAT} #zeppelin", f"{CAT} #Bread#zeppelin #bread"):
        answer = ask(home, draft, "--count", 30)
        assert answer["hashtags"] == told["hashtags"], draft
        assert answer["notes"] == [
            "#Bread #zeppelin in the caption: given already, so not suggested again",
            "no post of the archive carries #zeppelin, so nothing is known of what goes with it",
        ]
    ran = hashtag("suggest", "--text", f"{CAT} #Bread", "--home", home)
    assert "note: #Bread in the caption" in ran.err and "#bread" not in ran.out


def test_a_batch_takes_author_and_hashtags_given_from_its_file(hashtag, home, ask, tmp_path):
    rows = ["text,User,given,hashtags", f"{CAT},mina,,cat", f"{CAT},,bread,cat", f"{CAT} #daily,nobody,,", f"{CAT},,,"]
    (tmp_path / "new.csv").write_text("\n".join(rows), encoding="utf-8")
    told = ["--author", "lee", "--given", "pets", "--count", "30"]

    def batch(*words):
        out = tmp_path / "out.jsonl"
        ran = hashtag("suggest", "--batch", tmp_path / "new.csv", "--out", out, "--home", home, *words)
        assert ran.code == 0, ran.err
        return ran.out, [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]

    shown, answers = batch(*told)
    alone = [
        ask(home, CAT, "--author", "mina", "--given", "pets", "--count", "30"),
        ask(home, CAT, "--author", "lee", "--given", "bread", "--count", "30"),
        ask(home, CAT, "--author", "nobody", "--given", "pets daily", "--count", "30"),
        ask(home, CAT, *told),
    ]
    for answer, expected in zip(answers, alone, strict=True):
        assert tags(answer) == tags(expected)
        assert list(scores(answer).values()) == pytest.approx(list(scores(expected).values()), abs=1e-4)
    assert "no post of the archive is by 'nobody', so the author does not change the answer" in answers[2]["notes"]
    assert {"hashtag": "bread", "step": "excluded", "reason": "given already"} in answers[1]["removed"]
    assert "1 of them: no post of the archive is by 'nobody'" in shown
    assert "notes" not in answers[3]
    named = ["--author-column", "given", "--given-column", "User", "--count", "30"]
    assert tags(batch(*named)[1][1]) == tags(ask(home, CAT, "--author", "bread", "--count", 30))


def test_a_batch_tells_the_notes_that_come_often(hashtag, home, tmp_path):
    rows = [f"{CAT},someone{i % 7}" for i in range(20)]
    (tmp_path / "new.csv").write_text("\n".join(["text,author", *rows]), encoding="utf-8")
    ran = hashtag("suggest", "--batch", tmp_path / "new.csv", "--out", tmp_path / "out.jsonl", "--home", home)
    assert [line.split(":")[0] for line in ran.out.splitlines() if "of them" in line] == ["3 of them"] * 5
    assert "2 other notes: see `notes` in each line" in ran.out


def test_a_platform_can_be_named_in_python(home, ask):
    with open_recommender(home) as recommender:
        threads = recommender.suggest(text=CAT, options=SuggestOptions(platform="threads"))
        assert [s.hashtag for s in threads.suggestions] == [ask(home, CAT, "--count", 1)["hashtags"][0]["hashtag"]]
        advised = recommender.suggest_batch([Query(CAT)], SuggestOptions(platform="x"))[0]
        assert advised.notes[0].startswith("x: ") and advised.to_json()["notes"] == list(advised.notes)
        with pytest.raises(HashtagError, match="instagram takes at most 5 hashtags since 2025-12"):
            recommender.suggest(text=CAT, options=SuggestOptions(platform="instagram", count=6))


def test_the_interface_takes_what_the_command_takes(home, ask):
    """The same words make the same answer."""
    options = SuggestOptions(
        count="auto", languages="ko,en", exclude=["#Pets"], mix="niche", diverse=True, half_life=300.0
    )
    words = ["--count", "auto", "--languages", "ko,en", "--exclude", "#Pets", "--mix", "niche", "--diverse"]
    with open_recommender(home) as recommender:
        answer = recommender.suggest(text=CAT, options=options, given="bread #daily", author="mina", explain=True)
    more = ["--half-life", 300, "--given", "bread #daily", "--author", "mina", "--explain"]
    assert json.loads(json.dumps(answer.to_json(explain=True))) == ask(home, CAT, *words, *more)


def test_a_batch_is_asked_with_the_same_options(hashtag, home, ask, tmp_path):
    (tmp_path / "new.csv").write_text(f"text\n{CAT}\n{CAFE}\n", encoding="utf-8")
    words = ["--count", "3", "--given", "daily", "--author", "mina", "--exclude", "pets", "--half-life", "300"]
    out = tmp_path / "out.jsonl"
    ran = hashtag("suggest", "--batch", tmp_path / "new.csv", "--out", out, "--home", home, *words)
    assert ran.code == 0, ran.err
    assert "1 hashtag left out: asks for follows in return" in ran.out or "2 hashtags left out" in ran.out
    answers = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    for text, answer in zip((CAT, CAFE), answers, strict=True):
        alone = ask(home, text, *words)
        assert tags(answer) == tags(alone)
        assert list(scores(answer).values()) == pytest.approx(list(scores(alone).values()), abs=1e-4)


def test_a_diverse_answer_holds_nothing_unlikely_before_what_is_likely(home, ask):
    scores = [entry["score"] for entry in ask(home, CAT, "--diverse", "--count", 10)["hashtags"]]
    faint = [score < 0.1 * max(scores) for score in scores]
    assert any(faint) and faint == sorted(faint)
