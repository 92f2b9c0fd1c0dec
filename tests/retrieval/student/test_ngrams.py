"""Bags of hashed n-grams, held against the hash's published values and a slow count."""

import numpy as np
import pytest

from hashtag_recommender.retrieval.student.ngrams import HashedNgrams, fnv1a


@pytest.mark.parametrize(("text", "value"), [("", 0x811C9DC5), ("a", 0xE40C292C), ("foobar", 0xBF9CF968)])
def test_the_hash_is_fnv1a(text, value):
    """Values of the authors' own test suite (Noll, test_fnv.c)."""
    assert fnv1a(text) == value


def test_a_bag_holds_the_ngrams_of_words_with_spaces_around():
    ngrams = HashedNgrams(buckets=1 << 16, shortest=2, longest=3)
    (bag,) = ngrams.bags(["카페 Ab"])
    met = {
        fnv1a(ngram) % ngrams.buckets
        for ngram in (" 카", "카페", "페 ", " 카페", "카페 ", " a", "ab", "b ", " ab", "ab ")
    }
    assert set(np.flatnonzero(bag)) == met
    assert bag.sum() == pytest.approx(len(met) ** 0.5) and np.linalg.norm(bag) == pytest.approx(1)


def test_forms_that_read_alike_make_one_bag():
    same = HashedNgrams().bags(["Café  한글", "cafe\u0301\u3000한글", "ＣＡＦÉ\ufeff\t한글\n"])
    assert (same == same[0]).all() and same.dtype == np.float32


def test_nothing_to_read_is_an_empty_bag():
    assert not HashedNgrams().bags(["", " \n"]).any()
    assert HashedNgrams().bags([]).shape == (0, HashedNgrams().buckets)


def test_what_the_file_says_makes_the_same_bags():
    ngrams = HashedNgrams(buckets=512, shortest=1, longest=5)
    assert HashedNgrams.from_json(ngrams.to_json()) == ngrams
