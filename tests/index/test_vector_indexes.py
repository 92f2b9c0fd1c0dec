"""One contract for every index, and the slow, obvious oracles beside the fast ones."""

import math
from collections import Counter

import numpy as np
import pytest
from scipy import sparse

from hashtag_recommender.core.errors import SnapshotError
from hashtag_recommender.core.vectors import NO_ROW, unit_rows
from hashtag_recommender.index.exact import ExactIndex
from hashtag_recommender.index.faiss_index import FILE, FaissIndex, FaissWriter
from hashtag_recommender.index.lexical import K1, B, LexicalIndex, LexicalWriter

N, DIMENSION = 60, 16


def dense_vectors(seed=0, n=N):
    return unit_rows(np.random.default_rng(seed).normal(size=(n, DIMENSION)))


def caption_counts(seed=0, n=N):
    drawn = np.random.default_rng(seed).poisson(0.4, size=(n, 40)).astype(np.float32)
    drawn[:, 0] = 1  # no caption is empty
    return sparse.csr_matrix(drawn)


def exact(vectors, _):
    return ExactIndex(vectors)


def faiss(vectors, tmp_path):
    writer = FaissWriter(DIMENSION)
    writer.add(vectors[:7])
    writer.add(vectors[7:])
    writer.write(tmp_path)
    return FaissIndex.read(tmp_path)


def lexical(counts, tmp_path):
    writer = LexicalWriter(counts.shape[1])
    writer.add(counts[:7])
    writer.add(counts[7:])
    writer.write(tmp_path)
    return LexicalIndex.read(tmp_path)


@pytest.fixture(params=[(exact, dense_vectors), (faiss, dense_vectors), (lexical, caption_counts)])
def indexed(request, tmp_path):
    make, draw = request.param
    vectors = draw()
    return make(vectors, tmp_path), vectors


def test_every_vector_finds_itself_first(indexed):
    index, vectors = indexed
    matches = index.search(vectors, 3)
    assert len(index) == N
    assert matches.rows[:, 0].tolist() == list(range(N))
    assert matches.similarities[:, 0] == pytest.approx(1, abs=1e-5)


def test_similarities_fall_and_dtypes_are_as_promised(indexed):
    index, vectors = indexed
    matches = index.search(vectors, 10)
    assert matches.rows.shape == matches.similarities.shape == (N, 10)
    assert matches.rows.dtype == np.int64
    assert matches.similarities.dtype == np.float32
    assert (np.diff(matches.similarities, axis=1) <= 1e-6).all()


def test_one_query_gets_the_answer_it_gets_in_a_batch(indexed):
    index, vectors = indexed
    batch = index.search(vectors, 5)
    for i in (0, 17, N - 1):
        one = index.search(vectors[i : i + 1], 5)
        assert one.rows[0].tolist() == batch.rows[i].tolist()
        assert one.similarities[0] == pytest.approx(batch.similarities[i], abs=1e-6)


def test_asking_for_more_than_there_are_pads(indexed):
    index, vectors = indexed
    matches = index.search(vectors[:2], N + 5)
    assert (matches.rows[:, -5:] == NO_ROW).all()
    assert ((matches.rows == NO_ROW) == (matches.similarities == 0)).all()


def test_only_likeness_above_zero_matches(indexed):
    index, vectors = indexed
    matches = index.search(vectors, N)
    assert (matches.similarities[matches.rows != NO_ROW] > 0).all()


def test_a_vector_of_zeros_matches_nothing(indexed):
    index, vectors = indexed
    matches = index.search(vectors[:1] * 0, 4)
    assert (matches.rows == NO_ROW).all()
    assert (matches.similarities == 0).all()


def test_faiss_agrees_with_the_oracle(tmp_path):
    vectors, queries = dense_vectors(), dense_vectors(seed=1, n=40)
    fast, oracle = faiss(vectors, tmp_path).search(queries, 20), ExactIndex(vectors).search(queries, 20)
    assert fast.rows.tolist() == oracle.rows.tolist()
    assert fast.similarities == pytest.approx(oracle.similarities, abs=1e-5)


def test_what_all_vectors_have_in_common_does_not_count():
    """Features after a rectifier all point the same way; without centring everything would resemble everything."""
    common = unit_rows(dense_vectors() + 3 * np.ones((1, DIMENSION)))
    similarities = ExactIndex(common).search(common, N).similarities
    assert 0 < np.median(similarities[:, 1]) < 0.8 < (common @ common.T).min()


def test_where_all_vectors_are_equal_they_are_found():
    equal = np.repeat(unit_rows(np.ones((1, DIMENSION))), 30, axis=0)
    assert ExactIndex(equal).search(equal[:1], 3).similarities[0] == pytest.approx(1)


def test_a_short_caption_within_a_long_one_is_no_more_than_alike(tmp_path):
    drawn = caption_counts().toarray()
    drawn[0] = drawn[1] * (np.arange(40) < 20)
    counts = sparse.csr_matrix(drawn)
    index = lexical(counts, tmp_path)
    assert index.search(counts, N).similarities.max() <= 1


def bm25_by_the_book(query, post, archive):
    """The formula of LexicalIndex, one n-gram after another."""
    n = len(archive)
    df = Counter(gram for caption in archive for gram in caption)
    mean_length = sum(map(Counter.total, archive)) / n

    def idf(gram):
        return math.log(1 + (n - df[gram] + 0.5) / (df[gram] + 0.5))

    def score(caption):
        return sum(
            idf(g) * idf(g) * caption[g] * (K1 + 1) / (caption[g] + K1 * (1 - B + B * caption.total() / mean_length))
            for g in query
            if g in caption
        )

    return score(post) / score(query)


def test_the_lexical_index_agrees_with_the_formula(tmp_path):
    counts, queries = caption_counts(), caption_counts(seed=1, n=5)
    found = lexical(counts, tmp_path).search(queries, N)
    as_counters = [Counter({int(g): int(c) for g, c in zip(row.indices, row.data, strict=True)}) for row in counts]
    for i, row in enumerate(queries):
        query = Counter({int(g): int(c) for g, c in zip(row.indices, row.data, strict=True)})
        for place, post in enumerate(found.rows[i]):
            expected = bm25_by_the_book(query, as_counters[post], as_counters)
            assert found.similarities[i, place] == pytest.approx(expected, abs=1e-5)


def test_a_file_that_is_no_index_is_named(tmp_path):
    (tmp_path / FILE).write_bytes(b"not an index")
    with pytest.raises(SnapshotError, match=FILE):
        FaissIndex.read(tmp_path)
    with pytest.raises(SnapshotError, match="lexical index"):
        LexicalIndex.read(tmp_path)
