import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.schedule import systemd_text

from .test_quoting import read_by_systemd, split_by_systemd


def parts_of(text):
    """Lines by section and file, as the text says that they are to be taken apart."""
    parts, file, section = {}, None, ""
    for line in text.splitlines():
        if line.startswith("# /etc/"):
            file, section = line.removeprefix("# "), ""
            parts[file] = {}
        elif line.startswith("[") and file:
            section = line.strip("[]")
        elif "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            assert name not in parts[file].setdefault(section, {})
            parts[file][section][name] = value
    return parts


def unit(name):
    return f"/etc/systemd/system/{name}"


def test_the_service_runs_the_refresh_once_and_may_write_to_the_home_alone(awkward):
    nightly = awkward(db="sqlite:////srv/50% full/posts.sqlite")
    service = parts_of(systemd_text(nightly, "archivist"))[unit("hashtag-refresh.service")]
    assert read_by_systemd(service["Service"]["ExecStart"]) == list(nightly.words)
    assert split_by_systemd(service["Service"]["ReadWritePaths"]) == [
        str(nightly.home),
        "/srv/50% full",
        "/tmp",
        "/var/tmp",
    ]
    assert service["Service"]["Type"] == "oneshot"
    assert service["Service"]["User"] == "archivist"
    assert service["Service"]["SuccessExitStatus"] == "4"
    assert service["Service"]["ProtectSystem"] == "strict"
    assert service["Service"]["EnvironmentFile"] == "-/etc/hashtag/hashtag-refresh.env"
    assert service["Unit"]["OnFailure"] == "hashtag-refresh-mail.service hashtag-refresh-webhook.service"


def test_the_timer_makes_up_for_nights_when_the_machine_was_off(awkward):
    timer = parts_of(systemd_text(awkward(at="4:05"), "archivist"))[unit("hashtag-refresh.timer")]
    assert timer["Timer"]["OnCalendar"] == "*-*-* 04:05:00"
    assert timer["Timer"]["Persistent"] == "true"
    assert timer["Install"]["WantedBy"] == "timers.target"


def test_nobody_is_told_who_was_not_named(awkward):
    parts = parts_of(systemd_text(awkward(mail=None, webhook=None), "archivist"))
    assert set(parts) == {unit("hashtag-refresh.service"), unit("hashtag-refresh.timer")}
    assert "OnFailure" not in parts[unit("hashtag-refresh.service")]["Unit"]


def test_the_webhook_stands_in_no_unit_that_everybody_can_read(awkward):
    text = systemd_text(awkward(), "archivist")
    assert text.count(awkward().webhook) == 1
    parts = parts_of(text)
    assert parts["/etc/hashtag/hashtag-refresh-webhook.env"] == {"": {"HASHTAG_WEBHOOK": awkward().webhook}}
    assert "install -m 600 /dev/null /etc/hashtag/hashtag-refresh-webhook.env" in text


def test_the_alarms_do_what_they_say(awkward, fakes, tmp_path):
    nightly = awkward()
    told = fakes(Path(nightly.program))
    parts = parts_of(systemd_text(nightly, "archivist"))
    secret = parts["/etc/hashtag/hashtag-refresh-webhook.env"][""]
    for kind in ("mail", "webhook"):
        command = read_by_systemd(parts[unit(f"hashtag-refresh-{kind}.service")]["Service"]["ExecStart"])
        environment = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"} | secret
        subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=True)
    journal, (sendmail, options, mail), (curl, posted, _) = told()
    failed = f"hashtag-refresh failed on {os.uname().nodename}"
    assert journal[0] == "journalctl" and "hashtag-refresh.service" in journal[1]
    assert (sendmail, options) == ("sendmail", ["-t"])
    assert mail == f"To: ops@example.org\nSubject: {failed}\n\n"
    assert (curl, posted[-1]) == ("curl", nightly.webhook)
    assert json.loads(posted[posted.index("-d") + 1]) == {"text": failed}


def test_the_line_that_takes_the_text_apart_does(awkward, fakes, tmp_path):
    """And systemd, where it is here, finds nothing to say against what comes out."""
    nightly = awkward()
    fakes(Path(nightly.program))
    text = systemd_text(nightly, "root")
    [line] = re.findall(r"^# sudo (awk .*)", text, flags=re.M)
    there = str(tmp_path)
    for folder in ("etc/systemd/system", "etc/hashtag"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "units.txt").write_text(text.replace("# /etc/", f"# {there}/etc/"), encoding="utf-8")
    subprocess.run(
        ["/bin/sh", "-c", line.replace(r"\/etc\/", f"{there}/etc/".replace("/", r"\/"))], cwd=tmp_path, check=True
    )
    made = {path for path in (tmp_path / "etc").rglob("*") if path.is_file()}
    assert {f"/{path.relative_to(tmp_path)}" for path in made} == set(parts_of(text))
    assert (tmp_path / "etc/hashtag/hashtag-refresh-webhook.env").read_text().splitlines()[1].startswith("HASHTAG_")
    if shutil.which("systemd-analyze"):
        units = sorted(map(str, (tmp_path / "etc/systemd/system").iterdir()))
        ran = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
        )
        assert (ran.returncode, [told for told in ran.stderr.splitlines() if "hashtag-refresh" in told]) == (0, [])


def test_a_password_belongs_into_the_environment_file(awkward):
    with pytest.raises(SettingsError, match="HASHTAG_DB=.* into /etc/hashtag/nightly.env"):
        systemd_text(awkward(db="postgresql://user:s3cret@host/name", name="nightly"), "archivist")
