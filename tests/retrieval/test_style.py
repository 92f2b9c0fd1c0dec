import numpy as np
import pytest

from hashtag_recommender.retrieval.style import BUCKETS, skeleton, style_counts


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("Hello World, 2018.7.23.", "Aa Aa, 0.0.0."),
        ("마카롱 맛있움ㅋㅋ... . . .", "e eㅋㅋ... . . ."),
        ("台灣美食 ありがとう 😍😍", "d c 😍😍"),
        ("caf\u0065\u0301  हिन्दी", "a b"),
        ("", ""),
    ],
)
def test_only_how_it_is_written_is_left(caption, expected):
    assert skeleton(caption) == f"\x02{expected}\x03"


def test_one_style_in_other_words_is_the_same():
    counts = style_counts(["good coffee . .", "fine tea . .", "GOOD COFFEE!"])
    assert counts.shape == (3, BUCKETS)
    assert (counts[0] != counts[1]).nnz == 0
    assert (counts[0] != counts[2]).nnz > 0


def test_no_caption_is_a_style_too():
    counts = style_counts(["", "words", ""])
    assert counts[0].nnz > 0
    assert (counts[0] != counts[2]).nnz == 0
    assert np.all(counts.data > 0)
    assert style_counts([]).shape == (0, BUCKETS)
