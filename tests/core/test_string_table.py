"""Tables of strings against lists and dictionaries."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashtag_recommender.core import string_table
from hashtag_recommender.core.string_table import (
    ExtendedStrings,
    ExtendedTable,
    Strings,
    StringTable,
    extend,
    write_strings,
)

WORDS = st.text("aAé카페😀_", max_size=5)
SETS = st.lists(WORDS, unique=True, max_size=12)


def tables_of(strings, cut):
    """One table in memory, one in files, one that was extended."""
    with tempfile.TemporaryDirectory() as folder:
        StringTable.of(strings).write(Path(folder), "tags")
        yield from (StringTable.of(strings), StringTable.read(Path(folder), "tags"))
    yield ExtendedTable(StringTable.of(strings[:cut]), strings[cut:])


@given(SETS, SETS, WORDS, st.integers(0, 12))
def test_is_a_list_that_is_searched(strings, others, text, cut):
    asked = [*strings, *others, text]
    expected = [strings.index(one) if one in strings else -1 for one in asked]
    starts = list(range(0, len(text), 2))
    for table in tables_of(strings, cut):
        assert list(table) == strings == [table[i] for i in range(len(table))] == table[:]
        assert table.find(asked).tolist() == expected
        assert [table[column] for column in table.find_beginning(text[:2])] == sorted(
            string for string in strings if string.startswith(text[:2])
        )
        assert sorted(table.find_within(text, starts, 3)) == sorted(
            (start, len(string), column)
            for start in starts
            for column, string in enumerate(strings)
            if 0 < len(string) <= 3 and text[start : start + len(string)] == string
        )


@given(SETS, SETS)
def test_what_is_new_comes_after(strings, others):
    table, columns = extend(StringTable.of(strings), others)
    assert list(table) == [*strings, *(other for other in others if other not in strings)]
    assert [table[column] for column in columns] == others


def test_equal_hashes_are_told_apart(monkeypatch):
    monkeypatch.setattr(string_table, "_add", lambda hashes, codes: hashes)
    table = StringTable.of(["cat", "dog", "카페"])
    assert table.find(["dog", "카페", "cow", "cat"]).tolist() == [1, 2, -1, 0]


def test_half_a_character_is_found_nowhere():
    table = StringTable.of(["cat"])
    assert table.find(["\ud83d", "cat"]).tolist() == [-1, 0]
    assert table.find_within("\ud83dcat", [0, 1], 9) == [(1, 3, 0)]


def test_strings_without_lookup(tmp_path):
    write_strings(tmp_path, "shown", ["Cat", "", "카페"])
    strings = Strings.read(tmp_path, "shown")
    assert list(strings) == ["Cat", "", "카페"] and strings[-1] == "카페" and strings[1:] == ["", "카페"]
    assert list(ExtendedStrings(strings, ["dog"])) == ["Cat", "", "카페", "dog"]
    write_strings(tmp_path, "nobody", [])
    assert list(Strings.read(tmp_path, "nobody")) == []


@pytest.mark.parametrize("place", [-4, 3, 9])
def test_beyond_the_end_is_nothing(place):
    for strings in (StringTable.of(["a", "b", "c"]), ExtendedStrings(["a", "b"], ["c"])):
        with pytest.raises(IndexError, match=f"string {place} of 3"):
            strings[place]


@pytest.mark.parametrize("name", ["utf8", "offsets.npy", "hashes.npy", "by_hash.npy", "by_name.npy"])
def test_files_that_do_not_fit_are_refused(tmp_path, name):
    StringTable.of(["cat", "dog"]).write(tmp_path, "tags")
    path = tmp_path / f"tags.{name}"
    if name == "utf8":
        path.write_bytes(b"catdo")
    else:
        np.save(path, np.load(path)[:-1])
    with pytest.raises(ValueError, match="do not fit together"):
        StringTable.read(tmp_path, "tags")
