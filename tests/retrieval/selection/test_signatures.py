import numpy as np
import pytest
from scipy import sparse

from hashtag_recommender.core.rules import Rules
from hashtag_recommender.core.string_table import StringTable
from hashtag_recommender.core.suggest_options import SuggestOptions
from hashtag_recommender.retrieval.selection.selector import CandidateTable, HashtagTable, select
from hashtag_recommender.retrieval.selection.signatures import Signatures

HASHTAGS = ["cafe", "쿙집", "roastery", "shared", "unknown"]
CAFE, KYONG, ROASTERY, SHARED, UNKNOWN = range(5)
# 24 posts by 12 authors, and one whose author is not known. Author 0 signs with 쿙집; 0 and 1 carry #roastery.
AUTHOR_OF = np.array([*range(12), *range(12), -1])


def labels():
    table = np.zeros((25, 5), dtype=np.float32)
    table[:, CAFE] = 1
    table[[0, 12], KYONG] = 1
    table[[0, 1], ROASTERY] = 1
    table[[0, 1, 2], SHARED] = 1
    table[[3, 24], UNKNOWN] = 1
    return sparse.csc_matrix(table)


@pytest.fixture
def signatures():
    return Signatures(StringTable.of(HASHTAGS), labels(), AUTHOR_OF)


def strange(signatures, caption="a cup of coffee", author=None):
    return signatures.of_strangers(np.arange(5), caption, author)


def test_what_one_or_two_authors_alone_use_is_not_for_others(signatures):
    assert strange(signatures) == strange(signatures, author=5) == {KYONG, ROASTERY}


def test_authors_get_their_own(signatures):
    assert strange(signatures, author=0) == frozenset()
    assert strange(signatures, author=1) == {KYONG}


def test_what_the_caption_names_is_for_all(signatures):
    assert strange(signatures, "오늘은 쿙집 정식") == {ROASTERY}
    assert strange(signatures, "a Roastery in town") == {KYONG}


def test_in_an_archive_of_few_authors_nothing_is_a_signature():
    few = Signatures(StringTable.of(HASHTAGS), labels(), AUTHOR_OF % 9)
    assert strange(few) == frozenset()
    nobody = Signatures(StringTable.of(HASHTAGS), labels(), np.full(25, -1))
    assert strange(nobody) == frozenset()


def test_the_owner_of_an_archive_is_no_stranger():
    owned = sparse.vstack([labels(), labels()[np.zeros(40, dtype=np.int64)]]).tocsc()
    shop = Signatures(StringTable.of(HASHTAGS), owned, np.concatenate([AUTHOR_OF, np.zeros(40, dtype=np.int64)]))
    assert strange(shop) == frozenset()


def test_a_signature_is_told_as_removed_unless_a_rule_allows_it():
    table = CandidateTable(HashtagTable(StringTable.of(HASHTAGS), HASHTAGS, labels()))
    columns, scores = np.array([CAFE, KYONG]), np.array([0.4, 0.9])

    def selected(rules):
        return select(columns, scores, table, SuggestOptions(), rules, 0.2, strange={KYONG})

    left = selected(Rules())
    assert left.columns.tolist() == [CAFE]
    assert [(each.hashtag, each.step) for each in left.removed] == [("쿙집", "signature")]
    assert selected(Rules(allowed=frozenset(["쿙집"]))).columns.tolist() == [KYONG, CAFE]
