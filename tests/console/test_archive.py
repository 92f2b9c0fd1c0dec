import pytest
from rich.cells import cell_len

from hashtag_recommender.console import archive
from hashtag_recommender.retrieval.selection.synonyms import AliasCandidate


def candidate(alias: str, authors: int | None) -> AliasCandidate:
    return AliasCandidate(alias, "필름카메라로찍은사진들과그리고또", 12345, 23456, 11111, authors, "company", 0.5)


def test_pairs_that_may_mean_the_same_fit_a_terminal(capsys: pytest.CaptureFixture[str], terminal: None) -> None:
    archive.show_aliases([candidate("photosfromafilmcameraofmyown", 1234), candidate("a[b]\x1b", None)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["hashtag", "posts", "may", "mean", "posts", "both", "authors", "sign"]
    assert all(cell_len(line.rstrip()) <= 80 for line in lines)
    assert [line.split()[-2:] for line in lines if "company" in line] == [["1234", "company"], ["-", "company"]]
    assert any(line.startswith("#a[b] ") for line in lines)


def test_in_a_pipe_every_pair_is_one_line_without_padding(capsys: pytest.CaptureFixture[str]) -> None:
    archive.show_aliases([candidate("photosfromafilmcameraofmyown", 1234), candidate("short", None)])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["#photosfromafilmcameraofmyown", "#short"]
    assert max(map(cell_len, lines[:3])) > 80 and lines == [line.rstrip() for line in lines]


def test_the_surest_pairs_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    archive.show_aliases([candidate(f"n{i}", None) for i in range(archive.ALIASES_SHOWN + 2)])
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("#n") for line in lines) == archive.ALIASES_SHOWN
    assert "and 2 pairs more, which --json prints" in lines
    archive.show_aliases([candidate(f"n{i}", None) for i in range(archive.ALIASES_SHOWN)])
    assert "--json prints" not in capsys.readouterr().out
