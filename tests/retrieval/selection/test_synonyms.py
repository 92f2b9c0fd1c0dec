import numpy as np
from scipy import sparse

from hashtag_recommender.core.rules import Rules
from hashtag_recommender.core.string_table import StringTable
from hashtag_recommender.core.vectors import Rows
from hashtag_recommender.retrieval.selection.selector import HashtagTable
from hashtag_recommender.retrieval.selection.synonyms import AliasCandidate, suggest_aliases


def table_of(posts: list[str]) -> HashtagTable:
    labels = [post.split() for post in posts]
    hashtags = tuple(dict.fromkeys(hashtag for post in labels for hashtag in post))
    matrix = np.array([[hashtag in post for hashtag in hashtags] for post in labels], dtype=np.float32)
    shown = tuple(hashtag.capitalize() for hashtag in hashtags)
    return HashtagTable(StringTable.of(hashtags), shown, sparse.csc_matrix(matrix))


def suggested(posts: list[str], authors: Rows | None = None, rules: Rules | None = None) -> list[AliasCandidate]:
    unknown = np.full(len(posts), -1)
    return suggest_aliases(table_of(posts), unknown if authors is None else authors, rules or Rules())


def pairs(posts: list[str], authors: Rows | None = None, rules: Rules | None = None) -> list[tuple[str, str, str]]:
    return [(found.alias, found.target, found.sign) for found in suggested(posts, authors, rules)]


def beside(hashtags: str, n: int = 30) -> list[str]:
    """n posts that carry these, each with two of ten others."""
    return [f"{hashtags} with{i % 5} and{i // 5 % 5}" for i in range(n)]


CATS = beside("고양이 cat")
BLOCK = ["타투 iphonex 야경 서울여행"] * 12
ELSEWHERE = [f"other{i % 9} more{i % 7}" for i in range(40)]


def test_names_in_two_scripts_with_their_support() -> None:
    posts = [*beside("카페 cafe", 27), *beside("카페", 12), *beside("cafe", 6), *ELSEWHERE]
    [found] = suggested(posts, np.array([*[0, 1, 2] * 9, *[0] * 58]))
    assert (found.alias, found.target, found.sign) == ("Cafe", "카페", "sound")
    assert (found.alias_posts, found.target_posts, found.posts, found.authors) == (33, 39, 27, 3)
    assert 0.8 < found.likeness <= 1


def test_authors_that_are_unknown_are_not_counted() -> None:
    assert suggested([*beside("카페 cafe"), *ELSEWHERE])[0].authors is None


def test_they_may_stand_on_posts_of_their_own() -> None:
    posts = [*beside("소주"), *beside("soju", 6), *ELSEWHERE]
    [found] = suggested(posts)
    assert (found.alias, found.target, found.posts, found.sign) == ("Soju", "소주", 0, "sound")
    assert pairs([*beside("소주"), *[f"soju other{i % 5}" for i in range(12)], *ELSEWHERE]) == [], "in other company"


def test_two_hashtags_and_nothing_else_keep_company_with_each_other() -> None:
    assert pairs(["cafe 카페"] * 9 + ["sea 산"] * 9) == [("Cafe", "카페", "sound")]


def test_each_has_one_partner_in_another_script() -> None:
    posts = [*beside("카페스타그램 커피스타그램 cafestagram"), *ELSEWHERE]
    assert pairs(posts) == [("카페스타그램", "Cafestagram", "sound")]


def test_a_translation_stands_on_posts_that_differ_in_the_rest() -> None:
    assert pairs([*CATS, *ELSEWHERE]) == [("고양이", "Cat", "company")]


def test_a_block_of_hashtags_is_no_translation() -> None:
    assert pairs([*BLOCK, *ELSEWHERE]) == []


def test_what_one_author_says_is_no_translation() -> None:
    posts = [*CATS, *ELSEWHERE]
    assert pairs(posts, np.zeros(len(posts), dtype=np.int64)) == []
    assert pairs(posts, np.arange(len(posts)) % 2) == [("고양이", "Cat", "company")]


def test_a_translation_is_what_stands_with_it_most() -> None:
    posts = [*CATS, *beside("고양이 pets", 6), *beside("cat 집", 6), *ELSEWHERE]
    assert pairs(posts) == [("고양이", "Cat", "company")], "neither pets nor 집"


def test_a_special_case_is_no_translation_but_stands_in_no_ones_way() -> None:
    posts = [*beside("일본 일본여행 japan", 25), *beside("일본 일본여행", 10), *beside("japan 일본", 5), *ELSEWHERE]
    assert pairs(posts) == [("Japan", "일본", "company")]


def test_what_stands_on_a_part_of_anothers_posts_is_no_translation() -> None:
    posts = [*beside("카페 cosy", 14), *beside("카페", 25), *ELSEWHERE]
    assert pairs(posts) == []
    assert pairs([*posts, *beside("cosy", 5)]) == [("Cosy", "카페", "company")], "and on posts of its own"


def test_spellings_of_one_script() -> None:
    posts = [*beside("hamburger"), *beside("hamberger", 6), *beside("burgertime"), *ELSEWHERE]
    assert pairs(posts) == [("Hamberger", "Hamburger", "spelling")]
    assert pairs([*beside("hamburger"), *[f"hamberger else{i % 5}" for i in range(6)], *ELSEWHERE]) == []


def test_short_words_that_differ_in_a_vowel_are_other_words() -> None:
    assert pairs([*beside("bread"), *beside("broad"), *ELSEWHERE]) == []


def test_what_differs_in_underscores_alone_needs_no_company() -> None:
    posts = [*beside("canonae1"), *[f"canon_ae1 else{i % 5}" for i in range(6)], *ELSEWHERE]
    assert pairs(posts) == [("Canon_ae1", "Canonae1", "spelling")]


def test_the_surest_and_those_with_most_posts_come_first() -> None:
    posts = [
        *beside("소주 soju", 7),
        *beside("카페 cafe", 30),
        *beside("hamburger", 30),
        *beside("hamberger", 30),
        *ELSEWHERE,
    ]
    assert [target for _, target, _ in pairs(posts)] == ["Cafe", "Soju", "Hamberger"]


def test_the_blocked_the_rare_and_plurals_are_left_out() -> None:
    assert pairs([*beside("cafe 카페"), *ELSEWHERE], rules=Rules(blocked={"cafe": "blocked by you"})) == []
    assert pairs([*beside("cafe 카페", 4), *beside("sea"), *ELSEWHERE]) == []
    assert pairs([*beside("photo photos"), *ELSEWHERE]) == []


def test_what_is_one_meaning_already_is_not_put_again() -> None:
    posts = [*beside("cafe 카페"), *ELSEWHERE]
    for aliases in ({"cafe": "카페"}, {"카페": "cafe"}, {"cafe": "커피숍", "카페": "커피숍"}):
        assert pairs(posts, rules=Rules(aliases=aliases)) == []


def test_what_is_an_alias_already_becomes_the_target() -> None:
    """A hashtag has one rule: `cafe` means `bistro`, and one that means `카페` would undo that."""
    posts = [*beside("cafe 카페"), *beside("카페", 3), *ELSEWHERE]
    assert pairs(posts, rules=Rules(aliases={"cafe": "bistro"})) == [("카페", "Cafe", "sound")]
    assert pairs(posts, rules=Rules(aliases={"cafe": "bistro", "카페": "다방"})) == []


def test_archives_with_nothing_to_compare() -> None:
    assert pairs(["cat"] * 9) == []
    assert pairs(["2024 바다"] * 9) == [], "digits are of no script"
    assert pairs(["cat"]) == []
