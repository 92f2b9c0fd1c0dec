import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashtag_recommender.core.post import normalise_hashtag
from hashtag_recommender.retrieval.selection.pronunciation import (
    consonants_of,
    differ_in_a_vowel,
    letters_of,
    sound_likeness,
    sound_of,
)


def likeness(one: str, other: str) -> float:
    return sound_likeness(*(sound_of(letters_of(normalise_hashtag(hashtag))) for hashtag in (one, other)))


@pytest.mark.parametrize(
    ("hashtag", "letters"),
    [
        ("카페", "kape"),
        ("치앙마이", "chiangmai"),
        ("써밋", "sseomit"),
        ("コニカ", "konika"),
        ("キャノン", "kyanon"),
        ("ほっかいどう", "hokaidou"),
        ("コーヒー", "kohi"),
        ("кофе", "kofie"),
        ("рыба", "ryba"),
        ("июль", "iyul"),
        ("émile", "emile"),
        ("canon_ae1", "canonae1"),
        ("2024", "2024"),
        ("東京", ""),
        ("東京cafe", ""),
        ("ᄏ", ""),
        ("เกาหลี", ""),
    ],
)
def test_letters(hashtag: str, letters: str) -> None:
    assert letters_of(unicodedata.normalize("NFKC", hashtag)) == letters


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("카페", "cafe"),
        ("커피", "coffee"),
        ("데일리", "daily"),
        ("후쿠오카", "fukuoka"),
        ("홍콩", "hongkong"),
        ("펜탁스", "pentax"),
        ("써밋", "summit"),
        ("스타벅스", "starbucks"),
        ("치앙마이", "chiangmai"),
        ("롤라이35s", "rollei35s"),
        ("캐논ae1p", "canonae1p"),
        ("코니카", "コニカ"),
        ("カメラ", "camera"),
        ("кафе", "cafe"),
        ("фото", "photo"),
    ],
)
def test_one_name_in_two_scripts_sounds_alike(one: str, other: str) -> None:
    assert likeness(one, other) == likeness(other, one) >= 0.8


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("카페", "coffee"),
        ("커피", "cafe"),
        ("카페투어", "cafe"),
        ("새우", "sake"),
        ("일상", "daily"),
        ("캐논ae1p", "canonae1"),
        ("롤라이35", "rollei35s"),
        ("오토보이2", "autoboy3"),
        ("東京", "tokyo"),
        ("東京", "京都"),
    ],
)
def test_other_names_do_not(one: str, other: str) -> None:
    assert likeness(one, other) < 0.8


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("초콜릿", "초콜렛"),
        ("갬성", "감성"),
        ("hamburger", "hamberger"),
        ("traveller", "traveler"),
        ("colour", "color"),
    ],
)
def test_words_that_differ_in_a_vowel(one: str, other: str) -> None:
    assert differ_in_a_vowel(letters_of(one), letters_of(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("trend", "trendy"),
        ("analog", "enalog"),
        ("서촌카페", "석촌카페"),
        ("카페투어", "커피투어"),
        ("캐논오토보이", "캐논뉴오토보이"),
        ("rollei35s", "rollei35se"),
        ("canona1", "canona2"),
        ("a", "o"),
    ],
)
def test_words_that_differ_in_more_or_at_an_end(one: str, other: str) -> None:
    assert not differ_in_a_vowel(letters_of(one), letters_of(other))


@given(st.text(max_size=12), st.text(max_size=12))
def test_likenesses_are_symmetric_and_in_range(one: str, other: str) -> None:
    assert 0 <= likeness(one, other) <= 1
    assert likeness(one, other) == pytest.approx(likeness(other, one))
    assert likeness(one, one) == (
        1.0 if letters_of(normalise_hashtag(one)) and sound_of(letters_of(normalise_hashtag(one))) else 0.0
    )
    differ_in_a_vowel(letters_of(one), letters_of(other))
    assert len(consonants_of(one)) <= len(one)
