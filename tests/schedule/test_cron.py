import json
import os
import subprocess
from pathlib import Path

import pytest

from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.schedule import cron_text


def read_crontab(text):
    """Variables, and entries as (minute, hour, the other three fields, what the shell gets)."""
    variables, entries = {}, []
    for line in text.splitlines():
        if line.startswith("#") or not line:
            continue
        name, equals, value = line.partition("=")
        if equals and name.isidentifier():
            assert not entries, "a variable holds for what is below it"
            variables[name] = value
            continue
        *fields, command = line.split(" ", 5)
        assert "%" not in command.replace("\\%", "")
        entries.append((int(fields[0]), int(fields[1]), fields[2:], command.replace("\\%", "%")))
    return variables, entries


@pytest.fixture
def night(awkward, fakes, tmp_path):
    """A night that ends with a code: what it printed, and which programs were called."""
    nightly = awkward()
    told = fakes(Path(nightly.program))
    variables, [(_, _, _, command)] = read_crontab(cron_text(nightly))

    def run(code):
        environment = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "FAKE_CODE": str(code), "HOME": "/nowhere"}
        ran = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd="/",
            env=environment | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return ran, told()

    return run


def test_the_lines_of_a_crontab(awkward):
    variables, [(minute, hour, others, _)] = read_crontab(cron_text(awkward(at="23:05")))
    assert (minute, hour, others) == (5, 23, ["*", "*", "*"])
    assert variables == {"MAILTO": "ops@example.org", "HASHTAG_WEBHOOK": "https://chat.example.org/a%20b?x=$1&y=2"}


def test_nobody_is_told_who_was_not_named(awkward):
    text = cron_text(awkward(mail=None, webhook=None))
    assert read_crontab(text)[0] == {}
    assert "curl" not in text


@pytest.mark.parametrize("code", [0, 4])
def test_a_night_without_failure_prints_nothing(night, awkward, code):
    ran, told = night(code)
    assert (ran.stdout, ran.stderr) == ("", "")
    assert told == [("ha sh$tag", list(awkward().words[1:]), "")]


@pytest.mark.parametrize("code", [2, 3])
def test_a_failed_night_is_printed_with_the_end_of_its_log_and_posted(night, awkward, code):
    ran, told = night(code)
    failed = f"hashtag-refresh failed on {os.uname().nodename} with exit code {code}"
    assert ran.stdout.splitlines() == [failed, "refused: half of the posts are gone"]
    assert ran.stderr == ""
    (_, words, _), (curl, posted, _) = told
    assert words == list(awkward().words[1:])
    assert curl == "curl"
    assert posted[-1] == awkward().webhook
    assert json.loads(posted[posted.index("-d") + 1]) == {"text": failed}
    assert (Path(awkward().home) / "refresh.log").read_text() == "refused: half of the posts are gone\n"


def test_a_password_belongs_into_the_crontab_itself(awkward):
    with pytest.raises(SettingsError, match="HASHTAG_DB=.* `crontab -e`"):
        cron_text(awkward(db="postgresql://user:s3cret@host/name"))
