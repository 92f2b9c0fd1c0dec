import numpy as np
import pytest
from scipy import sparse

from hashtag_recommender.retrieval.search.writing_style import (
    BUCKETS,
    NEAREST,
    Styles,
    skeleton,
    style_counts,
)


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("Hello World, 2018.7.23.", "Aa Aa, 0.0.0."),
        ("마카롱 맛있움ㅋㅋ... . . .", "e eㅋㅋ... . . ."),
        ("台灣美食 ありがとう 😍😍", "d c 😍😍"),
        ("caf\u0065\u0301  हिन्दी", "a b"),
        ("", ""),
    ],
)
def test_only_how_it_is_written_is_left(caption, expected):
    assert skeleton(caption) == f"\x02{expected}\x03"


def test_one_style_in_other_words_is_the_same():
    counts = style_counts(["good coffee . .", "fine tea . .", "GOOD COFFEE!"])
    assert counts.shape == (3, BUCKETS)
    assert (counts[0] != counts[1]).nnz == 0
    assert (counts[0] != counts[2]).nnz > 0


def test_no_caption_is_a_style_too():
    counts = style_counts(["", "words", ""])
    assert counts[0].nnz > 0
    assert (counts[0] != counts[2]).nnz == 0
    assert np.all(counts.data > 0)
    assert style_counts([]).shape == (0, BUCKETS)


def test_the_nearest_in_style_come_with_all_that_are_as_near():
    """Two of three styles are nearer than the third; of the second too many posts are to be told apart."""
    n_alike = NEAREST + 10
    table = np.repeat(np.eye(3, dtype=np.float32), [4, n_alike, 7], axis=0)
    query = sparse.csr_matrix(np.array([[0.8, 0.6, 0]], dtype=np.float32))
    styles = Styles(sparse.csr_matrix(table), np.arange(len(table)))
    (found,) = styles.nearest(query)
    assert found.rows.tolist() == [list(range(4 + n_alike))]
    assert found.similarities[0] == pytest.approx([0.8] * 4 + [0.6] * n_alike)


def test_hidden_posts_are_not_found():
    styles = Styles(sparse.csr_matrix(np.eye(3, dtype=np.float32)), np.arange(3))
    query = sparse.csr_matrix(np.eye(3, dtype=np.float32)[[1]])
    (found,) = styles.nearest(query, np.array([False, True, False]))
    assert sorted(found.rows[0].tolist()) == [0, 2]
    (nobody,) = styles.nearest(query, np.array([True, True, True]))
    assert nobody.rows.shape == (1, 0)


def test_posts_that_were_drawn_go_by_their_rows():
    styles = Styles(sparse.csr_matrix(np.eye(3, dtype=np.float32)), np.array([10, 20, 30]))
    query = sparse.csr_matrix(np.array([[0.6, 0.8, 0]], dtype=np.float32))
    hidden = np.zeros(40, dtype=bool)
    hidden[20] = True
    assert [found.rows[0].tolist() for found in (*styles.nearest(query), *styles.nearest(query, hidden))] == [
        [20, 10, 30],
        [10, 30],
    ]
