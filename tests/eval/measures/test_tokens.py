import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashtag_recommender.eval.measures.tokens import joined, tokens_of, units_for


@pytest.mark.parametrize(
    ("caption", "words"),
    [
        ("Don't STOP, café-au-lait!", ["dont", "stop", "café", "au", "lait"]),
        ("no. 1 & ½ 😺 #nofilter", ["no", "1", "1", "2", "nofilter"]),
        ("성수동 카페에서 ☕ 라떼를", ["성수동", "카페에서", "라떼를"]),
        ("海のcafé、猫。", ["海", "の", "café", "猫"]),
        ("ทำอาหาร thai", ["ท\u0e4d", "า", "อ", "า", "ห", "า", "ร", "thai"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("ＦＵＬＬ ｗｉｄｔｈ", ["full", "width"]),
        (" ... ", []),
    ],
)
def test_words_by_hand(caption, words):
    assert tokens_of(caption, "words") == words


def test_characters_by_hand():
    assert tokens_of("라떼 is 맛있다!", "characters") == [*"라떼is맛있다"]
    assert tokens_of("में", "characters") == ["में"]


@given(st.text())
def test_tokens_are_letters_alone_and_have_no_case(caption):
    words, characters = tokens_of(caption, "words"), tokens_of(caption, "characters")
    assert "".join(words) == "".join(characters)
    assert all(unicodedata.category(letter)[0] in "LMN" for word in words for letter in word)
    if caption.isascii():
        assert tokens_of(caption.upper(), "words") == words


@given(st.lists(st.sampled_from(["cat", "2", "카페", "海", "の", "ทํ", "में"])))
def test_a_caption_of_words_comes_apart_into_them(words):
    assert tokens_of(joined(words), "words") == words


def test_captions_are_joined_as_they_are_written():
    assert joined(["our", "cat"]) == "our cat"
    assert joined(["海", "の", "café", "猫"]) == "海の café 猫"
    assert joined([]) == ""


def test_characters_count_where_words_say_little():
    assert units_for(["our cat", "el gato"]) == ("words",)
    assert units_for(["our cat", "우리 고양이"]) == units_for(["猫"]) == units_for(["แมว"]) == ("words", "characters")
