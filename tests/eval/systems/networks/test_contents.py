from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hashtag_recommender.core.query import Query
from hashtag_recommender.eval.systems.networks import contents
from hashtag_recommender.eval.systems.networks.contents import (
    LENGTH,
    PADDING,
    UNKNOWN,
    FeaturesOnDemand,
    Photos,
    Tokeniser,
    trimmed,
)


@pytest.mark.parametrize(
    ("kind", "shape", "dtype"), [("pooled", (12,), torch.float32), ("grid", (4, 12), torch.float16)]
)
def test_photos_are_of_the_shape_of_the_first_that_can_be_read(look_at, kind, shape, dtype):
    photos = Photos(look_at, kind)
    queries = [Query("no photo"), Query(photos=Path("broken.jpg")), Query(photos=Path("7.jpg"))]
    assert photos.settle(queries)
    features = photos(queries)
    assert features.shape == (3, *shape) and features.dtype == dtype
    assert not features[:2].any()
    assert features[2].numpy() == pytest.approx(getattr(look_at(Path("7.jpg")), kind), abs=1e-3)


def test_grids_that_are_too_large_to_hold_are_looked_up_when_asked_for(look_at, monkeypatch):
    photos = Photos(look_at, "grid")
    queries = [Query(photos=Path(f"{number}.jpg")) for number in range(4)] + [Query()]
    photos.settle(queries)
    held = photos(queries)
    monkeypatch.setattr(contents, "_HELD", held.nbytes - 1)
    asked = photos(queries)
    assert isinstance(asked, FeaturesOnDemand)
    assert (len(asked), asked.shape) == (5, held.shape)
    rows = torch.tensor([4, 2, 2])
    assert torch.equal(asked[rows], held[rows])


def test_no_photo_settles_nothing(look_at):
    photos = Photos(look_at, "pooled")
    assert not photos.settle([Query("no photo"), Query(photos=Path("broken.jpg"))])
    assert not photos.settle([])


def test_known_words_stay_whole_and_others_come_apart():
    tokeniser = Tokeniser(["카페 카페", "에서 커피", "Coffee coffee!"])
    whole, apart, folded, strange = tokeniser(["카페", "카페에서", "COFFEE...", "zz"])
    assert (whole != PADDING).sum() == 1
    assert apart[0] == whole[0] and (apart != PADDING).sum() == 3
    assert (folded != PADDING).sum() == 1
    assert strange[:3].tolist() == [UNKNOWN, UNKNOWN, PADDING]


def test_long_captions_are_cut_and_empty_ones_are_padding():
    tokeniser = Tokeniser(["a b"])
    long, empty = tokeniser(["a b " * LENGTH, ""])
    assert (long != PADDING).all()
    assert (empty == PADDING).all()


def test_a_line_without_spaces_comes_apart():
    line = "ab" * 50_000
    tokeniser = Tokeniser([line, line])
    assert len(tokeniser) == 4
    assert (tokeniser([line]) != PADDING).all()


def test_nothing_to_learn_words_from():
    tokeniser = Tokeniser([])
    assert len(tokeniser) == 2
    assert tokeniser(["any"])[0, :4].tolist() == [UNKNOWN] * 3 + [PADDING]


@given(st.lists(st.text(max_size=30), max_size=5), st.text(max_size=100))
def test_numbers_are_in_range_and_padding_comes_last(captions, caption):
    tokeniser = Tokeniser(captions)
    (numbers,) = tokeniser([caption])
    assert numbers.max() < len(tokeniser)
    there = (numbers != PADDING).tolist()
    assert there == sorted(there, reverse=True)


def test_common_padding_goes():
    pieces = torch.tensor([[1, 2, 0, 0], [1, 0, 0, 0]])
    assert torch.equal(trimmed(pieces), pieces[:, :2])
    assert trimmed(torch.zeros(2, 4, dtype=torch.int64)).shape == (2, 1)
