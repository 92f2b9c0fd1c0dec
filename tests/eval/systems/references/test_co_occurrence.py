import pytest

from hashtag_recommender.core.query import Query
from hashtag_recommender.eval.systems.references.co_occurrence import CoOccurrence
from hashtag_recommender.eval.systems.system import Scored

TRAIN = ("Cat cute", "cat pet cute", "cat sea", "sea sun beach", "cat pet")
VALIDATION = ("sea boat",)
QUERIES = [Query("My pet is asleep"), Query("At the sea, with sun."), Query("")]


def test_co_occurrence_by_hand(make_posts):
    """`pet` goes with cat twice out of two, with cute once; 6 posts, of which 4, 2 and 2 carry them."""
    system = CoOccurrence()
    system.fit(make_posts(*TRAIN), make_posts(*VALIDATION))
    [asleep, shore, silent] = system.suggest(QUERIES, 3)
    expected = [("cat", (1 + 4 / 6) / 2), ("pet", (1 + 2 / 6) / 2), ("cute", (1 / 2 + 2 / 6) / 2)]
    assert asleep == [Scored(hashtag, pytest.approx(score)) for hashtag, score in expected]
    assert shore[0] == Scored("sea", pytest.approx((1 + 1 + 3 / 6) / 3))
    assert silent == [Scored(hashtag, pytest.approx(n / 6)) for hashtag, n in [("cat", 4), ("sea", 3), ("cute", 2)]]


def test_co_occurrence_does_not_suggest_what_nothing_speaks_for(make_posts):
    system = CoOccurrence()
    system.fit([], [])
    assert system.suggest(QUERIES, 3) == [[], [], []]
