import time

from hypothesis import given
from hypothesis import strategies as st

from hashtag_recommender.core.post import normalise_hashtag
from hashtag_recommender.retrieval.new_hashtags.phrases import find_phrases
from hashtag_recommender.retrieval.new_hashtags.words import OTHER, split_words


def phrases(caption):
    return list(find_phrases(split_words(caption)).texts)


def test_korean_nouns_lose_their_particles():
    found = phrases("저녁은 성수동 카페에서 김치찌개를 먹었다")
    assert {"저녁", "성수동", "카페", "성수동카페", "김치찌개"} <= set(found)
    assert not any(text.endswith(("은", "에서", "를", "었다")) for text in found)


def test_neighbouring_words_are_written_as_one():
    assert {"sourdough", "sourdoughpizza", "pizza"} <= set(phrases("Sourdough pizza, again"))
    assert "pizzaagain" not in phrases("Sourdough pizza, again"), "punctuation separates"


def test_japanese_is_split_where_the_script_changes():
    assert phrases("東京駅でラーメンを食べた") == ["東京駅", "ラーメン"]


def test_words_with_marks_and_apostrophes_stay_whole():
    assert "नमस्ते" in phrases("नमस्ते दुनिया")
    assert phrases("don't") == ["dont"]


def test_laughter_is_no_phrase():
    assert phrases("ㅠㅜㅋㅋㅋㅋ 김치찌개 ㅎㅎ") == ["김치찌개"]
    assert phrases("pizzaㅋㅋㅋ ㅎㅎsourdough") == ["pizza", "sourdough"]
    assert phrases("김치찌개ㅠㅠ \uffbb\uffbb") == ["김치찌개"], "letters of half width, too"


def test_what_cannot_be_seen_does_not_split_words():
    assert phrases("sour\u00addough") == phrases("\u200fsourdough\ufeff") == ["sourdough"]
    assert phrases("می\u200cخواهم") == ["میخواهم"]
    assert phrases("김치\u2060찌개") == phrases("김치찌개")
    assert phrases("sourdough\u200bpizza") == phrases("sourdough pizza"), "a space of no width is a space"


def test_addresses_accounts_and_markup_are_no_words():
    caption = "see https://shop.example.com/sale?id=4 or mail bob@corp.example, by @somebody <b>latte</b> \x1b[31mred"
    assert {word.text for word in split_words(caption).words} == {"see", "or", "mail", "by", "latte", "red"}


def test_long_numbers_and_sentences_without_spaces_are_no_phrases():
    assert phrases("01012345678") == phrases("今天去了新开的咖啡馆喝拿铁") == []


def test_numbers_alone_are_no_phrase():
    assert phrases("1234 2024") == []
    assert "35mm" in phrases("35mm")


def test_a_phrase_is_shown_as_the_caption_writes_it():
    found = find_phrases(split_words("We love Sourdough Pizza"))
    assert found.shown(list(found.texts).index("sourdoughpizza")) == "Sourdough Pizza"
    assert found.words(list(found.texts).index("sourdoughpizza")) == ("sourdough", "pizza")


def test_places_are_right_behind_emoji():
    split = split_words("😀😀 성수동 카페 🍕 pizza")
    assert [split.letters[word.start : word.end] for word in split.words] == ["성수동", "카페", "pizza"]


def test_emoji_alone_have_no_words():
    assert split_words("😀 ❤️ 🇰🇷").words == []
    assert phrases("") == []


def test_a_caption_of_ten_thousand_words_is_read_in_part():
    started = time.process_time()
    assert len(phrases("김치찌개 sourdough 맛집 " * 4000)) <= 150
    assert time.process_time() - started < 10  # seconds, of which Kiwi takes some to load


@given(st.text(max_size=60))
def test_phrases_are_normalised_hashtags(caption):
    split = split_words(caption)
    assert all(a.end <= b.start for a, b in zip(split.words, split.words[1:], strict=False))
    assert all(word.kind == OTHER or word.text for word in split.words)
    for text in find_phrases(split).texts:
        assert normalise_hashtag(text) == text
