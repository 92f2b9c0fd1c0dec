import itertools

import pytest
import torch

from hashtag_recommender.eval.systems.networks.emitter import Emitter
from hashtag_recommender.eval.systems.networks.writing import BEAM, END, FIRST_WORD, UNKNOWN, Writer, search

M = 5
LONGEST = 4
POSTS = (torch.arange(20),)


class Table(Emitter):
    """The logits of what comes next depend on the post and on what came last."""

    def __init__(self, seed=0):
        super().__init__(M)
        self.register_buffer("table", 3 * torch.randn(20, M + 1, M, generator=torch.Generator().manual_seed(seed)))

    def begin(self, inputs):
        return (inputs[0],), (inputs[0],)

    def step(self, seen, memory, last):
        return self.table[seen[0], last], memory

    def emit(self, following):
        return following.clone()


def by_hand(emitter, post, words):
    """The mean log likelihood of the symbols of a caption, END included."""
    total, last = 0.0, M
    for place, symbol in enumerate([*words, END]):
        logits = emitter.table[post, last].clone()
        logits[UNKNOWN] = -torch.inf
        if place == 0:
            logits[END] = -torch.inf
        if place == LONGEST:
            logits[FIRST_WORD:] = -torch.inf
        logits[[after for before, after in itertools.pairwise(words[:place]) if before == last]] = -torch.inf
        total += float(logits.log_softmax(0)[symbol])
        last = symbol
    return total / (len(words) + 1)


WORDS = range(FIRST_WORD, M)
ALL = [
    words
    for length in range(1, LONGEST + 1)
    for words in itertools.product(WORDS, repeat=length)
    if len(set(itertools.pairwise(words))) == length - 1
]


@pytest.mark.parametrize("beam", [1, BEAM, 100])
def test_captions_hold_words_alone_one_at_least_and_have_an_end(beam):
    for caption in search(Table(), POSTS, LONGEST, beam):
        assert 1 <= len(caption) <= LONGEST
        assert all(word in WORDS for word in caption)
        assert tuple(caption) in ALL


def test_a_beam_of_one_is_greedy():
    emitter = Table()
    for post, caption in enumerate(search(emitter, POSTS, LONGEST, 1)):
        expected, last = [], M
        while len(expected) < LONGEST:
            logits = emitter.table[post, last].clone()
            logits[[UNKNOWN, END] if not expected else [UNKNOWN]] = -torch.inf
            logits[[after for before, after in itertools.pairwise(expected) if before == last]] = -torch.inf
            last = int(logits.argmax())
            if last == END:
                break
            expected.append(last)
        assert caption == expected


@pytest.mark.parametrize("seed", range(5))
def test_a_beam_comes_near_the_best_of_all_captions_and_never_above(seed):
    emitter = Table(seed)
    found = [by_hand(emitter, post, caption) for post, caption in enumerate(search(emitter, POSTS, LONGEST, BEAM))]
    best = [max(by_hand(emitter, post, words) for words in ALL) for post in range(20)]
    assert all(one <= highest + 1e-5 for one, highest in zip(found, best, strict=True))
    assert sum(one == pytest.approx(highest, abs=1e-5) for one, highest in zip(found, best, strict=True)) > 12


def test_a_writer_writes_for_each_post_in_order():
    emitter = Table()
    together = Writer(emitter, LONGEST).write((torch.arange(20),), BEAM)
    assert together == [Writer(emitter, LONGEST).write((torch.tensor([post]),), BEAM)[0] for post in range(20)]
