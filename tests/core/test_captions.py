import pytest

from hashtag_recommender.core.captions import MOST_CAPTIONS, CaptionOptions
from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.core.writing_systems import mostly_written_in


@pytest.mark.parametrize(
    "wrong",
    [
        {"count": 0},
        {"count": MOST_CAPTIONS + 1},
        {"languages": "ko,xx"},
        {"min_length": 0},
        {"min_length": 10, "max_length": 9},
    ],
)
def test_what_nothing_can_fulfil_is_refused(wrong):
    with pytest.raises(SettingsError):
        CaptionOptions(**wrong)


def test_languages_come_as_a_text_or_a_list():
    assert CaptionOptions(languages=" KO, en").languages == CaptionOptions(languages=["en", "ko"]).languages


@pytest.mark.parametrize(
    ("text", "languages", "expected"),
    [
        ("오늘의 espresso 한 잔", ["ko"], False),
        ("오늘의 커피 한 잔 espresso", ["ko", "en"], True),
        ("오늘은 단골 카페에서 latte 한 잔", ["ko"], True),
        ("tiny coffee bar", ["ko"], False),
        ("☕ 123", ["ko"], False),
    ],
)
def test_most_letters_decide_the_language(text, languages, expected):
    assert mostly_written_in(text, languages) is expected
