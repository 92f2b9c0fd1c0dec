"""Hashtags fit a query by their own names, too, whatever posts carry them."""

import numpy as np
import pytest

from hashtag_recommender.core.vectors import unit_rows
from hashtag_recommender.retrieval.encoders.ngrams import NgramEncoder
from hashtag_recommender.retrieval.reranking.hashtag_names import NO_NAMES, HashtagNames, name_captions, naming_encoders
from hashtag_recommender.retrieval.search.similarity import Contents


def contents_of(vectors):
    ngrams = NgramEncoder().encode([""] * len(vectors))
    return Contents([""] * len(vectors), ngrams, {"sentence": vectors.astype(np.float32)})


def test_a_name_fits_by_its_similarity_above_the_average():
    names = unit_rows(np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32))
    queries = np.stack([names[7], np.zeros(8), names[3]])
    fits = list(HashtagNames({"sentence": names}).fit(contents_of(queries)))
    assert fits[1] == {}, "a query without a vector says nothing"
    for query, row in ((0, 7), (2, 3)):
        fit = fits[query]["sentence"]
        assert fit.dtype == np.float32 and fit.shape == (50,)
        assert fit.argmax() == row
        assert (fit.mean(), fit.std()) == pytest.approx((0, 1), abs=1e-5)


def test_a_hashtag_without_a_vector_is_unknown_and_changes_nothing():
    names = HashtagNames({"sentence": unit_rows(np.random.default_rng(0).normal(size=(9, 8)).astype(np.float32))})
    queries = contents_of(np.eye(8)[:1])
    [before], [after] = names.fit(queries), names.extend(2, NO_NAMES).fit(queries)
    assert after["sentence"][:9] == pytest.approx(before["sentence"], abs=1e-6)
    assert np.isnan(after["sentence"][9:]).all()
    nothing = HashtagNames({"sentence": np.zeros((2, 8), dtype=np.float32)})
    assert list(nothing.fit(queries)) == [{}]


def test_names_are_written_as_captions_are():
    hashtags = ["CoffeeTime", "성수카페", "さんぽ", "日常", "new_york", "BTS", "_", "カフェ"]
    spoken = ["Coffee Time", "성수카페", "さんぽ", "日常", "new york", "BTS", "_", "カフェ"]
    assert name_captions("multilingual", hashtags) == spoken
    assert name_captions("text", hashtags) == [
        "a photo of Coffee Time",
        "성수카페 사진",
        "さんぽの写真",
        "日常的照片",
        "a photo of new york",
        "a photo of BTS",
        "a photo of _",
        "カフェの写真",
    ]


@pytest.mark.parametrize(
    ("encoders", "by"),
    [
        (["image", "sentence", "multilingual", "lexical"], {"sentence": "sentence", "multilingual": "multilingual"}),
        (["image", "text", "sentence", "lexical"], {"sentence": "sentence", "image": "text"}),
        (["image", "lexical"], {}),
    ],
)
def test_photos_are_compared_with_names_where_there_is_a_text_tower(encoders, by):
    assert naming_encoders(encoders) == by
