import numpy as np
import pytest

from hashtag_recommender.core.query import Query
from hashtag_recommender.core.vectors import NO_ROW, Matches
from hashtag_recommender.eval.systems.references.neighbours import NeighbourVote, best_encoder, vote_shares
from hashtag_recommender.eval.systems.system import Scored
from hashtag_recommender.retrieval.encoders.ngrams import NgramEncoder


def test_shares_by_hand():
    """Similarities 0.05 apart are a factor e apart."""
    rows = np.array([[3, 1, NO_ROW], [NO_ROW] * 3])
    shares = vote_shares(Matches(rows, np.array([[0.9, 0.85, 0], [0, 0, 0]], dtype=np.float32)))
    assert shares[0] == pytest.approx([np.e / (1 + np.e), 1 / (1 + np.e), 0], abs=1e-6)
    assert not shares[1].any()


def test_the_vote_by_hand(words, make_posts):
    """`cat` is 1 from the first and 1 / sqrt(2) from the third; the validation post votes, too, others do not."""
    vote = NeighbourVote(words)
    vote.fit(make_posts("meow", "tide", "both", "", caption=["cat", "sea", "cat sea", "cat"]), make_posts("purr"))
    [cat] = vote.suggest([Query("cat")], 9)
    far = 1 / (1 + np.exp((1 - 0.5**0.5) / 0.05))
    assert cat == [Scored("meow", pytest.approx(1 - far, abs=1e-5)), Scored("both", pytest.approx(far, abs=1e-5))]
    vote.fit([], make_posts("purr", caption=["cat"]))
    assert vote.suggest([Query("cat")], 9) == [[Scored("purr", 1.0)]]


def test_where_nobody_is_near_the_most_used_stand_in(words, make_posts):
    vote = NeighbourVote(words)
    vote.fit(make_posts("a b", "b", "c b", caption=["cat", "sea", "sun"]), [])
    assert vote.suggest([Query("")], 2) == [[Scored("b", 1.0), Scored("a", pytest.approx(1 / 3))]]


def test_no_more_than_fifty_vote(words, make_posts):
    vote = NeighbourVote(words)
    vote.fit(make_posts(*["near"] * 50, *["far"] * 9, caption=["cat"] * 50 + ["cat sea"] * 9), [])
    assert vote.suggest([Query("cat")], 9) == [[Scored("near", pytest.approx(1))]]


def test_an_empty_archive_suggests_nothing(words):
    vote = NeighbourVote(words)
    vote.fit([], [])
    assert vote.suggest([Query("cat")], 3) == [[]]


def test_the_channel_is_chosen_that_does_best_on_the_validation_posts(words, make_posts):
    """The words tell all; what else the captions hold misleads."""

    class Misled(type(words)):
        channel = "misled"

        def prepare(self, content):
            return {"cat": "sea", "sea": "cat"}.get(content, content)

        def encode(self, prepared):
            return super().encode(prepared)

    captions = ["cat", "sea"] * 4
    posts = make_posts(*["meow", "tide"] * 4, caption=captions)
    blind = Misled()
    held_out = make_posts("tide", "meow", caption=["sea!", "cat!"])
    chosen, note = best_encoder([blind, words], posts, held_out)
    assert chosen is words
    assert note == "works on the sentence channel; micro F1@1 on validation posts: misled 0.000, sentence 1.000"
    chosen, _ = best_encoder([words, NgramEncoder()], posts, held_out)
    assert chosen is words  # of equal ones the first
