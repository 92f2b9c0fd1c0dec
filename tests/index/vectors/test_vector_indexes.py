"""One contract for every index, and the slow, obvious oracles beside the fast ones."""

import math
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from hashtag_recommender.core.errors import SnapshotError
from hashtag_recommender.core.vectors import NO_ROW, unit_rows
from hashtag_recommender.index.vectors.bm25 import K1, B, Bm25
from hashtag_recommender.index.vectors.exact import ExactIndex, mean_of
from hashtag_recommender.index.vectors.extended import ExtendedIndex
from hashtag_recommender.index.vectors.faiss_index import FILE, FaissIndex, write_exact, write_ivf, write_ivf_pq
from hashtag_recommender.index.vectors.lexical import LexicalIndex, write_lexical
from hashtag_recommender.index.vectors.milvus_index import MilvusIndex, write_milvus
from hashtag_recommender.index.vectors.pruned_lexical import PrunedLexicalIndex, write_pruned_lexical

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
    write_exact(vectors, tmp_path, 1)
    return FaissIndex.read(tmp_path)


def ivf(vectors, tmp_path):
    assert write_ivf(vectors, tmp_path, 1, lists=4).recall == 1
    return FaissIndex.read(tmp_path)


def ivf_pq(vectors, tmp_path):
    write_ivf_pq(vectors, tmp_path, 1, lists=4)
    return FaissIndex.read(tmp_path)


def lexical(counts, tmp_path):
    write_lexical(counts, tmp_path, 1)
    return LexicalIndex.read(tmp_path)


def pruned_lexical(counts, tmp_path):
    assert write_pruned_lexical(counts, tmp_path, 1).recall == 1
    return PrunedLexicalIndex.read(tmp_path)


def milvus(vectors, tmp_path, index_type="FLAT"):
    pytest.importorskip("milvus_lite")
    folder = tmp_path / "snap-1" / "image"
    folder.mkdir(parents=True)
    write_milvus(vectors, folder, 1, f"milvus://{tmp_path}/posts.db", index_type)
    return MilvusIndex.read(folder)


def milvus_hnsw(vectors, tmp_path):
    return milvus(vectors, tmp_path, "HNSW")


@pytest.fixture(autouse=True)
def _stops_milvus(stops_milvus):
    pass


def extended(make):
    """Make an index of the first vectors, beside which the others stand."""

    def make_extended(vectors, tmp_path):
        return ExtendedIndex(make(vectors[:30], tmp_path), vectors[30:])

    return make_extended


@pytest.fixture(
    params=[
        (exact, dense_vectors),
        (faiss, dense_vectors),
        (ivf, dense_vectors),
        (ivf_pq, dense_vectors),
        (milvus, dense_vectors),
        (milvus_hnsw, dense_vectors),
        (lexical, caption_counts),
        (pruned_lexical, caption_counts),
        (extended(exact), dense_vectors),
        (extended(faiss), dense_vectors),
        (extended(ivf), dense_vectors),
        (extended(milvus), dense_vectors),
        (extended(lexical), caption_counts),
        (extended(pruned_lexical), caption_counts),
    ]
)
def indexed(request, tmp_path):
    make, draw = request.param
    vectors = draw()
    return make(vectors, tmp_path), vectors


def test_every_vector_finds_itself_first(indexed):
    index, vectors = indexed
    matches = index.search(vectors, 3)
    assert len(index) == N
    assert matches.rows[:, 0].tolist() == list(range(N))
    assert matches.similarities[:, 0] == pytest.approx(1, abs=1e-2)  # codes of a byte are not exact


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


def test_many_threads_get_the_answers_of_one(tmp_path):
    """Each has the n-grams of its own query, also if all begin at once."""
    counts = caption_counts()
    due = pruned_lexical(counts, tmp_path).search(counts, 10)
    asked = [counts[i] for i in range(counts.shape[0])]
    for _ in range(5):
        index = PrunedLexicalIndex.read(tmp_path)
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(lambda query, index=index: index.search(query, 10), asked))
        assert np.array_equal(np.concatenate([each.rows for each in found]), due.rows)
        assert np.array_equal(np.concatenate([each.similarities for each in found]), due.similarities)


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


def test_a_newcomer_that_says_the_same_and_less_besides_comes_before_the_double(tmp_path):
    """As it would within the index: its similarity is above 1 until it is told."""
    counts = caption_counts().toarray()
    counts[7] = 3 * (np.arange(40) == 5) + (np.arange(40) == 0)  # column 0 is in every caption, and weighs little
    shorter = counts[7:8] * (np.arange(40) == 5)
    index = lexical(sparse.csr_matrix(counts), tmp_path)
    found = ExtendedIndex(index, sparse.csr_matrix(shorter)).search(sparse.csr_matrix(counts[7:8]), 2)
    assert (found.rows.tolist(), found.similarities.tolist()) == ([[N, 7]], [[1, 1]])


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


def exact_about(old, vectors):
    return ExactIndex(vectors, mean_of(old))


def lexical_about(old, counts):
    return LexicalIndex.of(counts, Bm25.of(old))


@pytest.mark.parametrize(
    ("make", "make_anew", "draw"),
    [
        (exact, exact_about, dense_vectors),
        (faiss, exact_about, dense_vectors),
        (lexical, lexical_about, caption_counts),
    ],
)
@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(8, N), st.integers(0, 20), st.integers(1, N + 30))
def test_an_extended_index_is_one_built_of_all(make, make_anew, draw, seed, n, more, k):
    vectors, queries = draw(seed, n + more), draw(seed + 1, 5)
    with tempfile.TemporaryDirectory() as folder:
        index = make(vectors[:n], Path(folder))
    before = index.search(queries, k)
    extended, anew = ExtendedIndex(index, vectors[n:]), make_anew(vectors[:n], vectors)
    found, expected = extended.search(queries, k), anew.search(queries, k)
    assert len(extended) == len(anew) == n + more
    assert found.rows.tolist() == expected.rows.tolist()
    assert found.similarities == pytest.approx(expected.similarities, abs=1e-5)
    assert len(index) == n
    assert index.search(queries, k).rows.tolist() == before.rows.tolist()
    assert extended.search(vectors[n:], 1).similarities == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("make", "draw"),
    [(exact, dense_vectors), (faiss, dense_vectors), (milvus, dense_vectors), (lexical, caption_counts)],
)
def test_of_equal_posts_the_earlier_comes_first(make, draw, tmp_path):
    vectors = draw()
    again = np.r_[0:20, 0:10]
    index = ExtendedIndex(make(vectors, tmp_path), vectors[again])
    assert index.search(vectors[:10], 3).rows.tolist() == [[i, N + i, N + 20 + i] for i in range(10)]
    assert index.search(vectors[:10], 2).rows.tolist() == [[i, N + i] for i in range(10)]


def test_what_only_a_newcomer_says_finds_it(tmp_path):
    counts = caption_counts().toarray()
    counts[:, 20:] = 0
    said = np.zeros((1, 40), dtype=np.float32)
    said[0, [0, 20, 21]] = 1
    asked = sparse.csr_matrix(said * (np.arange(40) >= 20))
    index = lexical(sparse.csr_matrix(counts), tmp_path)
    assert (index.search(asked, 3).rows == NO_ROW).all()
    found = ExtendedIndex(index, sparse.csr_matrix(said)).search(asked, 3)
    assert found.rows[0].tolist() == [N, NO_ROW, NO_ROW]
    assert found.similarities[0, 0] > 0.5


def test_a_file_that_is_no_index_is_named(tmp_path):
    (tmp_path / FILE).write_bytes(b"not an index")
    with pytest.raises(SnapshotError, match=FILE):
        FaissIndex.read(tmp_path)
    with pytest.raises(SnapshotError, match="lexical index"):
        LexicalIndex.read(tmp_path)
