import numpy as np
import pytest
from scipy import sparse

from hashtag_recommender.retrieval.selection.cooccurrence import Cooccurrence

# Hashtags a to f by number; a and b stand on the same posts, c has their company but not them.
CARRIED = np.array(
    [
        [1, 1, 0, 1, 0, 0],
        [1, 1, 0, 1, 0, 0],
        [1, 1, 0, 0, 1, 0],
        [0, 0, 1, 1, 0, 0],
        [0, 0, 1, 0, 1, 0],
        [0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 1],
    ],
    dtype=np.float32,
)
AUTHORS = np.array([0, 0, 1, -1, -1, 2, 2])
COMPANY = Cooccurrence(sparse.csr_matrix(CARRIED), AUTHORS)


def pair(one: int, other: int) -> tuple[np.ndarray, np.ndarray]:
    return np.array([one]), np.array([other])


def test_pairs_and_the_posts_that_carry_both() -> None:
    ones, others = COMPANY.pairs(2)
    assert list(zip(ones.tolist(), others.tolist(), strict=True)) == [(0, 1), (0, 3), (1, 3)]
    assert COMPANY.both(ones, others).tolist() == [3, 2, 2]
    assert COMPANY.posts_with(0, 1).tolist() == [0, 1, 2]
    assert COMPANY.uses.tolist() == [3, 3, 2, 3, 2, 2]


def test_authors_are_counted_as_far_as_they_are_known() -> None:
    assert COMPANY.authors_of(np.array([0, 1, 2])) == 2
    assert COMPANY.authors_of(np.array([2, 3])) == 1
    assert COMPANY.authors_of(np.array([3, 4])) is None
    assert COMPANY.authors_of(np.array([], dtype=np.int64)) is None


def test_closeness_is_the_cosine_less_where_few_posts_carry_both() -> None:
    assert COMPANY.closeness(*pair(0, 1))[0] == pytest.approx(3 / 13)
    assert COMPANY.closeness(*pair(0, 2))[0] == 0


def ties() -> np.ndarray:
    """What associates each pair, by its definition."""
    together = CARRIED.T @ CARRIED
    uses, found = together.diagonal(), np.zeros_like(together, dtype=np.float64)
    for one in range(6):
        for other in range(6):
            both, rarer = together[one, other], min(uses[one], uses[other])
            if one != other and both:
                information = np.log(both * len(CARRIED) / (uses[one] * uses[other]))
                found[one, other] = max(information, 0) * both / (both + 1) * rarer / (rarer + 1)
    return found


@pytest.mark.parametrize(("one", "other"), [(0, 1), (0, 2), (1, 3), (3, 4), (2, 5)])
def test_likeness_is_of_the_rest_of_the_company(one: int, other: int) -> None:
    rest = [column for column in range(6) if column not in (one, other)]
    mine, theirs = ties()[one, rest], ties()[other, rest]
    lengths = np.linalg.norm(mine) * np.linalg.norm(theirs)
    expected = mine @ theirs / lengths if lengths else 0.0
    assert COMPANY.likeness(*pair(one, other))[0] == pytest.approx(expected)


def test_no_pairs() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert [len(found(none, none)) for found in (COMPANY.both, COMPANY.closeness, COMPANY.likeness)] == [0, 0, 0]


def test_variety_counts_posts_alike_in_the_rest_as_one() -> None:
    assert COMPANY.variety(0, 1) == pytest.approx(9 / 5), "two are the same, the third shares nothing with them"
    assert COMPANY.variety(5, 5) >= 1
    alone = Cooccurrence(sparse.csr_matrix(np.ones((40, 2), dtype=np.float32)), np.full(40, -1))
    assert alone.variety(0, 1) == pytest.approx(1), "nothing but the pair"
    varied = Cooccurrence(
        sparse.csr_matrix(np.hstack([np.ones((500, 2)), np.eye(500)]).astype(np.float32)), np.full(500, -1)
    )
    assert varied.variety(0, 1) == pytest.approx(200), "of a sample"
