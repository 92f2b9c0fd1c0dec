"""Captions run beside others of like length."""

import numpy as np

from hashtag_recommender.retrieval.runtimes import onnx


def test_a_long_caption_runs_apart_and_every_caption_once(monkeypatch):
    monkeypatch.setattr(onnx, "_cores", lambda: 2)
    lengths = np.array([9, 256, 8, 10, 250, 9, 40, 9])
    parts = onnx._alike_in_length(lengths)
    assert sorted(np.concatenate([rows for rows, _ in parts]).tolist()) == list(range(8))
    assert [length for _, length in parts] == sorted((length for _, length in parts), reverse=True)
    assert [sorted(rows.tolist()) for rows, _ in parts[:2]] == [[1, 4], [6]]
    for rows, length in parts:
        assert lengths[rows].max() == length and len(rows) <= 4
        assert (lengths[rows] + onnx._SLACK >= onnx._LEAST_FILLED * length).all()
