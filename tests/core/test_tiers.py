import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashtag_recommender.core.tiers import TIERS, tiers_of


@pytest.mark.parametrize(
    ("uses", "tiers"),
    [
        ([4, 2, 2, 1, 1, 1, 1], "head middle middle tail tail tail tail"),
        ([1, 4, 1, 3, 1, 1, 1], "tail head tail middle tail tail tail"),
        ([5, 5, 5], "middle middle middle"),
        ([1], "middle"),
        ([], ""),
    ],
)
def test_each_holds_a_third_of_all_uses(uses, tiers):
    assert " ".join(TIERS[tier] for tier in tiers_of(np.array(uses, dtype=np.int64))) == tiers


@given(st.lists(st.integers(1, 50), min_size=1, max_size=30))
def test_the_more_used_are_in_no_lower_tier_and_the_equally_used_in_one(uses):
    tiers = tiers_of(np.array(uses))
    for use, tier in zip(uses, tiers, strict=True):
        assert (tiers[np.array(uses) > use] <= tier).all()
        assert (tiers[np.array(uses) == use] == tier).all()
