from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from hashtag_recommender.core.errors import SnapshotError
from hashtag_recommender.core.rules import Rules
from hashtag_recommender.core.string_table import StringTable
from hashtag_recommender.core.suggest_options import SuggestOptions
from hashtag_recommender.retrieval.selection.selector import CandidateTable, HashtagTable, select
from hashtag_recommender.retrieval.selection.signatures import (
    Signatures,
    guess_signatures,
    read_signatures,
    write_signatures,
)

from .test_synonyms import table_of

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


def shops(n: int = 12, everywhere: str = "") -> list[str]:
    """Posts of n shops: each puts the same hashtags under its five posts, and beside them some that others have."""
    own = [
        f"shop{shop} handle{shop} series{shop} cafe topic{i} mood{(shop + i) % 7}"
        for shop in range(n)
        for i in range(5)
    ]
    others = [f"cafe topic{i % 5} mood{i % 7} coffee{i % 11}" for i in range(110)]
    return [f"{post} {everywhere}" for post in [*own, *others]]


def guessed(posts: list[str], author: int = -1) -> set[str]:
    table = table_of([" ".join(dict.fromkeys(post.split())) for post in posts])
    return set(guess_signatures(table.hashtags, table.by_hashtag.tocsr(), np.full(len(posts), author)))


SHOPS = [post.replace("cafe", f"cafe{i % 3}") for i, post in enumerate(shops())]


def test_without_authors_signatures_are_guessed_by_near_copies() -> None:
    assert guessed(SHOPS) == {f"{name}{shop}" for name in ("shop", "handle", "series") for shop in range(12)}


def test_a_topic_stands_among_other_hashtags_each_time() -> None:
    table = table_of(SHOPS)
    assert {"topic1", "mood3", "coffee5"} <= set(table.hashtags) and not {"topic1", "mood3", "coffee5"} & guessed(SHOPS)


def test_where_an_author_is_known_nothing_is_guessed() -> None:
    assert guessed(SHOPS, author=0) == set()


def test_in_the_archive_of_one_owner_nothing_is_guessed() -> None:
    assert guessed(shops(everywhere="mybrand")) == set(), "the owner's brand is on every post"
    few = [post.replace("cafe", f"cafe{i % 3}") for i, post in enumerate(shops(9))]
    assert guessed(few) == set(), "nine lists may be nine campaigns of one owner"


def test_a_hashtag_on_many_posts_is_no_signature() -> None:
    campaign = [f"mybrand spring sale week{i}" for i in range(20)]
    assert not {"mybrand", "spring", "sale"} & guessed([*SHOPS, *campaign])


def test_nothing_is_guessed_of_nothing() -> None:
    assert guessed(["cafe", "coffee", "cafe coffee", "tea", ""]) == set()
    assert guess_signatures(StringTable.of([]), sparse.csr_matrix((0, 0)), np.zeros(0, dtype=np.int64)) == ()


def test_guesses_are_for_those_whose_caption_names_them() -> None:
    nobody = Signatures(StringTable.of(HASHTAGS), labels(), np.full(25, -1), ["roastery", "쿙집", "gone"])
    assert strange(nobody) == {ROASTERY, KYONG}
    assert strange(nobody, "a Roastery in town") == {KYONG}
    known = Signatures(StringTable.of(HASHTAGS), labels(), AUTHOR_OF, ["shared"])
    assert strange(known) == {ROASTERY, KYONG}, "where authors are known, they are counted"


def test_guesses_are_kept_with_a_snapshot(tmp_path: Path) -> None:
    assert read_signatures(tmp_path) == (), "an old snapshot has none"
    write_signatures(["쿙집", "roastery"], tmp_path)
    assert read_signatures(tmp_path) == ("쿙집", "roastery")
    for broken in ("[", "7"):
        (tmp_path / "signatures.json").write_text(broken, encoding="utf-8")
        with pytest.raises(SnapshotError, match="cannot be read"):
            read_signatures(tmp_path)
