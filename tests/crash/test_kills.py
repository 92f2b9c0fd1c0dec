"""Commands killed, and run on disks that fail, a few times each; `tests/crash/long.py` does it thousands of times."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMANDS = ["first build", "build", "refresh", "posts add", "posts edit", "posts remove", "posts forget"]
COMMANDS += ["rollback", "gc", "migration", "restore"]


def run_apart(*words):
    """In a process of its own, which has no threads, and so can be forked."""
    return subprocess.run([sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def struck():
    """What came of it, by command."""
    ran = run_apart("tests.crash.long", "--kills", "44", "--failures", "22", "--json")
    counts = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [counted["command"] for counted in counts] == COMMANDS, ran.stderr
    return {counted["command"]: counted for counted in counts}


@pytest.mark.parametrize("command", COMMANDS)
def test_struck_at_any_moment_it_leaves_the_old_index_or_the_new_one_and_can_be_run_again(struck, command):
    counted = struck[command]
    assert counted["bad"] == []
    assert counted["kills"] == 4 and counted["failures"] == 2 and counted["moments"] > 1


def test_after_any_sequence_of_edits_refreshes_rollbacks_and_kills_a_build_from_nothing_would_answer_the_same():
    ran = run_apart("tests.crash.sequences")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    came = json.loads(ran.stdout)
    assert came["sequences"] >= 8 and came["refreshes"] >= 8, came


def test_after_thirty_nights_the_history_tells_what_came_of_each():
    ran = run_apart("tests.crash.nights")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert len(re.findall(r"^\d{4}-\d\d-\d\d \d\d:\d\d  index refresh  ", ran.stdout, re.MULTILINE)) == 30
