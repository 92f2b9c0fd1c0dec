"""Schedules of awkward paths, and programs that stand in for those that a schedule runs."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hashtag_recommender.schedule import Nightly

FAKE = """#!{python}
import json, os, sys
name = os.path.basename(sys.argv[0])
read = "" if sys.stdin.isatty() else sys.stdin.read()
with open({told!r}, "a", encoding="utf-8") as file:
    file.write(json.dumps([name, sys.argv[1:], read]) + "\\n")
sys.stderr.write("refused: half of the posts are gone\\n" if "refresh" in sys.argv else "")
sys.exit(int(os.environ.get("FAKE_CODE", "0")) if "refresh" in sys.argv else 0)
"""


@pytest.fixture
def awkward(tmp_path: Path) -> Callable[..., Nightly]:
    """A schedule whose program and home hold all that is special somewhere."""

    def make(**changed: object) -> Nightly:
        folder = tmp_path / '100% it\'s $HOME "quoted" 카페'
        folder.mkdir(exist_ok=True)
        program = tmp_path / "50% 카페" / "ha sh$tag"  # no quotes: systemd runs none with quotes
        program.parent.mkdir(exist_ok=True)
        fields = {"program": str(program), "home": folder, "mail": "ops@example.org"}
        return Nightly(**fields | {"webhook": "https://chat.example.org/a%20b?x=$1&y=2"} | changed)

    return make


@pytest.fixture
def fakes(tmp_path: Path) -> Callable[[Path], Callable[[], list[tuple[str, list[str], str]]]]:
    """Programs that keep how they were called; returns what reads it. They stand in `bin` of the test's folder."""
    told = tmp_path / "told.jsonl"

    def make(program: Path) -> Callable[[], list[tuple[str, list[str], str]]]:
        (tmp_path / "bin").mkdir()
        for path in (program, *(tmp_path / "bin" / name for name in ("curl", "sendmail", "journalctl"))):
            path.write_text(FAKE.format(python=sys.executable, told=str(told)), encoding="utf-8")
            path.chmod(0o755)
        return lambda: [tuple(json.loads(line)) for line in told.read_text(encoding="utf-8").splitlines()]

    return make
