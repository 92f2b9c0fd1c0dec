from typing import Any

import pytest

from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.core.suggest_options import SuggestOptions
from hashtag_recommender.core.writing_systems import SCRIPTS, scripts_of, written_in


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"count": 0}, "count is 0; at least 1"),
        ({"count": "many"}, "count is 'many'; it must be a number, or auto"),
        ({"raw": True, "platform": "x"}, "leave platform out"),
        ({"most": 0}, "the most hashtags of an answer is 0"),
        ({"count": 6, "most": 5}, "count is 6; an answer has at most 5"),
        ({"min_score": -0.1}, "the least score is -0.1"),
        ({"min_score": 1.1}, "the least score is 1.1"),
        ({"min_score": float("nan")}, "the least score is nan"),
        ({"exclude": frozenset(["cat", ""])}, "neither letter nor number"),
        ({"languages": frozenset(["ko", "klingon"])}, "language 'klingon' is not known; known are ar, bg"),
        ({"mix": "popular"}, "mix is 'popular'; it must be niche, balanced or broad"),
        ({"raw": True, "mix": "niche"}, "leave mix out"),
        ({"raw": True, "mix": "niche", "languages": frozenset(["ko"])}, "leave languages and mix out"),
    ],
)
def test_what_nothing_can_fulfil_is_refused(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint):
        SuggestOptions(**options)


def test_raw_is_not_capped() -> None:
    assert SuggestOptions(count=50, raw=True).count == 50


def test_options_can_be_told_apart_and_kept_in_a_set() -> None:
    assert len({SuggestOptions(), SuggestOptions(count=None), SuggestOptions(diverse=True)}) == 2
    assert (
        len(
            {
                SuggestOptions(exclude=["#Cat"], languages="EN, ko"),
                SuggestOptions(exclude="cat", languages=["ko", "en"]),
            }
        )
        == 1
    )


def test_how_many_at_most() -> None:
    assert (SuggestOptions().limit, SuggestOptions(most=3).limit, SuggestOptions(count=7).limit) == (5, 3, 7)
    assert SuggestOptions(count="auto").limit is None


@pytest.mark.parametrize(
    ("hashtag", "scripts"),
    [
        ("카페", {"HANGUL"}),
        ("café2024", {"LATIN"}),
        ("카페cafe", {"HANGUL", "LATIN"}),
        ("2024_12", set()),
        ("コーヒー", {"KATAKANA", "KATAKANA-HIRAGANA"}),
        ("हिन्दी", {"DEVANAGARI"}),
        ("佐々木", {"CJK", "IDEOGRAPHIC"}),
    ],
)
def test_scripts_are_those_of_letters(hashtag: str, scripts: set[str]) -> None:
    assert scripts_of(hashtag) == scripts


@pytest.mark.parametrize(
    ("hashtag", "languages"),
    [
        ("카페", {"ko"}),
        ("cafe", {"en", "fr", "es", "de", "it", "pt", "id", "vi", "tr", "nl", "pl", "sv", "ms"}),
        ("コーヒー", {"ja"}),
        ("お菓子", {"ja"}),
        ("咖啡", {"ja", "zh"}),
        ("ทำอาหาร", {"th"}),
        ("हिन्दी", {"hi", "mr", "ne"}),
        ("قهوة", {"ar", "fa", "ur"}),
        ("кофе", {"ru", "uk", "bg", "sr"}),
        ("카페cafe", set()),
        ("100", set(SCRIPTS)),
    ],
)
def test_languages_by_letters(hashtag: str, languages: set[str]) -> None:
    assert {language for language in SCRIPTS if written_in(hashtag, [language])} == languages


def test_several_languages_allow_hashtags_of_both() -> None:
    assert written_in("카페cafe", {"ko", "en"})
