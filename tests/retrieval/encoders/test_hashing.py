"""Counts of hashed n-grams are those of scikit-learn's HashingVectorizer."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import HashingVectorizer

from hashtag_recommender.retrieval.encoders.hashing import hashed_counts, ngrams, ngrams_within_words
from hashtag_recommender.retrieval.search.writing_style import skeleton

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), max_size=4)


def counted(texts, **options):
    plain = {"lowercase": False, "alternate_sign": False, "norm": None, "dtype": np.float32}
    counts = HashingVectorizer(n_features=2**12, **plain, **options).transform(texts)
    counts.sort_indices()
    return counts


def same(one, other):
    return (
        one.shape == other.shape
        and one.dtype == other.dtype == np.float32
        and all(np.array_equal(getattr(one, part), getattr(other, part)) for part in ("indptr", "indices", "data"))
    )


@given(texts=TEXTS, lengths=st.sampled_from([(1, 4), (2, 3), (3, 3)]))
def test_counts_are_those_of_scikit_learn(texts, lengths):
    texts = ["오랜만에 단골 카페, espresso", *texts]
    within_words = (ngrams_within_words(text, *lengths) for text in texts)
    assert same(hashed_counts(within_words, 2**12), counted(texts, analyzer="char_wb", ngram_range=lengths))
    skeletons = [skeleton(text) for text in texts]
    across_words = (ngrams(text, 1, 6) for text in skeletons)
    assert same(hashed_counts(across_words, 2**12), counted(skeletons, analyzer="char", ngram_range=(1, 6)))


def test_ngrams_of_a_text():
    assert list(ngrams("abc", 1, 2)) == ["a", "b", "c", "ab", "bc"]
    assert list(ngrams("a", 2, 3)) == ["a"]
    assert hashed_counts([], 16).shape == (0, 16)
