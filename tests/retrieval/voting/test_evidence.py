import numpy as np
import pytest
from scipy import sparse

from hashtag_recommender.core.results import Neighbour
from hashtag_recommender.core.vectors import NO_ROW
from hashtag_recommender.retrieval.search.neighbours import Neighbours
from hashtag_recommender.retrieval.voting.evidence import EVIDENCE, QUOTED, Evidence
from hashtag_recommender.retrieval.voting.fusion import Fusion, VoteSource, fuse

FUSION = Fusion(
    (
        VoteSource("image", "image", 10, 0.5),
        VoteSource("lexical", "text", 10, 0.5),
        VoteSource("lexical", "text", 30, 0.5),
    ),
    {"image": (1.0, 0.0, 0.0), "text": (0.0, 1.0, 1.0), "image text": (1.0, 1.0, 1.0)},
)


class Posts:
    """As much of an archive as evidence needs."""

    def neighbour(self, row, channel, similarity, share, photo):
        return Neighbour("src", f"post {row}", channel, similarity, share, "word " * 100, None)


def hits(channel, *neighbours):
    """A channel's answer to one query: (row, similarity), nearest first."""
    rows = np.full((1, 100), NO_ROW, dtype=np.int64)
    similarities = np.zeros((1, 100), dtype=np.float32)
    for i, (row, similarity) in enumerate(neighbours):
        rows[0, i], similarities[0, i] = row, similarity
    return {channel: Neighbours(rows, similarities, np.zeros((1, 100), dtype=np.int64))}


def behind(labels, *channels, columns=(0,), ages=None):
    """The posts behind hashtags, and the fused votes."""
    labels = sparse.csr_matrix(np.array(labels, dtype=np.float32))
    found = hits("image") | hits("lexical")
    for channel in channels:
        found |= channel
    ages = None if ages is None else np.array(ages, dtype=np.float32)
    fused = fuse(FUSION, found, labels, 1, ages)
    evidence = Evidence(Posts(), labels, FUSION, found, fused)
    return evidence.find(0, np.array(columns)), fused.scores.toarray()[0]


def posts(some):
    return [neighbour.post for neighbour in some]


def test_those_that_carry_the_hashtag_the_weightiest_first():
    said = hits("lexical", (2, 0.9), (0, 0.6), (1, 0.5))
    [of_first, of_second, of_third], _ = behind([[1, 0, 0], [0, 1, 0], [1, 1, 0]], said, columns=[0, 1, 2])
    assert posts(of_first) == ["post 2", "post 0"]
    assert posts(of_second) == ["post 2", "post 1"]
    assert of_third == ()
    assert [neighbour.similarity for neighbour in of_first] == pytest.approx([0.9, 0.6])


def test_shares_are_what_makes_the_score():
    """All who carry a hashtag hold together what it got, whatever the channel."""
    seen = hits("image", (0, 0.8), (1, 0.7))
    said = hits("lexical", (1, 0.9), (2, 0.6))
    found, scores = behind([[1, 1], [1, 0], [0, 1]], seen, said, columns=[0, 1])
    for some, score in zip(found, scores, strict=True):
        assert sum(neighbour.share for neighbour in some) == pytest.approx(score, abs=1e-6)
    assert {(neighbour.post, neighbour.channel) for neighbour in found[0]} == {
        ("post 0", "image"),
        ("post 1", "image"),
        ("post 1", "lexical"),
    }


def test_no_more_than_five_and_nobody_without_weight():
    many = hits("lexical", *((row, 0.9 - row / 100) for row in range(9)))
    [some], _ = behind(np.ones((9, 1)), many)
    assert posts(some) == [f"post {row}" for row in range(EVIDENCE)]
    [some], _ = behind(np.ones((2, 1)), hits("lexical", (0, 1.0), (1, 1e-3)), ages=[0, 10])
    assert posts(some) == ["post 0"]


def test_captions_are_quoted():
    [some], _ = behind([[1]], hits("lexical", (0, 0.9)))
    assert some[0].caption == ("word " * 100)[:QUOTED]


def test_the_nearest_of_each_channel_with_whole_captions_and_shares():
    found = hits("image", (0, 0.8)) | hits("lexical", (2, 0.9), (1, 0.6), (0, 0.5))
    labels = sparse.csr_matrix(np.ones((3, 1), dtype=np.float32))
    evidence = Evidence(Posts(), labels, FUSION, found, fuse(FUSION, found, labels, 1))
    whole = evidence.nearest(0, 3)
    assert {channel: posts(some) for channel, some in whole.items()} == {
        "image": ["post 0"],
        "lexical": ["post 2", "post 1", "post 0"],
    }
    assert [neighbour.similarity for neighbour in whole["lexical"]] == pytest.approx([0.9, 0.6, 0.5])
    assert sum(neighbour.share for some in whole.values() for neighbour in some) == pytest.approx(1)
    assert whole["image"][0].caption == "word " * 100
    assert evidence.nearest(0, 1)["lexical"] == whole["lexical"][:1]


def test_the_younger_one_comes_first_when_age_counts():
    said = hits("lexical", (0, 0.8), (1, 0.78))
    [plain], _ = behind([[1], [1]], said)
    [recent], scores = behind([[1], [1]], said, ages=[3, 0])
    assert (posts(plain), posts(recent)) == (["post 0", "post 1"], ["post 1", "post 0"])
    assert recent[0].share > 4 * recent[1].share
    assert recent[0].share + recent[1].share == pytest.approx(scores[0], abs=1e-6)
    assert [neighbour.similarity for neighbour in recent] == pytest.approx([0.78, 0.8]), "they are as alike as before"


def test_of_many_near_ones_the_younger_are_not_lost():
    """Evidence is cut by weight, not by nearness."""
    said = hits("lexical", *((row, 0.9 - row / 1000) for row in range(8)))
    [some], _ = behind(np.ones((8, 1)), said, ages=[4] * 6 + [0, 0])
    assert set(posts(some)[:2]) == {"post 6", "post 7"}
