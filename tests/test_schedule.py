"""`hashtag schedule`: what is printed, what is refused, and that the documentation's example is what is printed."""

import re
import shlex
import sys
from pathlib import Path, PurePosixPath

import pytest
import yaml

from hashtag_recommender.schedule import Nightly, cron_text

REFRESHING = (Path(__file__).parents[1] / "docs" / "refreshing.md").read_text(encoding="utf-8")
KUBERNETES = ("kubernetes", "--image", "registry.example.org/hashtag:1", "--pvc", "archive")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.delenv("HASHTAG_CACHE")  # of the test run
    for name in ("HOME", "DB", "ENCODERS"):
        monkeypatch.delenv(f"HASHTAG_{name}", raising=False)
    (tmp_path / "my home").mkdir()
    return tmp_path / "my home"


@pytest.fixture
def program(tmp_path, monkeypatch):
    """A `hashtag` beside the Python that runs."""
    (tmp_path / "bin").mkdir()
    for name in ("python", "hashtag"):
        (tmp_path / "bin" / name).write_text("")
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    return tmp_path / "bin" / "hashtag"


def test_systemd_gets_whole_paths_and_the_owner_of_the_home(hashtag, home, program, monkeypatch):
    monkeypatch.chdir(home.parent)
    ran = hashtag("schedule", "systemd", "--home", "my home", "--at", "4:05", "--name", "nightly")
    assert (ran.code, ran.err) == (0, "")
    assert f'ExecStart={program} index refresh --home "{home}" --log json\n' in ran.out
    assert f'ReadWritePaths="{home}" /tmp /var/tmp\n' in ran.out
    assert f"User={home.owner()}\n" in ran.out
    assert "OnCalendar=*-*-* 04:05:00\n" in ran.out
    assert "/etc/systemd/system/nightly.timer" in ran.out


def test_cron_is_what_the_function_gives(hashtag, home, program):
    ran = hashtag("schedule", "cron", "--home", home, "--webhook", "https://chat.example.org/a", "--at", "23:00")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == cron_text(Nightly(str(program), home, at="23:00", webhook="https://chat.example.org/a"))


def test_kubernetes_knows_nothing_of_this_machine(hashtag):
    ran = hashtag("schedule", *KUBERNETES)
    assert ran.code == 0
    job = yaml.safe_load(ran.out)
    [container] = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["command"][:5] == ["hashtag", "index", "refresh", "--home", "/var/lib/hashtag"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("cron", "--at", "25:00"), "'25:00' is no time of day; write --at like 03:30"),
        (("systemd", "--mail", "nobody"), "is no mail address"),
        ((*KUBERNETES, "--webhook", "chat.example.org"), "the webhook is no web address; write --webhook like https"),
        (("cron", "--name", "My Job"), "'My Job' is no name for a schedule"),
        (("systemd", "--db", "postgresql://u:s3cret@h/n"), "/etc/hashtag/hashtag-refresh.env"),
        (("cron", "--db", "postgresql://u:s3cret@h/n"), "crontab -e"),
        ((*KUBERNETES, "--db", "postgresql://u:s3cret@h/n"), "kubectl create secret"),
    ],
)
@pytest.mark.usefixtures("program")
def test_what_cannot_be_scheduled_ends_with_one_line(hashtag, home, words, complaint):
    ran = hashtag("schedule", *words, "--home", home)
    assert (ran.code, ran.out, len(ran.err.strip().splitlines())) == (2, "", 1)
    assert complaint in ran.err
    assert "s3cret" not in ran.err


@pytest.mark.usefixtures("program")
def test_a_home_that_is_not_there_is_refused(hashtag, tmp_path):
    ran = hashtag("schedule", "cron", "--home", tmp_path / "gone")
    assert (ran.code, ran.out) == (2, "")
    assert "hashtag index build" in ran.err


@pytest.mark.usefixtures("program")
def test_what_only_this_shell_knows_is_told_and_not_printed(hashtag, home, monkeypatch):
    monkeypatch.setenv("HASHTAG_DB", "postgresql://u:s3cret@h/n")
    ran = hashtag("schedule", "cron", "--home", home)
    assert ran.code == 0
    assert "HASHTAG_DB" in ran.err
    assert "s3cret" not in ran.out + ran.err
    assert hashtag("schedule", "cron", "--home", home, "--db", "postgresql://h/n").err == ""


def test_a_program_that_is_not_found_is_an_error(hashtag, home, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(home / "python"))
    monkeypatch.setenv("PATH", str(home))
    ran = hashtag("schedule", "cron", "--home", home)
    assert (ran.code, "is not found" in ran.err) == (2, True)


def test_the_readmes_crontab_is_what_its_command_prints():
    [shown] = re.findall(r"```crontab\n(.*?)```", REFRESHING, flags=re.S)
    [command] = re.findall(r"^(hashtag schedule cron .*)$", REFRESHING, flags=re.M)
    words = shlex.split(command)[3:]
    options = dict(zip(words[::2], words[1::2], strict=True))
    nightly = Nightly(
        "/opt/hashtag/bin/hashtag", PurePosixPath(options["--home"]), at=options["--at"], mail=options["--mail"]
    )
    assert shown == cron_text(nightly)
