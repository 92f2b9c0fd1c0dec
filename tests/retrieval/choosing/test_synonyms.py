import numpy as np
import pytest
from scipy import sparse

from hashtag_recommender.core.rules import Rules
from hashtag_recommender.retrieval.choosing.selection import HashtagTable
from hashtag_recommender.retrieval.choosing.synonyms import AliasCandidate, suggest_aliases


def table_of(posts: list[str]) -> HashtagTable:
    carried = [post.split() for post in posts]
    hashtags = tuple(dict.fromkeys(hashtag for post in carried for hashtag in post))
    matrix = np.array([[hashtag in post for hashtag in hashtags] for post in carried], dtype=np.float32)
    shown = tuple(hashtag.capitalize() for hashtag in hashtags)
    return HashtagTable(hashtags, shown, matrix.sum(axis=0).astype(np.int64), sparse.csr_matrix(matrix))


# Nine posts carry cat and 고양이, and seven more cat alone: 9 / sqrt(16 * 9) = 0.75.
CATS = ["cat 고양이"] * 9 + ["cat"] * 7
ROWS = [*CATS, *["홈카페 홈카페그램 카페투어"] * 8, *["sea 바다"] * 4, *["맞팔 f4f"] * 9, *["photo photos"] * 9]
TABLE = table_of(ROWS)
SPAM = Rules(blocked={"f4f": "spam", "맞팔": "spam"})


def test_candidates_with_their_evidence_best_first() -> None:
    found = suggest_aliases(TABLE, SPAM)
    assert found == [
        AliasCandidate("홈카페", "홈카페그램", 8, pytest.approx(1.0)),
        AliasCandidate("고양이", "Cat", 9, pytest.approx(0.75)),
    ], "neither spam, nor plurals, nor what fewer than five posts carry, nor 카페투어, which only keeps company"


def test_what_is_one_meaning_already_is_not_put_again() -> None:
    known = Rules(blocked=SPAM.blocked, aliases={"고양이": "cat"})
    assert [candidate.alias for candidate in suggest_aliases(TABLE, known)] == ["홈카페"]


def test_the_least_cosine_and_the_most_pairs() -> None:
    assert [candidate.alias for candidate in suggest_aliases(TABLE, SPAM, least=0.8)] == ["홈카페"]
    assert [candidate.alias for candidate in suggest_aliases(TABLE, SPAM, most=1)] == ["홈카페"]
    assert suggest_aliases(TABLE, SPAM, most=0) == []


def test_pairs_that_more_posts_bear_out_come_first() -> None:
    table = table_of([*["brand 상표"] * 5, "brand", *["film 필름"] * 40, *["film"] * 10])
    assert [candidate.target for candidate in suggest_aliases(table, Rules())] == ["Film", "Brand"]


def test_each_hashtag_has_one_translation() -> None:
    table = table_of([*["cat 고양이 야옹"] * 9, *["cat 고양이"] * 9])
    assert [(found.alias, found.target) for found in suggest_aliases(table, Rules())] == [("Cat", "고양이")]


def test_digits_are_of_no_script() -> None:
    assert suggest_aliases(table_of(["2024 바다"] * 9), Rules()) == []


def test_an_archive_of_one_hashtag() -> None:
    assert suggest_aliases(table_of(["cat"] * 9), Rules()) == []
