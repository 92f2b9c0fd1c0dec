"""Which hashtags are merged by default, in small archives; `benchmarks/same_meaning.py` measures it in real ones."""

import csv
from pathlib import Path

import numpy as np
import pytest

from hashtag_recommender.core.errors import SnapshotError
from hashtag_recommender.core.rules import Rules
from hashtag_recommender.core.vectors import unit_rows
from hashtag_recommender.retrieval.reranking.hashtag_names import NameVectors
from hashtag_recommender.retrieval.selection.same_meaning import (
    Link,
    learn_same_meaning,
    merge,
    read_links,
    write_links,
)
from hashtag_recommender.retrieval.selection.selector import HashtagTable, Meanings

from .test_synonyms import ELSEWHERE, beside, table_of

LABELLED = Path(__file__).with_name("same_meaning.csv")


def named(table: HashtagTable, same: list[str]) -> NameVectors:
    """Name vectors in which the names of each of some groups are near, and all others far from each other."""
    n = len(table.hashtags)
    vectors = np.eye(n, dtype=np.float32)
    for group in same:
        columns = [table.hashtags.index(name) for name in group.split()]
        vectors[columns, columns[0]] += 2
    return NameVectors.of(unit_rows(vectors))


def linked(posts: list[str], same: list[str] | None = None) -> set[tuple[str, str, str]]:
    """The links that are learned. same: what the encoder takes for near; None: there is no encoder."""
    table = table_of(posts)
    names = None if same is None else named(table, same)
    links = learn_same_meaning(table.hashtags, table.by_hashtag.tocsr(), np.full(len(posts), -1), names)
    return {(*sorted((link.one, link.other)), link.sign) for link in links}


def meanings_of(hashtags: str, links: list[Link], rules: Rules | None = None) -> list[str]:
    """One letter for each meaning, in order of appearance."""
    table = table_of([hashtags])
    names = Meanings(table, merge(links, rules or Rules(), table)).of(hashtags.split())
    return ["abcdefgh"[list(dict.fromkeys(names)).index(name)] for name in names]


CAFES = [*beside("카페", 9), *beside("cafe", 9), *beside("카페 cafe", 9), *ELSEWHERE]
DAILY = [Link("데일리", "daily", "sound"), Link("일상", "daily", "meaning")]


def test_a_loanword_is_merged_by_its_sound() -> None:
    assert linked(CAFES) == {("cafe", "카페", "sound")}
    assert linked([*beside("데일리 daily", 9), *ELSEWHERE]) == {("daily", "데일리", "sound")}


def test_a_translation_is_merged_by_its_name_and_company() -> None:
    posts = [*beside("고양이", 9), *beside("cat", 9), *ELSEWHERE]
    assert linked(posts, ["고양이 cat"]) == {("cat", "고양이", "meaning")}
    assert linked(posts) == set(), "company alone is no sign"
    assert linked(posts, []) == set(), "nor with names that differ"


def test_a_name_in_other_company_is_a_false_friend() -> None:
    assert linked([*beside("배", 9), *[f"pear other{i % 5}" for i in range(12)], *ELSEWHERE], ["배 pear"]) == set()


def test_a_sound_in_other_company_is_a_false_friend() -> None:
    assert linked([*beside("콜라", 9), *[f"korea other{i % 5}" for i in range(12)], *ELSEWHERE]) == set()


def test_siblings_stay_apart() -> None:
    assert linked(beside("에스프레소 라떼 카페라떼"), ["에스프레소 라떼 카페라떼"]) == set()
    assert linked(beside("맛스타그램 먹스타그램 eatstagram"), []) == set()


def test_a_special_case_stays_apart() -> None:
    posts = [*beside("태국여행 thailand", 9), *beside("thailand", 9), *ELSEWHERE]
    assert linked(posts, ["태국여행 thailand"]) == set()


def test_a_part_that_is_not_in_the_other_makes_a_special_case() -> None:
    posts = [*beside("여행 travel", 25), *beside("중국여행 china", 9), *beside("여행사진 travelpic", 9), *ELSEWHERE]
    same = ["여행 travel", "중국여행 china", "여행사진 travelpic"]
    assert linked(posts, same) == {("travel", "여행", "meaning"), ("travelpic", "여행사진", "meaning")}


def test_compounds_are_compared_by_their_parts() -> None:
    words = [*beside("필름", 9), *beside("film", 9), *beside("사진", 9), *beside("photo", 9)]
    posts = [*words, *beside("필름사진", 9), *beside("filmphoto", 9), *ELSEWHERE]
    found = linked(posts, ["필름 film", "사진 photo"])
    assert {(one, other) for one, other, _ in found} == {("film", "필름"), ("photo", "사진"), ("filmphoto", "필름사진")}


def test_models_differ_in_a_letter() -> None:
    assert linked(beside("하이메틱sd himaticafd", 9)) == set()
    assert linked(beside("하이메틱sd himaticsd", 9)) == {("himaticsd", "하이메틱sd", "sound")}


def test_underscores_make_no_difference() -> None:
    assert linked([*["canonae1"] * 5, *["canon_ae1"] * 5]) == {("canon_ae1", "canonae1", "spelling")}


def test_the_company_of_three_posts_is_enough_and_of_two_is_chance() -> None:
    assert linked([*beside("카페 cafe", 3), *ELSEWHERE]) == {("cafe", "카페", "sound")}
    assert linked([*beside("카페 cafe", 2), *ELSEWHERE]) == set()


def test_foto_on_few_posts_is_not_the_counterpart_of_a_common_hashtag() -> None:
    posts = [*beside("사진 photo", 25) * 5, *beside("foto", 3), *ELSEWHERE]
    table = table_of(posts)
    vectors = named(table, ["사진 photo"]).vectors.copy()
    vectors[table.hashtags.index("foto")] = vectors[table.hashtags.index("사진")]
    links = learn_same_meaning(
        table.hashtags, table.by_hashtag.tocsr(), np.full(len(posts), -1), NameVectors.of(unit_rows(vectors))
    )
    assert [(link.one, link.other, link.sign) for link in links] == [("사진", "photo", "meaning")]


def test_a_loanword_and_a_native_word_meet_in_the_english_one() -> None:
    assert meanings_of("일상 daily 데일리 cat", DAILY) == ["a", "a", "a", "b"]


def test_chains_do_not_drift() -> None:
    links = [Link("a가", "b", "meaning"), Link("b", "다", "meaning"), Link("다", "d", "meaning")]
    assert meanings_of("a가 b 다 d", links) == ["a", "a", "b", "b"]
    links = [Link("필름카메라", "フィルムカメラ", "sound"), Link("フィルムカメラ", "filmphotography", "meaning")]
    links = [Link("filmcamera", "필름카메라", "sound"), Link("filmcamera", "フィルムカメラ", "sound"), *links]
    assert meanings_of("filmcamera 필름카메라 フィルムカメラ filmphotography", links) == ["a", "a", "a", "b"]


def test_two_that_share_a_word_are_siblings() -> None:
    links = [Link("초코라떼", "chocolate", "sound"), Link("초콜릿", "chocolate", "meaning")]
    assert meanings_of("chocolate 초코라떼 초콜릿", links) == ["a", "a", "b"]


def test_a_person_keeps_hashtags_apart() -> None:
    assert meanings_of("일상 daily 데일리", DAILY, Rules(apart=frozenset(["일상"]))) == ["a", "b", "b"]
    assert meanings_of("cats cat 고양이", [], Rules(apart=frozenset(["cats"]))) == ["a", "b", "c"]
    assert meanings_of("cats cat 고양이", [Link("cat", "고양이", "meaning")], Rules(apart=frozenset(["cat"]))) == [
        *"abc"
    ]


def test_an_alias_of_a_person_holds_with_what_was_learned() -> None:
    rules = Rules(aliases={"데일리": "everyday"})
    assert meanings_of("everyday 데일리 daily 일상", DAILY, rules) == [*"aaaa"]


def test_links_are_kept_with_a_snapshot(tmp_path: Path) -> None:
    assert read_links(tmp_path) == (), "an old snapshot has none"
    write_links(DAILY, tmp_path)
    assert list(read_links(tmp_path)) == DAILY
    for broken in ("[", '[["a"]]', "7"):
        (tmp_path / "same_meaning.json").write_text(broken, encoding="utf-8")
        with pytest.raises(SnapshotError, match="cannot be read"):
            read_links(tmp_path)


def test_the_labelled_pairs_are_what_they_are_said_to_be() -> None:
    """The rule by which they were labelled is in `benchmarks/same_meaning.py`, which measures on them."""
    with LABELLED.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len({(row["set"], frozenset((row["one"], row["other"]))) for row in rows}) == 300
    assert {row["set"] for row in rows} == {"cafe_ko", "film_ko", "recipes_en"}
    assert {row["same"] for row in rows} == {"0", "1"}
