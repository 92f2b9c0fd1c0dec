"""Captions against the truth: by hand, and what always holds."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashtag_recommender.eval.measures.bootstrap import interval, users_of
from hashtag_recommender.eval.measures.captions import MEASURES, score_captions

TRUTH = ["the cat sat on the mat", "cats love fresh bread", "a day at the sea"]
WRITTEN = ["The cat sat!", "my cat loves bread", ""]


@pytest.fixture(scope="module")
def scores():
    return score_captions(WRITTEN, TRUTH, "words")


def test_bleu_by_hand(scores):
    """7 tokens of 15: 4 right of 7 (the cat sat bread), 2 pairs of 5, 1 triple of 3, no four of 1."""
    brevity = math.exp(1 - 15 / 7)
    assert scores.figure("bleu_1") == pytest.approx(brevity * 4 / 7)
    assert scores.figure("bleu_2") == pytest.approx(brevity * math.sqrt(4 / 7 * 2 / 5))
    assert scores.figure("bleu_3") == pytest.approx(brevity * (4 / 7 * 2 / 5 * 1 / 3) ** (1 / 3))
    assert scores.figure("bleu_4") == pytest.approx(brevity * (4 / 7 * 2 / 5 * 1 / 3 * 1 / 2) ** (1 / 4))


def test_rouge_l_by_hand(scores):
    """Precision 3/3 and recall 3/6; one of four on either side; nothing."""
    assert scores.rouge_l.tolist() == pytest.approx([2 * 0.5 / 1.5, 1 / 4, 0])
    assert scores.figure("rouge_l") == pytest.approx((2 / 3 + 1 / 4) / 3)


def test_meteor_by_hand(scores):
    """All three words, of which `the` is taken for the second; three of four by their stems: each in two chunks."""
    recall, precision = 3 / 6, 3 / 3
    first = 10 * precision * recall / (recall + 9 * precision) * (1 - 0.5 * (2 / 3) ** 3)
    assert scores.meteor.tolist() == pytest.approx([first, 3 / 4 * (1 - 0.5 * (2 / 3) ** 3), 0])


def test_cider_by_hand():
    """The same caption is worth 10 if it holds four tokens; n-grams of every post weigh nothing."""
    truth = ["the black cat sleeps", "the white dog barks", "the", "the red"]
    found = score_captions(["the black cat sleeps", "the cat", "the", "red"], truth, "words").cider
    assert found[0] == pytest.approx(10)
    assert found[1] == found[2] == 0
    # One n-gram length of four agrees, and the truth has one pair of tokens more.
    assert found[3] == pytest.approx(10 / 4 * math.exp(-1 / (2 * 6**2)))


def test_characters_find_what_words_do_not():
    words, characters = (score_captions(["카페에서"], ["카페에"], unit) for unit in ("words", "characters"))
    assert words.figure("rouge_l") == 0
    assert characters.figure("rouge_l") == pytest.approx(2 * 3 / 4 / (1 + 3 / 4))


captions = st.lists(st.sampled_from("a b c d e".split()), min_size=1, max_size=8).map(" ".join)


@given(st.lists(captions, min_size=1, max_size=5), st.data())
def test_figures_have_bounds_and_none_beats_the_truth(truth, data):
    written = [data.draw(st.one_of(captions, st.just(""))) for _ in truth]
    found, best = score_captions(written, truth, "words"), score_captions(truth, truth, "words")
    for measure in MEASURES:
        assert -1e-9 <= found.figure(measure) <= (10 if measure == "cider" else 1) + 1e-9
        if not measure.startswith("bleu"):
            assert found.figure(measure) <= best.figure(measure) + 1e-9


def test_the_truth_itself_is_perfect():
    best = score_captions(TRUTH, TRUTH, "words")
    figures = {measure: best.figure(measure) for measure in MEASURES}
    assert [figures[name] for name in MEASURES if name.startswith(("bleu", "rouge"))] == pytest.approx([1] * 5)
    assert figures["cider"] == pytest.approx(10)
    assert figures["meteor"] == pytest.approx(np.mean([1 - 0.5 / len(caption.split()) ** 3 for caption in TRUTH]))


def test_intervals_hold_the_figure(scores):
    users = users_of(["ann", "bob", None])
    for measure in MEASURES:
        low, high = interval(scores.resampled(measure, users))
        assert low <= scores.figure(measure) <= high


def test_posts_must_be_the_same_and_have_captions():
    with pytest.raises(ValueError, match="1 captions for 2 posts"):
        score_captions(["a"], ["a", "b"], "words")
    with pytest.raises(ValueError, match="and some"):
        score_captions([], [], "words")
    with pytest.raises(ValueError, match="no token"):
        score_captions(["a"], ["!"], "words")
