"""Which hashtags mean the same."""

from hashtag_recommender.core.rules import Rules


def test_aliases_hold_in_any_order_and_however_chained():
    rules = Rules(aliases={"a": "b", "c": "b", "d": "c", "x": "y"})
    assert rules.same_as("a") == ("b", "c", "d")
    assert rules.same_as("b") == ("a", "c", "d")
    assert rules.same_as("d") == ("a", "b", "c")
    assert rules.same_as("y") == ("x",) and rules.same_as("z") == ()


def test_aliases_in_a_circle_end():
    assert Rules(aliases={"a": "b", "b": "c", "c": "a"}).same_as("a") == ("b", "c")
