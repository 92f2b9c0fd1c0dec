import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hashtag_recommender.core.post import Post
from hashtag_recommender.eval.measures.vocabulary import Vocabulary, own_hashtags


def test_most_used_first_and_those_used_alike_by_name(make_posts):
    vocabulary = Vocabulary.of(make_posts("b Café", "CAFÉ a", ""))
    assert vocabulary.hashtags == ["café", "a", "b"]
    assert vocabulary.uses.tolist() == [2, 1, 1]
    assert vocabulary.shares.tolist() == [2 / 3, 1 / 3, 1 / 3]
    assert vocabulary.labels.toarray().tolist() == [[1, 0, 1], [1, 1, 0], [0, 0, 0]]
    assert vocabulary.columns == {"café": 0, "a": 1, "b": 2}


def test_a_hashtag_that_a_post_carries_twice_is_used_once(make_posts):
    [post] = make_posts("Cat cat #CAT dog !")
    assert own_hashtags(post) == ["cat", "dog"]
    assert Vocabulary.of([post]).uses.tolist() == [1, 1]


def test_tiers_hold_a_third_of_all_uses_each(make_posts):
    """One hashtag of 4 uses, two of 2, four of 1."""
    vocabulary = Vocabulary.of(make_posts("a b c d", "a b c e", "a f", "a g"))
    assert vocabulary.tiers == {"a": "head", "b": "middle", "c": "middle", **dict.fromkeys("defg", "tail")}


def test_hashtags_used_alike_are_of_one_tier(make_posts):
    assert Vocabulary.of(make_posts("a b c d e")).tiers == dict.fromkeys("abcde", "middle")


def test_without_hashtags_there_is_nothing(make_posts):
    for posts in ([], make_posts("", "")):
        vocabulary = Vocabulary.of(posts)
        assert (list(vocabulary.hashtags), vocabulary.tiers, vocabulary.shares.tolist()) == ([], {}, [])


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_tiers_follow_their_definition(uses):
    """Against the slow one: where the middle of all that is used as often falls, from the most used down."""
    posts = [
        Post("test", str(i), "", tuple(f"t{tag}" for tag, n in enumerate(uses) if i < n)) for i in range(max(uses))
    ]
    tiers = Vocabulary.of(posts).tiers
    for tag, n in enumerate(uses):
        above, alike = sum(m for m in uses if m > n), sum(m for m in uses if m == n)
        thirds = 3 * (above + alike / 2) / np.sum(uses)
        assert tiers[f"t{tag}"] == ("head" if thirds < 1 else "middle" if thirds < 2 else "tail")
