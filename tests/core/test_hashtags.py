import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hashtag_recommender.core.hashtags import parse_hashtags, read_hashtags, take_out_hashtags
from hashtag_recommender.core.post import clean_hashtag

# What emoji, words and addresses are made of, and what stands between them, beside all others.
SIGNS = (
    "#＃﹟&;/.:·‧・_*-'+카페가a1²①㈜½\u1100\u1161\u0e33\u094d\u0301\u0627\u0663\u200c\u200d\u200b\u2800\u3164\ufe0f\u20e3"
    "❤☕★☆■‼ 👍🏽🏃♀🏴\U000e0067\U000e007f🇰🇷👨👩\U0001fae8\n\t\u3000\x1c"
)
PIECES = ["http://x.org/", "www.", "x.com/", "#️⃣", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👨‍👩‍👧", "&#39;", "#카페"]
TEXT = st.text() | st.lists(st.sampled_from([*SIGNS, *PIECES]) | st.characters()).map("".join)


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
        ("카페|커피｜창가", ["카페", "커피", "창가"]),
        ("카페；커피／차", ["카페", "커피", "차"]),
        ('"surf"|"New York"|"ocean"', ["surf", "New York", "ocean"]),
        ('"surf", "New York"', ["surf", "New York"]),
        ("공원/산책", ["공원", "산책"]),
        ("24/7 2024/1/5", ["24/7", "2024/1/5"]),
        ("<python><opencv>", ["python", "opencv"]),
        ("rock-n-roll Paral·lel", ["rock-n-roll", "Paral·lel"]),
        ("['#카페 #커피', '빵집, 소금빵']", ["카페", "커피", "빵집", "소금빵"]),
        ("['New York', 'Los Angeles']", ["New York", "Los Angeles"]),
        ("['New York' 'Los Angeles']", ["New York", "Los Angeles"]),
        ("('카페', '커피')", ["카페", "커피"]),
        ("(카페)", ["카페"]),
        ('{카페,"New York",NULL}', ["카페", "New York"]),
        ("{'카페'}", ["카페"]),
        ("array(['카페', '커피'], dtype=object)", ["카페", "커피"]),
        ("['카페', nan, None, 'none']", ["카페", "none"]),
        ('["카페", null, NaN]', ["카페"]),
        ('[{"start": 0, "end": 3, "tag": "카페"}]', ["카페"]),
        ('[{"text": "카페", "indices": [0, 3]}, {"name": "커피", "url": "https://x/1"}]', ["카페", "커피"]),
        ("[{'hashtag': '#카페'}, {'label': '커피'}, {'title': '차'}]", ["카페", "커피", "차"]),
        ('{"tags": [["카페"], {"tag": "커피"}]}', ["카페", "커피"]),
        ('[{"x": 1}]', []),
        ("nan", []),
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


@given(st.lists(st.text(st.characters(exclude_characters="#＃﹟,，、;；|｜/／<>"), min_size=1)))
@example(["none"])
@example(["nan"])
@example([" ", "\x1f"])
def test_list_literals_are_read_back(hashtags: list[str]) -> None:
    entries = [stripped for tag in hashtags for line in re.split("[\t\r\n\f\v]", tag) if (stripped := line.strip())]
    entries = [entry for entry in entries if entry not in ("nan", "NaN", "NAN", "None", "NULL", "\\N", "<NA>", "NaT")]
    assert parse_hashtags(repr(hashtags)) == entries
    assert read_hashtags(hashtags) == entries


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
        ("수고 #👍🏽카페 좋다", "수고 좋다", ["👍🏽카페"]),
        ("#커피👍🏽맛집 최고", "최고", ["커피👍🏽맛집"]),
        ("#🏃🏽\u200d♀\ufe0f런닝 완료", "완료", ["🏃🏽\u200d♀\ufe0f런닝"]),
        ("#🏴󠁧󠁢󠁥󠁮󠁧󠁿축구 직관", "직관", ["🏴󠁧󠁢󠁥󠁮󠁧󠁿축구"]),
        ("#🇰🇷여행 #별*\ufe0f\u20e3점 #\U0001fae8떨림", "", ["🇰🇷여행", "별*\ufe0f\u20e3점", "\U0001fae8떨림"]),
        ("#맛집‼\ufe0f 좋다", "좋다", ["맛집‼\ufe0f"]),
        ("순위 #\ufe0f\u20e31위 ＃\u20e3 #라떼", "순위 #\ufe0f\u20e31위 ＃\u20e3", ["라떼"]),
        ("#카페#\ufe0f\u20e3", "#\ufe0f\u20e3", ["카페"]),
        ("#1\ufe0f\u20e3 #1\ufe0f\u20e3위 #☕1", "#1\ufe0f\u20e3", ["1\ufe0f\u20e3위", "☕1"]),
        ("#카페\u2800좋다 #서울■위치", "\u2800좋다 ■위치", ["카페", "서울"]),
        ("#Paral·lel #東京・大阪 #카페·#커피", "·", ["Paral·lel", "東京・大阪", "카페", "커피"]),
        ("#צה״ל #བོད་སྐད #٢٠٢٤ #قهوة٢", "#٢٠٢٤", ["צה״ל", "བོད་སྐད", "قهوة٢"]),
        ("#हिन्दी #น้ำตก #\u1100\u1161", "", ["हिन्दी", "น้ำตก", "\u1100\u1161"]),
        ("#a＿b #㈜카페 #don't", "'t", ["a＿b", "㈜카페", "don"]),
        ("#카페/#커피/#라떼", "/ /", ["카페", "커피", "라떼"]),
        ("A&#카페 &#x27;", "A& &#x27;", ["카페"]),
        ("(#카페),#커피;#차-#빵", "( ), ; -", ["카페", "커피", "차", "빵"]),
        ("(http://x.org/a)#카페 http://x.org,#차", "(http://x.org/a) http://x.org,", ["카페", "차"]),
        ("http://x.org/a\t#카페\u3000#차", "http://x.org/a", ["카페", "차"]),
        ("www.x.org/#a x.co.kr/b#c www.#d.com/#e", "www.x.org/#a x.co.kr/b#c www. .com/", ["d", "e"]),
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


@given(TEXT)
def test_what_is_left_of_a_caption_was_in_it(caption: str) -> None:
    text, hashtags = take_out_hashtags(caption)
    assert not set(text) - set(caption) - {" "}
    assert all(f"#{hashtag}" in caption.replace("＃", "#").replace("﹟", "#") for hashtag in hashtags)


@pytest.mark.parametrize("value", [[{"x": 1}], [True], [object()], 1.5, {"a": "b"}])
def test_what_is_no_hashtag_is_told(value: object) -> None:
    with pytest.raises(ValueError, match="an object without any of tag|no text but"):
        read_hashtags(value)


def test_lists_of_any_depth_do_no_harm() -> None:
    nested: object = "카페"
    for _ in range(10_000):
        nested = [nested]
    with pytest.raises(ValueError, match="no text but list"):
        read_hashtags(nested)
    assert read_hashtags([None, float("nan"), 2024, {"tag": None, "name": "카페"}]) == ["2024", "카페"]


@pytest.mark.parametrize(
    ("field", "tags"),
    [
        ("coffee, nan, cafe", ["coffee", "cafe"]),
        ("coffee nan", ["coffee"]),
        (["coffee", "nan", "None"], ["coffee"]),
        ("['coffee', 'NaN']", ["coffee"]),
        ("{coffee,NULL}", ["coffee"]),
        ("#coffee #nan", ["coffee", "nan"]),
        ("none, coffee", ["none", "coffee"]),
    ],
)
def test_absent_entries_among_others_are_left_out(field, tags):
    assert read_hashtags(field) == tags
