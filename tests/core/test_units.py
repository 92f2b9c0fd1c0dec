import pytest

from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.core.units import parse_size, size_in_words


@pytest.mark.parametrize(
    ("text", "size"),
    [("10MB", 10_000_000), ("9.5 mib", 9_961_472), ("800kB", 800_000), ("1KiB", 1024), ("2GB", 2 * 10**9), ("7b", 7)],
)
def test_sizes_as_people_write_them(text, size):
    assert parse_size(text, "--size-limit") == size


@pytest.mark.parametrize("text", ["", "10", "MB", "-1MB", "1e3MB", "ten MB", "0MB", "1TB", "١MB"])
def test_anything_else_is_refused(text):
    with pytest.raises(SettingsError, match="is no size; write --size-limit like 10MB"):
        parse_size(text, "--size-limit")


def test_sizes_are_told_in_words():
    assert [size_in_words(n) for n in (4_927_912, 800_400)] == ["4.9 MB", "800 kB"]
