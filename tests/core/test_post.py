import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashtag_recommender.core.post import clean_hashtag, distinct_hashtags, normalise_hashtag

# Characters that normalisation joins, folds or drops, beside all others.
HARD = st.text(
    st.sampled_from(
        "\u0345\u034f\u115f\u1160\u3164\uffa0\u0e49\u0e33\u093e\u094d\U0001f3fd\u2764\ufe0f\u200d\u20e3#\uff03_"
        "\u0130\u0131\u00df\u017f\u03a9\u2126\ufb01\ufb00\uac00\uac01\u1100\u1161\u11a8\u3131\uff9e\uff8a\u3099"
        "\u304c\u321c\u2460\u00b2\u01c5\u0488\u2167"
    )
)
TEXT = st.text() | HARD


@given(TEXT)
def test_cleaning_twice_changes_nothing(raw: str) -> None:
    once = clean_hashtag(raw)
    assert clean_hashtag(once) == once
    assert all(c == "_" or unicodedata.category(c)[0] in "LMN" for c in once)


@given(TEXT)
def test_normalising_twice_changes_nothing(raw: str) -> None:
    once = normalise_hashtag(raw)
    assert normalise_hashtag(once) == once
    assert normalise_hashtag(clean_hashtag(raw)) == once


def test_every_single_character_comes_to_rest() -> None:
    for code in range(0x20000):
        once = normalise_hashtag(chr(code))
        assert once == normalise_hashtag(once)


@pytest.mark.parametrize(
    ("raw", "normalised"),
    [
        ("카페", "카페"),
        (unicodedata.normalize("NFD", "카페"), "카페"),
        ("#Brunch!", "brunch"),
        ("ＣＡＦＥ", "cafe"),
        ("Café", "café"),
        ("cafe\u0301", "café"),
        ("STRASSE", "strasse"),
        ("straße", "strasse"),
        ("ทำอาหาร", "ทำอาหาร"),
        (unicodedata.normalize("NFKC", "น้ำ"), "น้ำ"),
        ("हिन्दी", "हिन्दी"),
        ("film_photo", "film_photo"),
        ("love❤\ufe0f", "love"),
        ("ㅤ카ﾠ페ᅠ", "카페"),
        ("می\u200cروم", "میروم"),
        ("___", ""),
        ("❤", ""),
        ("\ufe0f\u20e3", ""),
        ("", ""),
    ],
)
def test_normalised_forms(raw: str, normalised: str) -> None:
    assert normalise_hashtag(raw) == normalised


@pytest.mark.parametrize("mark", ["\u0e49", "\u0e31", "\u093f", "\u094d", "\u0301"])
def test_combining_marks_of_scripts_are_kept(mark: str) -> None:
    assert mark in clean_hashtag("q" + mark)


@pytest.mark.parametrize(
    "invisible", ["\ufe0f", "\ufe0e", "\u115f", "\u1160", "\u3164", "\uffa0", "\u034f", "\U000e0100"]
)
def test_what_shows_nothing_is_dropped(invisible: str) -> None:
    assert clean_hashtag(f"카{invisible}페") == "카페"
    assert clean_hashtag(invisible) == ""


def test_distinct_hashtags_keep_the_first_form_and_the_order() -> None:
    assert distinct_hashtags(["#Cafe", "brunch", "CAFE", "!", "ＣＡＦＥ", "카페"]) == ("Cafe", "brunch", "카페")
