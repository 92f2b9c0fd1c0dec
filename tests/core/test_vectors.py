import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hashtag_recommender.core.vectors import compact, find_repeats

SHAPES = st.tuples(st.integers(0, 4), st.integers(0, 6))
TABLES = arrays(np.int64, SHAPES, elements=st.integers(0, 3))


@given(TABLES)
def test_repeats_are_found(table):
    expected = [[row[i] in row[:i] for i in range(len(row))] for row in table.tolist()]
    assert find_repeats(table).tolist() == expected


@given(TABLES, st.integers(1, 8), st.data())
def test_what_is_left_out_gives_way_to_what_follows(table, k, data):
    left_out = data.draw(arrays(np.bool_, table.shape))
    for entries in (table, table.astype(np.float32)):
        found = compact(entries, left_out, k, -1)
        assert found.dtype == entries.dtype and found.shape == (len(table), min(k, table.shape[1]))
        for row, out, kept in zip(table.tolist(), left_out, found.tolist(), strict=True):
            expected = [entry for entry, gone in zip(row, out, strict=True) if not gone]
            assert kept == (expected + [-1] * len(row))[: len(kept)]
