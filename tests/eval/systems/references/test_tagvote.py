import pytest

from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.core.query import Query
from hashtag_recommender.eval.systems.references.tagvote import TagVote
from hashtag_recommender.eval.systems.system import Scored

VALIDATION = ("rare",)


def fitted(words, make_posts, authors):
    system = TagVote([words])
    posts = make_posts(
        "often meow",
        "often meow",
        "often",
        "often",
        "often",
        caption=["cat", "cat pet", "cat", "sea", "sun"],
        author=authors,
    )
    notes = system.fit(posts, make_posts("often", caption=["boat"])).notes
    assert notes == ["works on the sentence channel; micro F1@1 on validation posts: sentence 1.000"]
    return system


def test_votes_less_chance_by_hand(words, make_posts):
    """Three of six posts are neighbours: all carry `often`, as do 6 of 6; two carry `meow`, as do 2 of 6."""
    [cat] = fitted(words, make_posts, [None] * 5).suggest([Query("cat")], 9)
    assert cat == [Scored("meow", pytest.approx(2 - 3 * 2 / 6)), Scored("often", pytest.approx(3 - 3))]


def test_a_user_has_one_vote(words, make_posts):
    """The first two posts are of one user, of whom the nearer votes: two neighbours."""
    [cat] = fitted(words, make_posts, ["a", "a", "b", "c", "c"]).suggest([Query("cat")], 9)
    assert cat == [Scored("meow", pytest.approx(1 - 2 * 2 / 6)), Scored("often", pytest.approx(2 - 2))]


def test_where_nobody_votes_the_most_used_stand_in(words, make_posts):
    [silent] = fitted(words, make_posts, [None] * 5).suggest([Query("")], 9)
    assert silent == [Scored("often", 1.0), Scored("meow", pytest.approx(2 / 6))]


def test_validation_posts_are_asked_for(words, make_posts):
    with pytest.raises(SettingsError, match="tagvote needs both"):
        TagVote([words]).fit(make_posts("a"), [])
