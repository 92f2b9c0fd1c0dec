import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashtag_recommender.core.post import (
    clean_hashtag,
    distinct_hashtags,
    normalise_hashtag,
    parse_hashtags,
    take_out_hashtags,
)

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


@pytest.mark.parametrize(
    ("field", "hashtags"),
    [
        ("", []),
        ("카페 브런치", ["카페", "브런치"]),
        ("카페,브런치", ["카페", "브런치"]),
        ("카페, 브런치 ,, 커피", ["카페", "브런치", "커피"]),
        ("#카페#브런치 #커피", ["카페", "브런치", "커피"]),
        ("카페、브런치，커피;차", ["카페", "브런치", "커피", "차"]),
        ("['카페', '브런치']", ["카페", "브런치"]),
        ('["카페", "브런치"]', ["카페", "브런치"]),
        ("['카페' '브런치'\n '커피']", ["카페", "브런치", "커피"]),
        ("[카페, 브런치]", ["카페", "브런치"]),
        ("['don\\'t', 2024]", ["don't", "2024"]),
        ("['\\d', 'b']", ["\\d", "b"]),
        ("[]", []),
        ("['카페'", ["['카페'"]),
    ],
)
def test_hashtags_fields(field: str, hashtags: list[str]) -> None:
    assert parse_hashtags(field) == hashtags


@pytest.mark.parametrize("field", ["[" * 50_000 + "]" * 50_000, "[" + "9" * 5_000 + "]", "[" + "-" * 50_000 + "1]"])
def test_absurd_list_literals_do_no_harm(field: str) -> None:
    parse_hashtags(field)


@given(TEXT)
def test_any_hashtags_field_is_parsed(field: str) -> None:
    parse_hashtags(field)
    parse_hashtags(f"[{field}]")


@given(st.lists(st.text(min_size=1)))
def test_list_literals_are_read_back(hashtags: list[str]) -> None:
    assert parse_hashtags(repr(hashtags)) == hashtags


@pytest.mark.parametrize(
    ("caption", "text", "hashtags"),
    [
        ("오늘의 카페", "오늘의 카페", []),
        ("오늘 #카페 에서", "오늘 에서", ["카페"]),
        ("#카페#브런치", "", ["카페", "브런치"]),
        ("맛있다#카페", "맛있다", ["카페"]),
        ("한 줄\n#카페\n두 줄", "한 줄\n \n두 줄", ["카페"]),
        ("＃카페", "", ["카페"]),
        ("#film_photo!", "!", ["film_photo"]),
        ("#ทำอาหาร x", "x", ["ทำอาหาร"]),
        ("#می\u200cروم x", "x", ["می\u200cروم"]),
        ("#카페❤\ufe0f 좋다", "좋다", ["카페❤\ufe0f"]),
        ("#☕카페 좋다", "좋다", ["☕카페"]),
        ("#2024카페", "", ["2024카페"]),
        ("#1 of #100", "#1 of #100", []),
        ("#2024#카페", "#2024", ["카페"]),
        ("C# and F#", "C# and F#", []),
        ("it&#39;s", "it&#39;s", []),
        ("http://x.org/#top http://x.org/a#top", "http://x.org/#top http://x.org/a#top", []),
        ("#\ufe0f\u20e3 #❤", "#\ufe0f\u20e3 #❤", []),
        ("# 카페", "# 카페", []),
        ("", "", []),
    ],
)
def test_hashtags_are_taken_out_of_captions(caption: str, text: str, hashtags: list[str]) -> None:
    assert take_out_hashtags(caption) == (text, hashtags)


@given(st.text(st.sampled_from("#＃카페a1_ &/❤\ufe0f\n")) | TEXT)
def test_a_caption_without_its_hashtags_has_none(caption: str) -> None:
    text, hashtags = take_out_hashtags(caption)
    assert take_out_hashtags(text) == (text, [])
    assert all(clean_hashtag(hashtag) for hashtag in hashtags)
