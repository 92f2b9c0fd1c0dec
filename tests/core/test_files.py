import pytest

from hashtag_recommender.core.files import whole, write_whole


def test_a_file_takes_its_place_when_all_of_it_is_written(tmp_path):
    path = tmp_path / "answers.txt"
    path.write_text("before", encoding="utf-8")
    with whole(path) as partial:
        partial.write_text("after", encoding="utf-8")
        assert path.read_text(encoding="utf-8") == "before"
    assert path.read_text(encoding="utf-8") == "after"
    assert list(tmp_path.iterdir()) == [path]


def test_after_an_error_all_is_as_before(tmp_path):
    path = tmp_path / "answers.txt"
    with pytest.raises(ZeroDivisionError), whole(path) as partial, partial.open("w", encoding="utf-8") as file:
        file.write("half")
        1 / 0  # noqa: B018
    assert list(tmp_path.iterdir()) == []


def test_texts_are_written_in_utf_8(tmp_path):
    write_whole(tmp_path / "text", "카페")
    assert (tmp_path / "text").read_bytes() == "카페".encode()
