import csv
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.eval.measures.bootstrap import micro_f1
from hashtag_recommender.eval.reporting.tables import read_per_post, write_per_hashtag, write_per_post


@pytest.fixture
def table(evaluated, tmp_path):
    trial, results, _ = evaluated
    write_per_post(tmp_path / "per_post.parquet", trial, results)
    return read_per_post(tmp_path / "per_post.parquet")


def test_by_hashtag(evaluated, tmp_path):
    trial, results, _ = evaluated
    write_per_hashtag(tmp_path / "t.tsv", trial, results)
    with (tmp_path / "t.tsv").open(encoding="utf-8", newline="") as file:
        rows = {row["hashtag"]: row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}
    assert list(rows)[:2] == ["cat", "sea"] and list(rows)[-1] == "unseen"
    assert (rows["cat"]["training_uses"], rows["cat"]["due"], rows["cat"]["tier"]) == ("3", "8", "head")
    assert (rows["unseen"]["training_uses"], rows["unseen"]["due"], rows["unseen"]["tier"]) == ("0", "4", "unseen")
    figures = ("suggested@5", "hits@5", "precision", "recall", "f1")
    assert [rows["sea"][f"ours {figure}"] for figure in figures] == ["8", "4", "0.5000", "1.0000", "0.6667"]
    assert [rows["여행"][f"ours {figure}"] for figure in figures] == ["0", "0", "", "", ""]
    twice = next(result.name for result in results if result.kind == "network")
    assert [rows["카페"][f"{twice} {figure}"] for figure in figures[:4]] == ["8", "8", "1.0000", "1.0000"]


def test_by_post_everything_can_be_reckoned_again(evaluated, table):
    _, _, report = evaluated
    for system in report["systems"]:
        rows = [row for row in table.to_pylist() if row["system"] == system["name"]]
        assert {row["run"] for row in rows} == set(range(system["runs"]))
        for k in range(1, 11):
            counts = np.array([[len({*row["hashtags"][:k]} & {*row["truth"]}), k, row["due"]] for row in rows])
            assert counts[:, 0].tolist() == [row["hits"][k - 1] for row in rows]
            assert micro_f1(counts) == pytest.approx(system["metrics"]["micro"][str(k)]["f1"])
            assert [len(row["hashtags"][:k]) for row in rows] == [row["suggested"][k - 1] for row in rows]
        if system["metrics"]["auto"] is None:
            assert {row["auto_hits"] for row in rows} == {None} == {row["auto_hashtags"] for row in rows}
        else:
            counts = np.array([[row["auto_hits"], len(row["auto_hashtags"]), row["due"]] for row in rows])
            assert micro_f1(counts) == pytest.approx(system["metrics"]["auto"]["micro"]["f1"])


def test_by_post_says_what_was_suggested(table):
    row = next(row for row in table.to_pylist() if row["system"] == "ours")
    assert (row["source"], row["post"], row["user"], row["truth"]) == ("test", "0", 0, ["cat", "고양이"])
    assert (row["hashtags"], row["scores"]) == (["cat", "고양이", "sea"], [0.9, 0.6, 0.2])
    assert (row["auto_hashtags"], row["auto_scores"]) == (["cat", "고양이"], [0.9, 0.6])


@pytest.mark.parametrize("content", [None, b"", b"PAR1 torn PAR1"])
def test_a_damaged_table_is_said_so(tmp_path, content):
    if content is not None:
        (tmp_path / "t.parquet").write_bytes(content)
    with pytest.raises(SettingsError, match=r"t\.parquet cannot be read as a table of posts"):
        read_per_post(tmp_path / "t.parquet")


def test_another_table_is_said_so(tmp_path):
    pq.write_table(pa.table({"post": ["1"]}), tmp_path / "t.parquet")
    with pytest.raises(SettingsError, match=r"t\.parquet is no table of posts"):
        read_per_post(tmp_path / "t.parquet")


def test_a_missing_library_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(SettingsError, match=r'pyarrow.*pip install "hashtag-recommender\[eval\]"'):
        read_per_post(tmp_path / "t.parquet")
