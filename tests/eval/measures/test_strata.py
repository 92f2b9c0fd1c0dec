from pathlib import Path

import pytest

from hashtag_recommender.core.post import Photo, Post
from hashtag_recommender.eval.measures.metrics import judge
from hashtag_recommender.eval.measures.strata import by_post, by_spam, by_tier, caption_script, modality

SUGGESTED = [["Sea", "f4f", "boat"], ["f4f", "sun"]]
TRUTH = [["sea", "boat", "new"], ["f4f"]]


@pytest.mark.parametrize(
    ("caption", "script"),
    [
        ("A walk, 2024", "latin"),
        ("오늘의 카페 a cat", "hangul"),
        ("新しい店", "japanese"),
        ("東京散歩に", "japanese"),
        ("台北咖啡", "cjk"),
        ("Ｃａｆé", "latin"),
        ("Прогулка", "cyrillic"),
        ("☕ 2024!", "none"),
        ("", "none"),
    ],
)
def test_captions_by_their_letters(caption, script):
    assert caption_script(caption) == script


@pytest.mark.parametrize(
    ("caption", "photo", "expected"),
    [("Hi", True, "both"), ("Hi", False, "text"), (" ", True, "image"), ("", False, "none")],
)
def test_what_a_post_has(caption, photo, expected):
    assert modality(Post("test", "1", caption, (), Photo(Path("1.jpg"), "") if photo else None)) == expected


def test_posts_apart():
    strata = by_post(judge(SUGGESTED, TRUTH), ["text", "both"])
    assert list(strata) == ["both", "text"]
    assert strata["text"](2).tolist() == [[1, 2, 3]]
    assert strata["both"](5).tolist() == [[1, 5, 1]]


def test_hashtags_apart():
    """Only those of the tier count, on either side; what no training post carries is apart from all tiers."""
    strata = by_tier(SUGGESTED, TRUTH, {"f4f": "head", "sea": "middle", "sun": "tail", "boat": "tail"})
    counts = {tier: counts_at(2).tolist() for tier, counts_at in strata.items()}
    assert counts == {
        "head": [[0, 1, 0], [1, 1, 1]],
        "middle": [[1, 1, 1], [0, 0, 0]],
        "tail": [[0, 0, 1], [0, 1, 0]],
        "unseen": [[0, 0, 1], [0, 0, 0]],
    }


def test_without_spam_what_follows_moves_up():
    strata = by_spam(SUGGESTED, TRUTH, {"f4f"})
    assert strata["in"](2).tolist() == [[1, 2, 3], [1, 2, 1]]
    assert strata["out"](2).tolist() == [[2, 2, 3]]


def test_where_all_is_spam_nothing_is_left():
    assert by_spam([["f4f"]], [["f4f"]], {"f4f"})["out"](5).shape == (0, 3)
