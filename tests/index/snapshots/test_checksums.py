"""Files that nobody has written to are not read to be checked; all others are, and a full check reads every byte."""

import os

import pytest

from hashtag_recommender.core import durable
from hashtag_recommender.index.snapshots.checksums import NOTED, damaged_files, note_files, record_files

CONTENT = {"posts.txt": b"some posts", "image/vectors": bytes(range(256)) * 40}


@pytest.fixture
def folder(tmp_path):
    for name, content in CONTENT.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.fixture
def files(folder):
    files = record_files(folder)
    note_files(folder, files)
    return files


@pytest.fixture
def read(monkeypatch):
    """The names of the files that are read to be checked."""
    names, digest = [], durable.file_digest

    def note(path):
        names.append(path.name)
        return digest(path)

    monkeypatch.setattr(durable, "file_digest", note)
    return names


def test_files_that_nobody_wrote_to_are_not_read(folder, files, read):
    assert files.keys() == CONTENT.keys()
    assert damaged_files(folder, files, every_byte=False) == [] == read
    assert damaged_files(folder, files, every_byte=True) == []
    assert sorted(read) == ["posts.txt", "vectors"]


def test_a_change_of_the_same_length_is_found_though_its_time_was_set_back(folder, files, read):
    path = folder / "posts.txt"
    before = path.stat()
    path.write_bytes(b"same posts")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert damaged_files(folder, files, every_byte=False) == [f"{path} is damaged (its checksum does not match)"]
    assert read == ["posts.txt"]


def test_a_missing_file_is_found(folder, files, read):
    (folder / "posts.txt").unlink()
    assert damaged_files(folder, files, every_byte=False) == [f"{folder / 'posts.txt'} is missing"]


@pytest.mark.parametrize("noted", [None, b"", b"\xff", b"[1]", b'{"posts.txt": 7, "image/vectors": null}'])
def test_without_a_sound_note_every_byte_is_read(folder, files, read, noted):
    (folder / NOTED).unlink() if noted is None else (folder / NOTED).write_bytes(noted)
    assert damaged_files(folder, files, every_byte=False) == []
    assert sorted(read) == ["posts.txt", "vectors"]
