"""Files in one step, whatever fails."""

import os

import pytest

from hashtag_recommender.core import durable


def failing(*_):
    raise OSError(28, os.strerror(28))


@pytest.mark.parametrize("step", ["write", "rename"])
def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch, step):
    path = tmp_path / "file"
    durable.write_durably(path, b"old")
    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr(durable, step, failing)
        durable.write_durably(path, b"new")
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]
    durable.write_durably(path, b"new")
    assert path.read_bytes() == b"new"


def test_lines_are_added_and_a_torn_one_ends(tmp_path):
    path = tmp_path / "lines"
    for line in (b"one", b"two"):
        durable.append_durably(path, line)
    assert path.read_bytes() == b"one\ntwo\n"
    path.write_bytes(b"one\ntw")
    durable.append_durably(path, b"three")
    assert path.read_bytes() == b"one\ntw\nthree\n"


def test_two_folders_change_places(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
        (folder / folder.name).touch()
    if durable.exchange(one, other):
        assert (one / "other").exists() and (other / "one").exists()
    else:
        assert (one / "one").exists() and (other / "other").exists()
