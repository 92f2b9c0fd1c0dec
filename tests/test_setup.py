"""What `make` does before anything is installed: it finds Python and a browser, and PyTorch without a GPU."""

import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]


def made(folder, name, text):
    """A program of that name in the folder."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def machine(tmp_path):
    """A folder of programs that stands in for a machine; what apt-get is asked for goes into the file `asked`."""
    programs = tmp_path / "bin"
    made(programs, "apt-get", f'echo "$@" >> {tmp_path}/asked')
    made(programs, "id", "echo 1000")
    return programs


def look_for_a_browser(machine):
    script = ["/bin/sh", str(ROOT / "tests" / "browser.sh")]
    ran = subprocess.run(script, env={"PATH": str(machine)}, capture_output=True, text=True, check=True)
    asked = machine.parent / "asked"
    assert ran.stderr == ""
    return ran.stdout.splitlines(), asked.read_text().splitlines() if asked.exists() else []


INSTALLED = ["update -qq", "install -y -qq --no-install-recommends chromium"]
SKIPPED = "the tests of pages in a browser are skipped (in CI they fail)"


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"])
def test_a_browser_that_is_here_is_enough(machine, name):
    made(machine, name, "")
    assert look_for_a_browser(machine) == ([], [])


def test_root_installs_one(machine):
    made(machine, "id", "echo 0")
    said, asked = look_for_a_browser(machine)
    assert asked == INSTALLED and len(said) == 1


def test_so_does_sudo_without_a_password(machine):
    made(machine, "sudo", 'shift; [ "$1" = true ] || "$@"')
    assert look_for_a_browser(machine)[1] == INSTALLED


@pytest.mark.parametrize("sudo", [None, "echo a password is required >&2; exit 1"])
def test_who_may_not_is_told_in_a_line(machine, sudo):
    if sudo:
        made(machine, "sudo", sudo)
    [line], asked = look_for_a_browser(machine)
    assert asked == [] and line == f"no browser: apt-get install chromium needs root; {SKIPPED}"


def test_what_fails_is_told(machine):
    made(machine, "id", "echo 0")
    made(machine, "apt-get", "exit 100")
    assert look_for_a_browser(machine)[0][-1] == f"no browser: chromium could not be installed; {SKIPPED}"
    (machine / "apt-get").unlink()
    assert look_for_a_browser(machine)[0] == [f"no browser: there is no apt-get to install chromium with; {SKIPPED}"]


@pytest.fixture
def make(tmp_path):
    """Run make on a copy of the Makefile, with a Python that only writes down what it is asked for."""
    (tmp_path / "src").mkdir()
    shutil.copy(ROOT / "Makefile", tmp_path / "src")
    (tmp_path / "src" / "pyproject.toml").touch()

    def run(*words, python="exit 0"):
        made(tmp_path, "python", python)
        command = ["make", "--always-make", f"PYTHON={tmp_path / 'python'}", *words]
        # What a `make test` around this hands down would have it print the folders it enters, and take its options.
        env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        return subprocess.run(command, cwd=tmp_path / "src", env=env, capture_output=True, text=True)

    return run


@pytest.mark.parametrize(
    ("fails", "complaint"),
    [
        ("version_info", "is missing or older than 3.11; name another: make PYTHON="),
        ("ensurepip", "cannot make environments; on Debian: apt-get install python3-venv"),
    ],
)
def test_a_python_that_will_not_do_is_told_in_a_line(make, fails, complaint):
    ran = make("demo", python=f'case "$2" in *{fails}*) exit 1;; esac')
    assert ran.returncode == 2 and ran.stdout == ""
    assert complaint in ran.stderr.splitlines()[0]


def installs(ran):
    return [
        line.split("/pip install --quiet ")[1].strip() for line in ran.stdout.splitlines() if "/pip install" in line
    ]


def test_pytorch_without_a_gpu_comes_first_and_from_its_own_index(make):
    assert installs(make("--dry-run", ".venv/demo")) == ['--editable ".[demo]"']
    assert installs(make("--dry-run", ".venv/dev", "TORCH=cpu")) == [
        "--index-url https://download.pytorch.org/whl/cpu torch torchvision",
        './without-gpu --editable ".[demo,dev]"',
    ]


def test_what_stands_in_for_faiss_gpu_satisfies_what_is_required():
    ours, theirs = (
        tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        for folder in (ROOT, ROOT / "without-gpu")
    )
    required = {one.name: one for one in map(Requirement, ours["dependencies"])}
    assert required["faiss-gpu"].specifier.contains(theirs["version"])
    [brought] = map(Requirement, theirs["dependencies"])
    assert (brought.name, brought.specifier) == ("faiss-cpu", required["faiss-cpu"].specifier)
