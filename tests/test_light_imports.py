"""Nobody who asks for hashtags waits for libraries that take seconds to load."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Hashtag

HEAVY = ["torch", "torchvision", "transformers", "sentence_transformers", "timm", "open_clip", "sklearn", "pyarrow"]
DATABASE = ["sqlalchemy", "alembic"]
RUN = """
import json, sys
{source}
print("loaded", json.dumps([name for name in {names} if name in sys.modules]))
"""
COMMAND = """
from hashtag_recommender.cli import main
sys.argv = ["hashtag", *{words}]
try:
    main()
except SystemExit as ended:
    assert not ended.code, ended.code
"""
PYTHON = """
from hashtag_recommender import open_recommender
with open_recommender({home}) as recommender:
    assert recommender.suggest({photo}, "a cup of coffee").suggestions
"""


def loaded(source: str, names: list[str]) -> list[str]:
    ran = subprocess.run(
        [sys.executable, "-c", RUN.format(source=source, names=names)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    found: list[str] = json.loads(ran.stdout.splitlines()[-1].removeprefix("loaded "))
    return found


@pytest.fixture
def home(demo_home: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(demo_home, tmp_path / "home"))


def command(home: Path, *words: object) -> str:
    return COMMAND.format(words=[*map(str, words), "--home", str(home)])


def test_suggesting_loads_neither_pytorch_nor_a_database(home: Path, demo: Path) -> None:
    words = "suggest", demo / "new" / "coffee.jpg", "--text", "a cup of coffee"
    assert loaded(command(home, *words), [*HEAVY, *DATABASE]) == []
    python = PYTHON.format(home=repr(str(home)), photo=repr(str(demo / "new" / "coffee.jpg")))
    assert loaded(python, [*HEAVY, *DATABASE, "typer", "rich"]) == []


def test_who_has_rules_or_adds_posts_loads_the_database_alone(home: Path, demo: Path) -> None:
    photo = demo / "new" / "coffee.jpg"
    adding = "posts", "add", photo, "--text", "a cup of coffee", "--hashtags", "coffee"
    judging = "feedback", "accept", photo, "--text", "a cup of coffee", "--hashtags", "coffee"
    for words in (adding, judging, ("tags", "block", "coffee"), ("suggest", photo)):
        assert loaded(command(home, *words), [*HEAVY, *DATABASE]) == DATABASE


def test_the_clip_encoders_load_as_little(
    hashtag: Hashtag, demo: Path, clip_folder: Path, sentence_folder: Path, tmp_path: Path
) -> None:
    models = "--image-model", clip_folder, "--sentence-model", sentence_folder, "--encoders", "clip"
    assert hashtag("index", "build", demo / "posts.csv", "--home", tmp_path / "home", *models).code == 0
    words = "suggest", demo / "new" / "coffee.jpg", "--text", "a cup of coffee"
    assert loaded(command(tmp_path / "home", *words), [*HEAVY, *DATABASE, "huggingface_hub"]) == []
