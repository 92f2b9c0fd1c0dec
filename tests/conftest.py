"""The sample archive and a home built from it with the real compact encoders, made once for all tests."""

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from hashtag_recommender import cli

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str


Hashtag = Callable[..., Ran]


@pytest.fixture
def hashtag(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Hashtag:
    """Run the `hashtag` command within this process."""

    def run(*words: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["hashtag", *map(str, words)])
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        return Ran(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the sample archive."""
    spec = importlib.util.spec_from_file_location("demo_archive", ROOT / "demo" / "archive.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder: Path = tmp_path_factory.mktemp("demo") / "archive"
    module.write_archive(folder)
    return folder


@pytest.fixture(scope="session")
def demo_home(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home built from the sample archive. Tests that write to it take a copy."""
    from hashtag_recommender.assembly import build_index, read_posts
    from hashtag_recommender.core.settings import Settings

    home = tmp_path_factory.mktemp("home") / "home"
    build_index(Settings(home, encoders="compact"), read_posts(demo / "posts.csv"))
    return home
