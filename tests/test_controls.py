"""What a person can ask of an answer, and what is kept between answers: on archives of captions only."""

import csv
import json
import os
import shutil
import tempfile
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len

from hashtag_recommender import Wishes, open_recommender
from hashtag_recommender.assembly import build_index, read_posts
from hashtag_recommender.core.errors import HashtagError
from hashtag_recommender.core.post import normalise_hashtag
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.index.snapshot import writing
from hashtag_recommender.retrieval.reranking import reranker

HEADER = ["id", "text", "hashtags", "author", "posted_at"]
# What posts of each subject say, and which hashtags how many of them carry.
SUBJECTS = (
    ("sofa whiskers purring window nap", {"cat": 0.7, "cats": 0.5, "pets": 0.4, "f4f": 0.6}),
    ("카페 라떼 창가 원두 케이크", {"카페": 0.8, "cafe": 0.7, "라떼": 0.4, "맞팔": 0.7}),
    ("ridge summit boots fog tent", {"hiking": 0.8, "mountain": 0.6, "outdoors": 0.3}),
    ("crust oven flour starter dough", {"bread": 0.8, "baking": 0.6, "sourdough": 0.3}),
)
WORDS = "today again slowly with friends early late quiet golden little old new long short bright after before".split()
AUTHORS = ("mina", "준호", "", "lee")
CAT, CAFE = "sofa purring nap today", "카페 라떼 창가 오늘"


def make_rows(n, seed):
    """Posts of the four subjects in turn. Those about bread are of two years; hikers say #outdoors only of late."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        said, chances = SUBJECTS[i % 4]
        text = " ".join([*rng.choice(said.split(), 3, replace=False), *rng.choice(WORDS, 5, replace=False), str(i)])
        tags = [tag for tag, chance in chances.items() if rng.random() < chance] or [next(iter(chances))]
        tags += ["daily"] if rng.random() < 0.3 else []
        author = AUTHORS[rng.integers(4)]
        tags += ["minasworld"] if author == "mina" else []
        if i % 4 == 2:
            tags = [*(tag for tag in tags if tag != "outdoors"), *(["outdoors"] if i > n * 3 / 4 else ["oldtrail"])]
        posted = f"{2020 + 4 * i // n}-{1 + i % 12:02}-{1 + i % 28:02}" if i % 10 else ""
        rows.append([str(i), text, " ".join(tags), author, posted])
    return rows


def write_rows(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return path


def built(folder, rows):
    source = write_rows(folder / "posts.csv", rows)
    build_index(Settings(folder / "home", encoders="compact"), read_posts(source, source="posts"))
    return folder / "home"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Of an archive that is large enough for the reranker. Not to be written to."""
    return built(tmp_path_factory.mktemp("large"), make_rows(260, 1))


@pytest.fixture(scope="module")
def small_home(tmp_path_factory):
    """Of an archive that keeps the vote, quick to build again. Not to be written to."""
    return built(tmp_path_factory.mktemp("small"), make_rows(60, 2))


@pytest.fixture
def large_copy(home, tmp_path):
    return Path(shutil.copytree(home, tmp_path / "home"))


@pytest.fixture
def copy(small_home, tmp_path):
    return Path(shutil.copytree(small_home, tmp_path / "home"))


@pytest.fixture
def rebuild(hashtag, tmp_path):
    """Build a home from rows again, under the name by which it knows them."""

    def build(home, rows=None):
        source = write_rows(tmp_path / "again.csv", rows or make_rows(60, 2))
        options = ["--source", "posts", "--encoders", "compact", "--json"]
        ran = hashtag("index", "build", source, "--home", home, *options)
        assert ran.code == 0, ran.err
        return json.loads(ran.out)

    return build


@pytest.fixture
def ask(hashtag):
    """The JSON of an answer."""

    def run(home, text, *words):
        ran = hashtag("suggest", "--text", text, "--home", home, "--json", *words)
        assert ran.code == 0, ran.err
        return json.loads(ran.out)

    return run


def tags(document):
    return [normalise_hashtag(entry["hashtag"]) for entry in document["hashtags"]]


def scores(document):
    return {normalise_hashtag(entry["hashtag"]): entry["score"] for entry in document["hashtags"]}


def removed(document):
    return {(entry["hashtag"], entry["step"]) for entry in document.get("removed", [])}


def refused(ran, complaint):
    """Whether a command ended as commands that fail do: one line that says what to do, and exit code 2."""
    assert (ran.code, len(ran.err.splitlines()), ran.out) == (2, 1, ""), ran
    assert complaint in ran.err
    return True


# --- how many


def test_a_number_is_the_most_and_five_the_usual(home, ask):
    usual = ask(home, CAFE)
    assert len(usual["hashtags"]) == 5
    assert tags(ask(home, CAFE, "--count", 2)) == tags(usual)[:2]
    assert tags(ask(home, CAFE, "--count", 30))[:5] == tags(usual)


def test_auto_takes_what_deserves_it(home, ask):
    threshold = open_recommender(home)._ranker.threshold
    everything = scores(ask(home, CAT, "--count", 30))
    answer = scores(ask(home, CAT, "--count", "auto"))
    assert answer == {tag: score for tag, score in everything.items() if score >= threshold}
    assert 0 < len(answer) < len(everything)


def test_auto_is_a_guess_where_nothing_was_learned(hashtag, small_home, ask):
    ran = hashtag("suggest", "--text", CAT, "--home", small_home, "--count", "auto")
    assert "too small to learn from" in ran.err
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
    ran = hashtag("suggest", "--text", CAFE, "--home", home, "--platform", platform)
    assert (ran.code, len(ran.out.splitlines()[-1].split())) == (0, n)
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


# --- which


def test_languages(home, ask):
    korean = ask(home, CAFE, "--lang", "ko", "--count", 10)
    assert tags(korean) and all("가" <= letter <= "힣" for tag in tags(korean) for letter in tag)
    assert ("cafe", "language") in removed(korean)
    assert {"cafe", "카페"} <= set(tags(ask(home, CAFE, "--lang", " KO,en ", "--count", 10)))


def test_mixes_put_the_rare_or_the_common_first(home, ask):
    uses = {
        mix: [entry["uses"] for entry in ask(home, CAT, "--mix", mix, "--explain")["hashtags"]]
        for mix in ("niche", "balanced", "broad")
    }
    assert np.mean(uses["niche"]) < np.mean(uses["broad"])
    tiers = [entry["tier"] for entry in ask(home, CAT, "--mix", "balanced", "--explain")["hashtags"]]
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
    ran = hashtag("suggest", "--text", CAFE, "--home", home)
    assert "left out: #맞팔 (asks for follows in return)" in ran.err
    assert "맞팔" not in ran.out
    assert "cats" not in hashtag("suggest", "--text", CAT, "--home", home).err, "what is merged only where asked why"
    assert "#cats (means the same as #cat)" in hashtag("suggest", "--text", CAT, "--home", home, "--explain").err
    ran = hashtag("suggest", "--text", CAFE, "--home", home, "--raw")
    assert "#맞팔" in ran.out and ran.err == ""


# --- what else is known of the post


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
        "note: no post of the archive carries #zeppelin, so it tells nothing of other hashtags"
    ]
    assert "#cat," not in ran.err


def test_where_no_post_speaks_it_says_by_what_it_goes_instead(hashtag, rebuild, tmp_path):
    rebuild(tmp_path / "home", [["1", "", "cat pets", "mina", ""], ["2", "", "dog", "", ""], ["3", "sofa", "", "", ""]])
    words = ["suggest", "--text", "quiet evening", "--home", tmp_path / "home"]
    for more, told in ([], "most used"), (["--given", "zeppelin"], "most used"), (["--author", "mina"], "what else"):
        assert told in hashtag(*words, *more).err, more
    ran = hashtag(*words, "--given", "cat")
    assert "what else is known of the post" in ran.err and ran.out.splitlines()[-1].startswith("#pets")


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
        (["--platform", "instagram", "--raw"], "leave one out"),
        (["--lang", "xx"], "language 'xx' is not known"),
        (["--lang", "ko", "--raw"], "leave languages out"),
        (["--mix", "niche", "--raw"], "leave mix out"),
        (["--min-score", "1.5"], "least score is 1.5"),
        (["--min-score", "nan"], "least score is nan"),
        (["--half-life", "0"], "half-life is 0.0 days"),
        (["--half-life", "nan"], "half-life is nan days"),
        (["--author", "nobody"], "no post of the archive is by an author 'nobody'"),
        (["--exclude", "!!!"], "neither letter nor number"),
    ],
)
def test_wishes_that_nothing_can_fulfil(hashtag, home, words, complaint):
    assert refused(hashtag("suggest", "--text", CAT, "--home", home, *words), complaint)


def test_a_batch_is_asked_with_the_same_wishes(hashtag, home, ask, tmp_path):
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


# --- why


def test_explaining_in_plain_words(hashtag, home):
    words = ["--explain", "--given", "cat", "--author", "mina", "--half-life", "300", "--lang", "ko,en"]
    for text in (CAT, CAFE):
        ran = hashtag("suggest", "--text", text, "--home", home, *words)
        assert ran.code == 0, ran.err
        for told in (
            "posts carry it: ",
            "posts of similar words",
            "what goes with the hashtags given",
            "how often mina",
        ):
            assert told in ran.out, told
        assert all(cell_len(line) <= 80 for line in ran.out.splitlines()[:-1])


def test_explaining_for_machines(home, ask):
    answer = ask(home, CAT, "--explain", "--author", "mina")
    for entry in answer["hashtags"]:
        assert set(entry) == {"hashtag", "score", "evidence", "uses", "tier", "reasons"}
        assert all(set(post) == {"post", "similarity", "channel", "share", "photo"} for post in entry["evidence"])
        assert all(set(reason) == {"what", "log_odds"} for reason in entry["reasons"])
    of_mina = next(entry for entry in answer["hashtags"] if entry["hashtag"] == "minasworld")
    assert {reason["what"]: reason["log_odds"] for reason in of_mina["reasons"]}["how often mina uses it"] > 1
    assert not any("reasons" in entry for entry in ask(home, CAT)["hashtags"])


def test_lines_fit_a_terminal(hashtag, home, copy):
    hashtag("tags", "block", "맞팔해요", "--home", copy)
    for words in (["index", "info"], ["index", "verify"], ["tags", "list"], ["tags", "alias"]):
        for folder in (home, copy):
            ran = hashtag(*words, "--home", folder)
            assert ran.code == 0
            assert all(cell_len(line.rstrip()) <= 80 for line in ran.out.splitlines()), ran.out


# --- rules on hashtags


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


# --- posts one by one

ZEPPELIN = ["--text", "a zeppelin over the lake", "--hashtags", "Zeppelin luftschiff"]


@pytest.mark.parametrize("which", ["copy", "large_copy"])
def test_an_added_post_is_found_at_once(hashtag, ask, request, which):
    home = request.getfixturevalue(which)
    before = ask(home, "a zeppelin over the lake")
    ran = hashtag("posts", "add", *ZEPPELIN, "--home", home, "--json")
    assert ran.code == 0, ran.err
    post = json.loads(ran.out)
    assert post["new"]
    after = ask(home, "a zeppelin over the lake")
    assert after["snapshot"] == before["snapshot"], "without building anew"
    assert "Zeppelin" in [entry["hashtag"] for entry in after["hashtags"]], "a hashtag that nobody used before"
    evidence = next(entry["evidence"] for entry in after["hashtags"] if entry["hashtag"] == "Zeppelin")
    assert {(seen["post"], seen["channel"]) for seen in evidence} >= {(post["post"], "lexical")}
    assert evidence[0]["similarity"] == pytest.approx(1, abs=0.01)
    assert "luftschiff" in tags(ask(home, "anything else", "--given", "zeppelin", "--count", 30))


def test_an_added_post_has_author_and_date(hashtag, copy, ask):
    said = ["--text", "a cat #cat", "--author", "zoe", "--posted-at", "2031-01-05T18:30:00+09:00"]
    assert hashtag("posts", "add", *said, "--hashtags", "onlyzoe", "--home", copy).out.startswith(
        "added as post added-"
    )
    assert "onlyzoe" in tags(ask(copy, "quiet evening", "--author", "zoe", "--count", 30))
    recommender = open_recommender(copy)
    assert np.nanmax(recommender._archive.posted) == pytest.approx(22284.396, abs=1e-3)


def test_the_same_post_again_is_there_already(hashtag, copy):
    first = hashtag("posts", "add", *ZEPPELIN, "--home", copy)
    again = hashtag("posts", "add", *ZEPPELIN, "--home", copy)
    post = first.out.split()[-1]
    assert (first.out, again.out) == (f"added as post {post}\n", f"post {post} is there already\n")
    other = hashtag("posts", "add", *ZEPPELIN, "--author", "lee", "--home", copy)
    assert other.out.startswith("added as post") and post not in other.out


def test_an_added_post_outlives_builds(hashtag, copy, ask, rebuild):
    hashtag("posts", "add", *ZEPPELIN, "--home", copy)
    report = rebuild(copy)
    assert report["published"] and report["unchanged"] == 60
    assert "zeppelin" in tags(ask(copy, "a zeppelin over the lake"))
    assert json.loads(hashtag("index", "info", "--home", copy, "--json").out)["sources"] == {"posts": 60, "added": 1}
    assert hashtag("index", "verify", "--home", copy).code == 0
    assert not rebuild(copy)["published"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--text", "a cat without any"], "has no hashtag to learn from"),
        (["--hashtags", "cat"], "nothing to go by"),
        (["gone.jpg", "--hashtags", "cat"], "there is no photo gone.jpg"),
        (["--text", "x", "--hashtags", "cat", "--posted-at", "yesterday"], "'yesterday' is no time"),
        (["--text", "x\udce9", "--hashtags", "cat"], "half a character"),
        (["--text", "x", "--hashtags", "c" * 101], "101 characters"),
    ],
)
def test_posts_that_cannot_be_added(hashtag, copy, words, complaint):
    assert refused(hashtag("posts", "add", *words, "--home", copy), complaint)
    assert open_recommender(copy)._archive.hashtags == open_recommender(copy)._archive._hashtags


def test_a_photo_that_is_none_is_not_added(hashtag, copy, tmp_path):
    (tmp_path / "photo.jpg").write_text("I am no photo")
    ran = hashtag("posts", "add", tmp_path / "photo.jpg", "--hashtags", "newtag", "--home", copy)
    assert refused(ran, "photo.jpg: not a photo")
    assert not open_recommender(copy).knows("newtag")


def test_posts_are_added_to_an_index(hashtag, tmp_path):
    assert refused(hashtag("posts", "add", *ZEPPELIN, "--home", tmp_path / "none"), "no home folder")
    assert refused(hashtag("posts", "add", *ZEPPELIN, "--home", tmp_path), "no index in")


# --- forgetting


def found_in(home, *texts):
    """Which texts stand in any file of a home, in UTF-8 or escaped as in JSON."""
    written = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    return {text for text in texts if text.encode() in written or json.dumps(text)[1:-1].encode() in written}


def test_a_forgotten_author_is_gone_for_good(hashtag, copy, ask, rebuild):
    rows = [*make_rows(60, 2), ["900", "secretive zanzibar evening", "zonly daily", "Zoë", "2024-01-01"]]
    for count in (1, 2, 3):  # so that several snapshots hold it
        rebuild(copy, [*rows, [f"90{count}", f"zanzibar again {count}", "daily", "Zoë", ""]])
    hashtag("posts", "add", "--text", "zanzibar once more", "--hashtags", "zonly", "--author", "Zoë", "--home", copy)
    told = ("Zoë", "zanzibar", "zonly")
    assert found_in(copy, *told) == set(told)
    ran = hashtag("posts", "forget", "--author", "Zoë", "--home", copy, "--json")
    assert ran.code == 0, ran.err
    forgotten = json.loads(ran.out)
    assert forgotten["posts"] == 5, "those that the source holds no more and those added included"
    assert found_in(copy, *told) == set()
    assert [path.name for path in (copy / "snapshots").iterdir()] == [forgotten["snapshot"]]
    assert "zonly" not in tags(ask(copy, "zanzibar", "--count", 30))
    assert hashtag("index", "verify", "--home", copy).code == 0

    report = rebuild(copy, rows)
    assert report["rejected"] == 1
    assert "901,its author was forgotten" not in Path(report["rejects"]).read_text(encoding="utf-8")
    assert "61,its author was forgotten" in Path(report["rejects"]).read_text(encoding="utf-8")
    assert found_in(copy, *told) == set()
    ran = hashtag("posts", "add", "--text", "zanzibar", "--hashtags", "x", "--author", "Zoë", "--home", copy)
    assert refused(ran, "its author was forgotten")
    assert found_in(copy, *told) == set()


def test_an_author_nobody_knows_is_not_forgotten(hashtag, copy):
    before = open_recommender(copy).snapshot
    assert refused(hashtag("posts", "forget", "--author", "nobody", "--home", copy), "no post of an author 'nobody'")
    assert open_recommender(copy).snapshot == before


def test_forgetting_the_only_author_leaves_no_index(hashtag, rebuild, tmp_path):
    home = tmp_path / "home"
    rebuild(home, [["1", "zanzibar", "zonly", "Zoë", ""], ["2", "nothing to learn from", "", "", ""]])
    ran = hashtag("posts", "forget", "--author", "Zoë", "--home", home)
    assert (ran.code, "no index is left" in ran.out) == (0, True)
    assert found_in(home, "zanzibar", "zonly", "Zoë") == set()
    assert refused(hashtag("suggest", "--text", "zanzibar", "--home", home), "no index in")


def test_forgetting_finishes_what_a_build_left_undone(hashtag, copy, ask, rebuild, monkeypatch):
    """A build is stopped between reading the source and encoding it; the index without the author holds its posts."""
    from hashtag_recommender.index import build as build_module

    def stop(*_):
        raise KeyboardInterrupt

    rows = [*make_rows(60, 2), ["900", "a zeppelin over the lake", "zeppelin", "", ""]]
    with monkeypatch.context() as patch:
        patch.setattr(build_module, "embed", stop)
        source = write_rows(copy.parent / "again.csv", rows)
        ran = hashtag("index", "build", source, "--source", "posts", "--home", copy, "--encoders", "compact")
        assert ran.code == 130
    assert hashtag("posts", "forget", "--author", "mina", "--home", copy).code == 0
    entry = ask(copy, "a zeppelin over the lake")["hashtags"][0]
    assert entry["hashtag"] == "zeppelin"
    assert "sentence" in {seen["channel"] for seen in entry["evidence"]}


# --- feedback


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
    assert lines[2] == "counts from the next `hashtag index build` on, even of an unchanged file"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--text", CAT, "--hashtags", "neverused"], "no post of the archive carries #neverused"),
        (["--text", CAT], "which hashtags?"),
        (["--text", CAT, "--hashtags", "!!!"], "which hashtags?"),
        (["--hashtags", "cat"], "nothing to go by"),
        (["--text", "#cat", "--hashtags", "cat"], "nothing to go by"),
        (["gone.jpg", "--hashtags", "cat"], "there is no photo gone.jpg"),
        (["--text", "x\udce9", "--hashtags", "cat"], "half a character"),
    ],
)
@pytest.mark.parametrize("verdict", ["accept", "reject"])
def test_feedback_that_makes_no_sense(hashtag, copy, verdict, words, complaint):
    assert refused(hashtag("feedback", verdict, *words, "--home", copy), complaint)


# --- homes of every kind


def test_a_database_elsewhere_is_to_be_named(hashtag, ask, tmp_path):
    """Else a new one would lie in the home, and nothing of what it held would ever be seen."""
    source = write_rows(tmp_path / "posts.csv", make_rows(12, 2))
    home, url = tmp_path / "home", f"sqlite:///{tmp_path / 'else.sqlite'}"
    ran = hashtag("index", "build", source, "--home", home, "--db", url, "--encoders", "compact")
    assert ran.code == 0, ran.err
    for words in (
        ["tags", "block", "cat"],
        ["tags", "remove", "cat"],
        ["tags", "list"],
        ["tags", "alias"],
        ["posts", "add", *ZEPPELIN],
        ["posts", "forget", "--author", "mina"],
        ["feedback", "reject", "--text", CAT, "--hashtags", "cat"],
    ):
        ran = hashtag(*words, "--home", home)
        assert ran.code == 2 and "--db" in ran.err.splitlines()[-1], (words, ran)
        assert not (home / "hashtag.sqlite").exists(), words
    ran = hashtag("suggest", "--text", CAT, "--home", home)
    assert (ran.code, "else.sqlite" in ran.err, "name it with --db" in ran.err) == (0, True, True)
    assert hashtag("tags", "block", "cat", "--home", home, "--db", url).code == 0
    assert hashtag("posts", "add", *ZEPPELIN, "--home", home, "--db", url).code == 0
    answer = ask(home, f"{CAT} zeppelin over the lake", "--db", url, "--count", 30)
    assert "zeppelin" in tags(answer) and "cat" not in tags(answer)


def test_without_its_database_the_index_answers_alone(hashtag, copy, ask):
    hashtag("tags", "block", "cat", "--home", copy)
    assert "cat" not in tags(ask(copy, CAT))
    (copy / "hashtag.sqlite").write_bytes(b"not a database " * 100)
    ran = hashtag("suggest", "--text", CAT, "--home", copy)
    assert (ran.code, "your own rules" in ran.err, "cat" in ran.out) == (0, True, True)


def test_suggesting_needs_nothing_to_write(copy, hashtag):
    """A home that another user owns, or a disk that is read-only: rules and added posts count all the same."""
    hashtag("tags", "block", "cat", "--home", copy)
    hashtag("posts", "add", *ZEPPELIN, "--home", copy)
    with tempfile.TemporaryDirectory() as folder:  # pytest's own may be entered by its owner only
        home = Path(shutil.copytree(copy, Path(folder) / "home"))
        Path(folder).chmod(0o755)
        inside = [home, *home.rglob("*")]
        for path in inside:
            path.chmod(0o555 if path.is_dir() else 0o444)
        user = os.geteuid()
        try:
            if user == 0:  # whom no permission keeps from writing
                os.seteuid(65534)
            recommender = open_recommender(home)
            answer = recommender.suggest(text=f"{CAT} zeppelin over the lake", wishes=Wishes(count=20))
            with pytest.raises(HashtagError, match="see that the file and its folder can be written"):
                from hashtag_recommender.assembly import rule_book

                with rule_book(Settings(home)) as book:
                    book.block("dog")
        finally:
            os.seteuid(user)
            for path in inside:
                path.chmod(0o755)
    shown = {normalise_hashtag(suggestion.hashtag) for suggestion in answer.suggestions}
    assert recommender.notes == ()
    assert "zeppelin" in shown and "cat" not in shown


def test_an_index_of_another_format_is_to_be_built_again(hashtag, copy, rebuild, tmp_path):
    from hashlib import sha256

    manifest = next((copy / "snapshots").iterdir()) / "manifest.json"
    document = json.dumps(json.loads(manifest.read_bytes()) | {"format": 1}).encode()
    manifest.write_bytes(document)
    (copy / "CURRENT").write_text(f"{manifest.parent.name} {sha256(document).hexdigest()}\n")
    for words in (
        ["suggest", "--text", CAT],
        ["posts", "add", *ZEPPELIN],
        ["posts", "forget", "--author", "mina"],
        ["feedback", "accept", "--text", CAT, "--hashtags", "cat"],
        ["index", "info"],
    ):
        ran = hashtag(*words, "--home", copy)
        assert refused(ran, "format 1, this version reads 2; run `hashtag index build` again")
    assert rebuild(copy)["published"]
    assert hashtag("index", "verify", "--home", copy).code == 0


def test_what_is_added_while_an_index_is_built_waits_for_the_next(hashtag, copy, ask, rebuild, monkeypatch):
    from hashtag_recommender.index import build as build_module

    plain = build_module._write_channel

    def meanwhile(*arguments):
        monkeypatch.undo()
        monkeypatch.setattr(build_module, "_write_channel", plain)
        settings = Settings(copy)
        from hashtag_recommender.assembly import add_post

        add_post(settings, None, "a zeppelin over the lake", "zeppelin")
        return plain(*arguments)

    rows = [*make_rows(60, 2), ["900", "one more cat", "cat", "", ""]]
    monkeypatch.setattr(build_module, "_write_channel", meanwhile)
    assert rebuild(copy, rows)["published"]
    assert json.loads(hashtag("index", "info", "--home", copy, "--json").out)["posts"] == 61
    assert "zeppelin" in tags(ask(copy, "a zeppelin over the lake"))
    assert rebuild(copy, rows)["published"]
    assert json.loads(hashtag("index", "info", "--home", copy, "--json").out)["posts"] == 62


# --- with photos


def test_an_added_photo_is_found_at_once_and_outlives_its_file(hashtag, demo, demo_home, tmp_path):
    home, photo = Path(shutil.copytree(demo_home, tmp_path / "home")), tmp_path / "new.jpg"
    shutil.copy(demo / "new" / "cat.jpg", photo)
    words = ["posts", "add", photo, "--hashtags", "zeppelin", "--author", "Zoë", "--home", home, "--json"]
    post = json.loads(hashtag(*words).out)["post"]

    def first():
        ran = hashtag("suggest", demo / "new" / "cat.jpg", "--home", home, "--json", "--explain", "--count", 30)
        assert ran.code == 0, ran.err
        return next(entry for entry in json.loads(ran.out)["hashtags"] if entry["hashtag"] == "zeppelin")["evidence"][0]

    assert (first()["post"], first()["channel"], first()["photo"]) == (post, "image", str(photo))
    assert first()["similarity"] == pytest.approx(1, abs=0.01)
    photo.unlink()
    ran = hashtag("index", "build", demo / "posts.csv", "--home", home, "--encoders", "compact", "--json")
    assert json.loads(ran.out)["published"] and json.loads(ran.out)["embedded"] == {"image": 0, "sentence": 0}
    assert first()["post"] == post
    assert hashtag("posts", "forget", "--author", "Zoë", "--home", home).out.startswith("1 post deleted")
    assert not open_recommender(home).knows("zeppelin")


def test_feedback_on_a_photo(hashtag, demo, demo_home, tmp_path):
    home = Path(shutil.copytree(demo_home, tmp_path / "home"))
    words = [demo / "new" / "cat.jpg", "--hashtags", "cat", "--home", home, "--json"]
    [judgement] = json.loads(hashtag("feedback", "accept", *words).out)
    assert judgement["verdict"] == "accept" and judgement["score"] > 0.5
    ran = hashtag("feedback", "accept", demo / "posts.csv", "--hashtags", "cat", "--home", home)
    assert refused(ran, "not a photo")


# --- several at once


def test_while_a_home_is_written_one_can_ask_and_add_but_not_write_it_twice(hashtag, copy, ask):
    with writing(copy):
        assert ask(copy, CAT)["hashtags"]
        assert hashtag("tags", "block", "cat", "--home", copy).code == 0
        assert hashtag("posts", "add", *ZEPPELIN, "--home", copy).code == 0
        ran = hashtag("posts", "forget", "--author", "mina", "--home", copy)
        assert (ran.code, "is being written by `hashtag (a Python program)`, process" in ran.err) == (4, True)
    assert hashtag("posts", "forget", "--author", "mina", "--home", copy).code == 0


def test_an_index_that_is_open_answers_on_while_its_snapshot_is_deleted(copy, hashtag):
    recommender = open_recommender(copy)
    before = recommender.suggest(text=CAT)
    assert hashtag("posts", "forget", "--author", "mina", "--home", copy).code == 0
    assert recommender.suggest(text=CAT) == before
    assert open_recommender(copy).snapshot != before.snapshot


def test_a_list_of_spam_of_ones_own_stands_in_for_the_one_that_ships(hashtag, copy, ask):
    (copy / "spam.toml").write_text('[[kinds]]\nreason = "tired of it"\nhashtags = ["Pets"]\n', encoding="utf-8")
    answer = ask(copy, CAT, "--count", 30)
    assert "f4f" in tags(answer) and ("pets", "blocked") in removed(answer)
    assert "1 hashtag blocked by the list of spam" in hashtag("tags", "list", "--home", copy).out


def test_verify_finds_nothing_wrong_with_posts_added_since(hashtag, copy):
    ran = hashtag("posts", "add", "--text", "a zeppelin over the lake", "--hashtags", "zeppelin", "--home", copy)
    assert ran.code == 0
    ran = hashtag("index", "verify", "--home", copy)
    assert (ran.code, ran.out.strip()) == (0, "the index is sound")


def test_info_tells_of_a_reranker_of_another_version(hashtag, home, monkeypatch):
    monkeypatch.setattr(reranker, "VERSION", reranker.VERSION + 1)
    ran = hashtag("index", "info", "--home", home)
    assert (ran.code, "of version" in ran.out) == (0, True)


def test_building_does_not_make_a_second_database(hashtag, tmp_path):
    posts = write_rows(tmp_path / "posts.csv", make_rows(12, 3))
    elsewhere = f"sqlite:///{tmp_path / 'elsewhere.sqlite'}"
    assert hashtag("index", "build", posts, "--home", tmp_path / "home", "--db", elsewhere).code == 0
    ran = hashtag("index", "build", posts, "--home", tmp_path / "home")
    assert (ran.code, "name it with --db" in ran.err) == (2, True)


def test_a_diverse_answer_holds_nothing_unlikely_before_what_is_likely(home, ask):
    scores = [entry["score"] for entry in ask(home, CAT, "--diverse", "--count", 10)["hashtags"]]
    faint = [score < 0.1 * max(scores) for score in scores]
    assert any(faint) and faint == sorted(faint)
