import pytest

from hashtag_recommender.core.string_table import StringTable
from hashtag_recommender.retrieval.reranking.mentions import BEGINS, WHOLE, HashtagFinder

HASHTAGS = ["카페", "newyork", "cat", "東京", "a", "ไทย", "x" * 21]


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("성수 카페에서", {"카페": BEGINS}),
        ("성수 카페", {"카페": WHOLE}),
        ("카페에서, 카페!", {"카페": WHOLE}),
        ("New  York in spring", {"newyork": WHOLE}),
        ("The CATS and a concatenation", {"cat": BEGINS}),
        ("在東京吃", {"東京": WHOLE}),
        ("ไทย food", {"ไทย": WHOLE}),
        ("a b", {}),
        ("x" * 21, {}),
        ("", {}),
    ],
)
def test_finding(caption, expected):
    found = HashtagFinder(StringTable.of(HASHTAGS)).find(caption)
    assert {HASHTAGS[column]: how for column, how in found.items()} == expected


def test_all_captions_as_one_by_one():
    captions = ["성수 카페", "", "the cat in newyorker hats"]
    finder = HashtagFinder(StringTable.of(HASHTAGS))
    table = finder.find_all(captions).toarray()
    assert table.shape == (3, len(HASHTAGS))
    for caption, row in zip(captions, table, strict=True):
        assert {column: row[column] for column in row.nonzero()[0]} == finder.find(caption)


def test_no_hashtags():
    assert HashtagFinder(StringTable.of([])).find_all(["words"]).shape == (1, 0)
