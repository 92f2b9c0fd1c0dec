"""What runs the server elsewhere: nothing here runs it, so it is read as its readers would."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import typer.main

from hashtag_recommender import cli

ROOT = Path(__file__).parents[1]
UNIT = ROOT / "docs" / "hashtag.service"


def check_serve(words):
    """The words after `hashtag` are a call of `serve` with options that it has."""
    assert words[0] == "serve"
    options = {
        option for parameter in typer.main.get_command(cli.app).commands["serve"].params for option in parameter.opts
    }
    assert {word for word in words if word.startswith("--")} <= options


def test_the_unit_serves():
    [command] = re.findall(r"^ExecStart=(.+)$", UNIT.read_text(), flags=re.M)
    check_serve(shlex.split(command)[1:])


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here to read the unit")
def test_systemd_reads_the_unit(tmp_path):
    unit = tmp_path / "hashtag.service"
    unit.write_text(UNIT.read_text().replace("/opt/hashtag/.venv/bin/hashtag", "/bin/true"))
    ran = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    told = [line for line in ran.stderr.splitlines() if "hashtag.service" in line]
    assert told == []


def test_the_image_serves_as_a_user_without_rights_and_not_without_a_token():
    text = (ROOT / "Dockerfile").read_text()
    [command] = re.findall(r"^CMD (\[.+\])$", text, flags=re.M)
    words = re.findall(r'"([^"]+)"', command)
    check_serve(words)
    assert "--token-file" in words
    assert re.search(r"^USER hashtag$", text, flags=re.M) and text.index("USER hashtag") < text.index("ENTRYPOINT")


def test_compose_runs_a_server_a_refresh_and_a_database_whose_secrets_are_not_in_it():
    text = (ROOT / "compose.yaml").read_text()
    assert re.findall(r"^  (\w+):", text.split("services:\n")[1].split("secrets:\n")[0], flags=re.M) == [
        "server",
        "refresh",
        "database",
    ]
    assert "hashtag index refresh" in text
    assert set(re.findall(r"PASSWORD: *(.+?) *\}?$", text, flags=re.M)) == {'"${POSTGRES_PASSWORD}"'}
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {".env", "tokens.txt"} <= set(ignored)
