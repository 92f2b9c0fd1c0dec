import itertools

import pytest
import torch

from hashtag_recommender.eval.systems.networks.decoding import BEAM, Decoder, search, sequences
from hashtag_recommender.eval.systems.networks.emitter import Emitter
from hashtag_recommender.eval.systems.networks.hashtags import Hashtags

M = 6
USUAL = 4


class Table(Emitter):
    """The logits of what comes next depend on the post and on what came last."""

    def __init__(self, n=20, seed=0):
        super().__init__(M)
        self.register_buffer("table", 3 * torch.randn(n, M + 1, M, generator=torch.Generator().manual_seed(seed)))

    def begin(self, inputs):
        return (inputs[0],), (inputs[0],)

    def step(self, seen, memory, last):
        return self.table[seen[0], last], memory

    def emit(self, following):
        return following


def decode(emitter, usual=USUAL):
    return Decoder(emitter, torch.zeros(1, usual, dtype=torch.int64))


def likelihood(emitter, post, columns):
    """By hand: hashtags that were emitted are out of the race for the next."""
    total, last, out = 0.0, M, []
    for column in columns:
        logits = emitter.table[post, last].clone()
        logits[out] = -torch.inf
        total += float(logits.log_softmax(0)[column])
        out.append(column)
        last = column
    return total


POSTS = (torch.arange(20),)


@pytest.mark.parametrize("beam", [1, BEAM, 100])
def test_likelihoods_are_those_by_hand_and_nothing_comes_twice(beam):
    emitter = Table()
    columns, likelihoods = search(emitter, POSTS, 4, beam, USUAL)
    for post, (own, given) in enumerate(zip(columns.tolist(), likelihoods.tolist(), strict=True)):
        assert len(set(own)) == 4
        expected = [likelihood(emitter, post, own[:end]) for end in range(1, 5)]
        assert given == pytest.approx(expected, abs=1e-4)


def test_a_beam_of_one_is_greedy():
    emitter = Table()
    columns, _ = search(emitter, POSTS, 2, 1, USUAL)
    first = emitter.table[:, M].argmax(dim=1)
    assert torch.equal(columns[:, 0], first)
    second = emitter.table[torch.arange(20), first].scatter(1, first.unsqueeze(1), -torch.inf).argmax(dim=1)
    assert torch.equal(columns[:, 1], second)


@pytest.mark.parametrize("beam", [1, BEAM, M])
def test_a_beam_as_wide_as_there_are_hashtags_finds_the_likeliest_two(beam):
    emitter = Table()
    pairs = list(itertools.permutations(range(M), 2))
    best = [max(likelihood(emitter, post, pair) for pair in pairs) for post in range(20)]
    _, likelihoods = search(emitter, POSTS, 2, beam, USUAL)
    assert (likelihoods[:, -1] <= torch.tensor(best) + 1e-4).all()
    if beam == M:
        assert likelihoods[:, -1].tolist() == pytest.approx(best, abs=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_what_is_ranked_is_at_least_as_likely_as_greedy(seed):
    emitter = Table(seed=seed)
    for k in range(1, 5):
        _, scores = decode(emitter).rank(POSTS, k)
        _, greedy = search(emitter, POSTS, k, 1, USUAL)
        assert (scores[:, -1] >= greedy[:, -1].exp() - 1e-6).all()


def test_more_than_usual_does_not_change_what_stands_before():
    decoder = decode(Table(), usual=2)
    few, _ = decoder.rank(POSTS, 2)
    many, scores = decoder.rank(POSTS, M)
    assert torch.equal(many[:, :2], few)
    assert torch.equal(many.sort(dim=1).values, torch.arange(M).expand(20, M))
    assert (scores.diff(dim=1) <= 0).all()


def test_the_loss_is_the_mean_over_all_hashtags_and_leaves_out_padding():
    emitter = Table()
    targets = torch.tensor([[2, 0, -1], [5, -1, -1]])
    steps = [(0, M, 2), (0, 2, 0), (1, M, 5)]
    expected = -sum(float(emitter.table[post, last].log_softmax(0)[due]) for post, last, due in steps) / 3
    assert float(emitter.loss((torch.arange(2),), targets)) == pytest.approx(expected, abs=1e-4)


def test_hashtags_are_learned_in_the_order_of_their_use(make_posts):
    posts = make_posts("rare common", "common", "unknown")
    hashtags = Hashtags(posts[:2], most=10)
    assert sequences(hashtags, posts).tolist() == [[0, 1], [0, -1], [-1, -1]]
    assert sequences(hashtags, posts[2:]).tolist() == [[-1]]
