import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashtag_recommender.core.caption_cleaning import CleanedCaption, clean_caption


@pytest.mark.parametrize(
    ("caption", "text", "removed"),
    [
        ("Lovely day (via @foo.bar) at the beach http://t.co/abc", "Lovely day at the beach", ("link", "mention")),
        ("RT @user: hello @user and @you", "hello", ("mention",)),
        ("📷 @photographer\nSunset", "Sunset", ("mention",)),
        ("Tel: 02-123-4567\n맛있는 커피 5,000원!", "맛있는 커피!", ("phone number", "price")),
        ("문의 010-1234-5678 @cafe_x", "", ("mention", "phone number")),
        ("call +44 20 7946 0958 now", "now", ("phone number",)),
        ("가격: 12,000원\n라떼 5천원대", "라떼", ("price",)),
        ("딸기파운드 (₩7000) 최고", "딸기파운드 최고", ("price",)),
        ("a latte for $4.50", "a latte", ("price",)),
        ("2024.05.03 카페 투어", "카페 투어", ("date",)),
        ("일곱시 5월 3일에 갔어요", "일곱시 갔어요", ("date",)),
        ("On May 3rd, 2024 we ate 1/2 cup", "we ate 1/2 cup", ("date",)),
        ("See you 12/31/2024!", "See you!", ("date",)),
        ("2024年5月3日 東京", "東京", ("date",)),
        ("blog: example.com/page 좋아요", "좋아요", ("link",)),
        ("프로필 링크 bit.ly/3abc", "프로필 링크", ("link",)),
        ("E-mail: a@b.com for orders", "for orders", ("e-mail address",)),
        ("Frozen lake ❄️ ⓒPhotograph by Somebody. All Rights Reserved.", "Frozen lake ❄️", ("credit",)),
        ("so good #food ＃맛집", "so good", ("hashtag",)),
    ],
)
def test_what_belongs_to_its_author_is_taken_out(caption, text, removed):
    assert clean_caption(caption) == CleanedCaption(text, removed)


@pytest.mark.parametrize(
    "caption",
    [
        "open 24/7, 3.5/5 stars, ratio 2:1",
        "5원칙 1,234 likes call 911",
        "May I have 3 apples? It was Mr.In the end. me.It",
        "version 2.0.1 at C# level, 100% cotton",
        "two lines\n\n  of words :)",
        "♥ ♥",
        "1 of 4 who came to us",
    ],
)
def test_all_else_stays_as_it_is(caption):
    assert clean_caption(f"  {caption} ") == CleanedCaption(caption, ())


def test_a_line_that_only_held_what_was_taken_out_goes():
    assert clean_caption("sunny\n☎ 02-123-4567 (11:00)\nwarm").text == "sunny\nwarm"


@given(st.text(max_size=200))
def test_cleaning_again_takes_no_letters_and_never_adds_any(caption):
    cleaned = clean_caption(caption)
    assert len(cleaned.text) <= len(caption)
    assert bool(cleaned.removed) or cleaned.text.split() == caption.split()


def test_long_captions_take_no_long():
    """The patterns go through a caption of one kind of character in about linear time."""
    for piece in ("1", "1.", "a.", "@", "#", "가", "1,", "+1 ", "h", "http:", "© ", "- ", "( "):
        clean_caption(piece * 20_000)
