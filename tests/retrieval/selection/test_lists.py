import tomllib
from pathlib import Path

import pytest

from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.core.post import normalise_hashtag
from hashtag_recommender.retrieval.selection import lists
from hashtag_recommender.retrieval.selection.lists import Platform, platform, platforms, spam_rules


@pytest.mark.parametrize(
    "hashtag",
    ["선팔하면맞팔", "맞팔", "선팔", "좋반", "좋아요반사", "소통", "칼맞팔", "f4f", "l4l", "fff", "follow4follow"],
)
def test_spam_is_blocked_with_a_reason(hashtag: str) -> None:
    assert spam_rules().why_blocked(hashtag)


@pytest.mark.parametrize(
    "hashtag", ["일상", "데일리", "ootd", "daily", "먹스타그램", "생선팔아요", "likeafilm", "foodporn", "반사"]
)
def test_what_is_merely_generic_is_not(hashtag: str) -> None:
    assert spam_rules().why_blocked(hashtag) is None


@pytest.mark.parametrize("name", [lists.SPAM, lists.PLATFORMS])
def test_lists_say_when_and_where_they_come_from(name: str) -> None:
    written = tomllib.loads((Path(lists.__file__).parent / name).read_text(encoding="utf-8"))
    assert written["dated"].year >= 2026
    assert written["source"].strip()


def test_no_hashtag_is_listed_twice() -> None:
    written = tomllib.loads((Path(lists.__file__).parent / lists.SPAM).read_text(encoding="utf-8"))
    listed = [normalise_hashtag(raw) for kind in written["kinds"] for raw in kind["hashtags"]]
    assert sorted(listed) == sorted(set(listed))


def test_platforms() -> None:
    assert (platform("instagram").most, platform("instagram").basis, platform("instagram").since) == (
        5,
        "rule",
        "2025-12",
    )
    assert (platform("Threads").most, platform("Threads").basis) == (1, "rule")
    assert platform("x").basis == "advice"
    assert platform("facebook").most is None
    assert all((known.most is None) == (known.basis is None) for known in platforms().values())
    assert all(known.note for known in platforms().values())


def test_an_unknown_platform_names_the_known_ones() -> None:
    with pytest.raises(
        SettingsError, match="platform 'myspace' is not known; known are facebook, instagram, .*, youtube"
    ):
        platform("myspace")


def test_an_own_list_of_spam_stands_in_for_the_one_that_ships(tmp_path: Path) -> None:
    own = tmp_path / "spam.toml"
    assert spam_rules(own) == spam_rules()
    own.write_text('[[kinds]]\nreason = "old"\nhashtags = ["#TBT"]\n', encoding="utf-8")
    assert dict(spam_rules(own).blocked) == {"tbt": "old"}


def test_own_platforms_win_and_join(tmp_path: Path) -> None:
    own = tmp_path / "platforms.toml"
    assert platforms(own) == platforms()
    own.write_text('[Instagram]\nmost = 3\nbasis = "rule"\nsince = 2027\n[ours]\n', encoding="utf-8")
    assert platform("instagram", own) == Platform("instagram", 3, "rule", "2027", "")
    assert platform("ours", own) == Platform("ours", None, None, None, "")
    assert platform("threads", own) == platform("threads")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("kinds = 3", "kinds must be tables"),
        ("[kinds]\nreason = 'x'", "kinds must be tables"),
        ("[[kinds]]\nhashtags = ['x']", "kind 1 has no reason"),
        ("[[kinds]]\nreason = 'x'\nhashtags = 'x'", "kind 1: hashtags must be a list of texts"),
        ("[[kinds]]\nreason = 'x'\nfragments = [3]", "kind 1: fragments must be a list of texts"),
        ("[[kinds]]\nreason = 'x'\nfragments = ['❤']", "kind 1: '❤' is no hashtag"),
        ("[[kinds", "cannot be read"),
        (b"\xff", "cannot be read"),
    ],
)
def test_a_list_of_spam_that_cannot_be_used(tmp_path: Path, content: str | bytes, complaint: str) -> None:
    own = tmp_path / "spam.toml"
    own.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SettingsError, match=complaint) as raised:
        spam_rules(own)
    assert str(own) in str(raised.value)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("x = 3", "x must be a table"),
        ("[x]\nmost = 0\nbasis = 'rule'", "most is 0; it must be a number of hashtags"),
        ("[x]\nmost = true\nbasis = 'rule'", "most is True"),
        ("[x]\nmost = '5'\nbasis = 'rule'", "most is '5'"),
        ("[x]\nmost = 5", 'basis must be "rule" or "advice"'),
        ("[x]\nbasis = 'rule'", 'basis must be "rule" or "advice"'),
        ("[x]\nmost = 5\nbasis = 'law'", 'basis must be "rule" or "advice"'),
    ],
)
def test_platforms_that_cannot_be_used(tmp_path: Path, content: str, complaint: str) -> None:
    own = tmp_path / "platforms.toml"
    own.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match=complaint) as raised:
        platforms(own)
    assert str(own) in str(raised.value)


def test_a_folder_in_a_lists_place_is_no_list(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        spam_rules(tmp_path)
