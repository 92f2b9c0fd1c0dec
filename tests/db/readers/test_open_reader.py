"""What is an archive, and reading one as a whole."""

import os
from pathlib import Path

import pytest

from hashtag_recommender.core.errors import SourceError
from hashtag_recommender.db.readers import open_reader


def test_reading_twice_yields_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,id\na,1\nb,2\nb,1\n")
    reader = open_reader(path)
    assert list(reader.read()) == list(reader.read())
    assert reader.source == str(path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.csv", "does not exist"),
        ("folder.csv", "is no archive of any kind that is known"),
        ("folder", r"is no archive of any kind that is known: HARRISON \(data_list\.txt and tag_list\.txt\)"),
        (
            "a.xlsx",
            r"no known format; archives are files that end in \.csv, \.tsv, \.tab, \.jsonl, \.ndjson, \.parquet",
        ),
        ("nul\0.csv", "does not exist"),
        ("pipe.csv", "is no file or folder"),
        ("circle.csv", "."),
        ("x" * 300 + ".csv", "."),
    ],
)
def test_files_that_are_no_archives(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "a.xlsx").touch()
    (tmp_path / "circle.csv").symlink_to("circle.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(SourceError, match=message):
        open_reader(tmp_path / name)


@pytest.mark.parametrize("source", ["x\0", "\udcff", "x" * 1001])
def test_names_that_no_database_keeps(tmp_path: Path, source: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text\nx\n")
    with pytest.raises(SourceError, match="name"):
        open_reader(path, source=source)


def test_a_file_that_changes_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text\nx\n")
    reader = open_reader(path)
    path.write_bytes(b"text\n\xff\n")
    with pytest.raises(SourceError, match="changed while it was read"):
        list(reader.read())
    path.unlink()
    with pytest.raises(SourceError, match="cannot be read"):
        list(reader.read())
