"""Hashtags fit a query by their own names, too, whatever posts carry them."""

import numpy as np
import pytest

from hashtag_recommender.core.vectors import unit_rows
from hashtag_recommender.retrieval.encoders.ngrams import NgramEncoder
from hashtag_recommender.retrieval.reranking import hashtag_names
from hashtag_recommender.retrieval.reranking.hashtag_names import (
    BY_NAME,
    NO_NAMES,
    HashtagNames,
    NameVectors,
    name_captions,
    naming_encoders,
)
from hashtag_recommender.retrieval.search.similarity import Contents


def contents_of(vectors):
    ngrams = NgramEncoder().encode([""] * len(vectors))
    return Contents([""] * len(vectors), ngrams, {"sentence": vectors.astype(np.float32)})


def of(fits, query, columns):
    return fits.of(np.full(len(columns), query), columns)


def test_a_name_fits_by_its_similarity_above_the_average():
    names = unit_rows(np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32))
    queries = np.stack([names[7], np.zeros(8), names[3]])
    fits = HashtagNames.from_vectors({"sentence": names}).fit(contents_of(queries))["sentence"]
    assert not len(fits.best[1]), "a query without a vector says nothing"
    assert np.isnan(of(fits, 1, np.arange(50))).all()
    for query, row in ((0, 7), (2, 3)):
        fit = of(fits, query, np.arange(50))
        assert fit.dtype == np.float32 and fit.shape == (50,)
        assert fit.argmax() == row
        assert (fit.mean(), fit.std()) == pytest.approx((0, 1), abs=1e-5)
        assert fits.best[query].tolist() == np.argsort(-fit)[:BY_NAME].tolist()


def test_a_hashtag_without_a_vector_is_unknown_and_changes_nothing():
    vectors = unit_rows(np.random.default_rng(0).normal(size=(9, 8)).astype(np.float32))
    names = HashtagNames.from_vectors({"sentence": vectors})
    queries = contents_of(np.eye(8)[:1])
    before, after = (some.fit(queries)["sentence"] for some in (names, names.extend(2, NO_NAMES)))
    fit = of(after, 0, np.arange(11))
    assert fit[:9] == pytest.approx(of(before, 0, np.arange(9)), abs=1e-6)
    assert np.isnan(fit[9:]).all() and after.best[0].tolist() == before.best[0].tolist()
    nothing = HashtagNames.from_vectors({"sentence": np.zeros((2, 8), dtype=np.float32)}).fit(queries)["sentence"]
    assert not len(nothing.best[0]) and np.isnan(of(nothing, 0, np.arange(2))).all()


def test_names_that_came_later_are_as_those_there_from_the_start():
    vectors = unit_rows(np.random.default_rng(2).normal(size=(60, 8)).astype(np.float32))
    whole, few = (HashtagNames.from_vectors({"sentence": some}) for some in (vectors, vectors[:25]))
    grown = few.extend(20, HashtagNames.from_vectors({"sentence": vectors[25:45]}))
    grown = grown.extend(15, HashtagNames.from_vectors({"sentence": vectors[45:]}))
    queries = contents_of(unit_rows(np.random.default_rng(3).normal(size=(40, 8))))
    one, other = (names.fit(queries)["sentence"] for names in (whole, grown))
    for i in range(40):
        assert one.best[i].tolist() == other.best[i].tolist()
        assert of(one, i, np.arange(60)) == pytest.approx(of(other, i, np.arange(60)), abs=1e-6)


def test_of_many_names_an_index_finds_nearly_all_of_the_best(monkeypatch, tmp_path):
    rng = np.random.default_rng(4)
    subjects = rng.normal(size=(60, 16))
    vectors, queries = (
        unit_rows(subjects[rng.integers(60, size=n)] + 0.5 * rng.normal(size=(n, 16))) for n in (8000, 30)
    )
    vectors[::50] = 0
    exact = NameVectors.of(vectors)
    monkeypatch.setattr(hashtag_names, "MANY", 1000)
    NameVectors.of(vectors).save(tmp_path, "names")
    indexed = NameVectors.load(tmp_path, "names").extend(vectors[:0])
    assert indexed.vectors.dtype == np.float16 and indexed.index is not None
    everyone = np.arange(8000)
    shared = 0
    one, other = exact.fit(queries), indexed.fit(queries)
    for i in range(30):
        shared += len(np.intersect1d(one.best[i], other.best[i]))
        assert of(one, i, everyone) == pytest.approx(of(other, i, everyone), abs=0.01, nan_ok=True)
    assert shared > 0.9 * 30 * BY_NAME


def test_names_survive_their_files_and_those_of_an_earlier_release(tmp_path):
    vectors = unit_rows(np.random.default_rng(6).normal(size=(30, 8)).astype(np.float32))
    NameVectors.of(vectors).save(tmp_path, "names")
    now = NameVectors.load(tmp_path, "names")
    for part in ("count", "mean", "second"):
        (tmp_path / f"names_{part}.npy").unlink()
    then = NameVectors.load(tmp_path, "names")
    for read in (now, then):
        assert np.array_equal(read.vectors, vectors) and read.moments.count == 30
        assert read.moments.second == pytest.approx(vectors.T.astype(np.float64) @ vectors / 30)


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
