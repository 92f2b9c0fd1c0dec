from pathlib import Path
from unicodedata import normalize

import pytest

from hashtag_recommender.core.paths import in_any_form

NAME = "가을 숲"


@pytest.mark.parametrize("folder", ["NFC", "NFD"])
@pytest.mark.parametrize("file", ["NFC", "NFD"])
@pytest.mark.parametrize("asked", ["NFC", "NFD"])
def test_each_part_of_a_path_may_be_in_another_form(tmp_path, monkeypatch, folder, file, asked):
    there = tmp_path / normalize(folder, NAME) / f"{normalize(file, NAME)}.jpg"
    there.parent.mkdir()
    there.touch()
    typed = Path(normalize(asked, NAME)) / f"{normalize(asked, NAME)}.jpg"
    assert in_any_form(tmp_path / typed) == there
    monkeypatch.chdir(tmp_path)
    assert in_any_form(typed).samefile(there)
    assert in_any_form(Path("..") / tmp_path.name / typed).samefile(there)


def test_what_is_there_is_meant_and_what_is_nowhere_stays(tmp_path):
    twins = [tmp_path / normalize(form, NAME) for form in ("NFC", "NFD")]
    for twin in twins:
        twin.touch()
    assert [in_any_form(twin) for twin in twins] == twins
    for missing in (tmp_path / "gone" / "a.jpg", Path("gone.jpg"), Path("a\0b"), twins[0] / "a.jpg"):
        assert in_any_form(missing) == missing
