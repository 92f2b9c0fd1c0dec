import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashtag_recommender.core.hashtags import parse_hashtags, take_out_hashtags
from hashtag_recommender.core.post import clean_hashtag

# Characters that normalisation joins, folds or drops, beside all others.
HARD = st.text(
    st.sampled_from(
        "\u0345\u034f\u115f\u1160\u3164\uffa0\u0e49\u0e33\u093e\u094d\U0001f3fd\u2764\ufe0f\u200d\u20e3#\uff03_"
        "\u0130\u0131\u00df\u017f\u03a9\u2126\ufb01\ufb00\uac00\uac01\u1100\u1161\u11a8\u3131\uff9e\uff8a\u3099"
        "\u304c\u321c\u2460\u00b2\u01c5\u0488\u2167"
    )
)
TEXT = st.text() | HARD


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
