import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from hashtag_recommender.core.vectors import unit_rows
from hashtag_recommender.retrieval.encoders.ngrams import NgramEncoder
from hashtag_recommender.retrieval.search import duplicates
from hashtag_recommender.retrieval.search.duplicates import (
    LIKE_CAPTIONS,
    _find_alike_captions,
    find_duplicates,
    members_of,
    voting_posts,
)
from hashtag_recommender.retrieval.search.similarity import Contents

ADVERT = "Grand opening of our bakery in the old town, first bread for free until noon"


def clusters(captions, **dense):
    encoder = NgramEncoder()
    counts = encoder.encode([encoder.prepare(caption) for caption in captions])
    return find_duplicates(Contents(captions, counts, dense)).tolist()


def test_the_same_caption_twice_is_one():
    assert clusters([ADVERT, "Rain again", ADVERT, ADVERT.upper(), ""]) == [0, 1, 0, 0, 2]


def test_the_same_caption_without_any_letter_is_one():
    assert clusters(["\u2615", "Rain again", "\u2615"]) == [0, 1, 0]


def test_copies_of_several_texts_that_begin_alike_are_told_apart(monkeypatch):
    """Also if there are more texts than rounds."""
    news = ["Plum cake is back on Friday", "Closed at noon", "Rye bread, two for one", "Now hiring drivers"]
    captions = [f"{ADVERT[:40]} {text}: {text}, {price} won" for price in (100, 200) for text in news]
    expected = [0, 1, 2, 3, 0, 1, 2, 3]
    assert clusters(captions) == expected
    monkeypatch.setattr(duplicates, "_ROUNDS", 2)
    assert clusters(captions) == expected


def test_a_greeting_that_begins_every_caption_makes_no_copies():
    greeting = "Hello from your friends at the little bakery by the river! "
    news = ["Plum cake is back", "We close at noon on Monday", "Rye bread, two for one", "Now hiring drivers"]
    assert clusters([greeting + text for text in news]) == [0, 1, 2, 3]


def test_captions_that_differ_in_a_word_are_one():
    changed = "Today: " + ADVERT.replace("noon", "ten")
    assert clusters([ADVERT, "Rain again", changed, "A walk by the sea"]) == [0, 1, 0, 2]


def test_short_captions_that_begin_alike_are_not():
    assert clusters(["coffee", "coffee and a long walk along the shore"]) == [0, 1]


def test_empty_posts_are_no_copies_of_each_other():
    assert clusters(["", "", ""], image=np.zeros((3, 4), dtype=np.float32)) == [0, 1, 2]


def test_photos_chain_posts_together():
    """The first and last post share nothing but each a copy of the middle one."""
    photos = unit_rows(np.array([[1, 0, 0], [1, 0.02, 0], [0, 0, 1]]))
    assert clusters(["One", ADVERT, ADVERT + "!"], image=photos) == [0, 0, 0]


def test_members_by_cluster():
    members = members_of(np.array([0, 1, 0, 2, 1]))
    assert [rows.tolist() for rows in members] == [[0, 2], [1, 4], [3]]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_no_alike_pair_is_missed(seed):
    """Against the slow oracle, all cosines."""
    rng = np.random.default_rng(seed)
    table = (rng.random((14, 10)) < 0.5) * rng.choice([0.2, 1, 3], size=(14, 10))
    words = sparse.csr_matrix(unit_rows(np.vstack([table, table[:4] + 0.3 * (rng.random((4, 10)) < 0.3)])))
    found = {
        (int(a), int(b)) for ones, others in _find_alike_captions(words) for a, b in zip(ones, others, strict=True)
    }
    cosines = (words @ words.T).toarray()
    expected = {(a, b) for a, b in zip(*np.nonzero(np.triu(cosines >= LIKE_CAPTIONS, 1)), strict=True)}
    assert found == pytest.approx(expected) if not expected else found == expected


def test_nothing_to_compare():
    empty = sparse.csr_matrix((0, 4), dtype=np.float32)
    assert find_duplicates(Contents([], empty, {})).tolist() == []


def test_among_many_posts_copies_are_found_without_comparing_all(monkeypatch):
    rng = np.random.default_rng(0)
    distinct = unit_rows(rng.normal(size=(400, 64)))
    copies = unit_rows(distinct[rng.integers(400, size=300)] + 0.01 * rng.normal(size=(300, 64)))
    vectors = np.concatenate([distinct, copies, np.zeros((50, 64), dtype=np.float32)])
    exact = clusters([""] * len(vectors), image=vectors)
    monkeypatch.setattr(duplicates, "_MANY", 100)
    assert len(set(exact)) < len(vectors) - 250
    assert clusters([""] * len(vectors), image=vectors) == exact


def test_among_many_captions_copies_are_found_without_comparing_all(monkeypatch):
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abcdefghijklmnop"), 6)) for _ in range(300)]
    distinct = [" ".join(rng.choice(words, 14)) for _ in range(200)]
    # Each begins with a word of its own, so that it is not found by its start.
    copies = [f"{''.join(rng.choice(list('xyz'), 5))} {distinct[i]}" for i in rng.integers(200, size=60)]
    exact = clusters([*distinct, *copies])
    assert len(set(exact)) < len(exact) - 40
    monkeypatch.setattr(duplicates, "_MANY", 100)
    monkeypatch.setattr(duplicates, "_TELLS_LITTLE", 1)  # of so few captions none tells little
    assert clusters([*distinct, *copies]) == exact


def test_only_a_post_without_hashtags_gives_way_and_only_to_a_copy_that_has_some():
    labels = sparse.csr_matrix(np.array([[0, 0], [1, 0], [0, 1], [0, 0], [0, 0], [1, 1]], dtype=np.float32))
    assert voting_posts(np.array([0, 0, 0, 1, 1, 2]), labels).tolist() == [False, True, True, True, True, True]
