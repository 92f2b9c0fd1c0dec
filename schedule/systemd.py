"""A systemd service, its timer, and the services that tell of its failure."""

from .alarms import WEBHOOK, mail_alarm, post_alarm
from .nightly import BUSY, Nightly, sqlite_folder
from .quoting import systemd_command, systemd_path

_UNITS = "/etc/systemd/system"
_SECRETS = "/etc/hashtag"

# No PrivateDevices: it would hide a GPU. No MemoryDenyWriteExecute: PyTorch writes code while it runs.
# No PrivateTmp: it would hide a home that lies in /tmp.
_HARDENING = """\
NoNewPrivileges=true
ProtectSystem=strict
ProtectKernelTunables=true
ProtectKernelModules=true
ProtectControlGroups=true
RestrictSUIDSGID=true
LockPersonality=true"""


def systemd_text(nightly: Nightly, user: str) -> str:
    """The units, one below the other as `systemctl cat` prints them. user: whom the home belongs to.

    Raises SettingsError where they would show a password.
    """
    secrets = f"{_SECRETS}/{nightly.name}.env"
    nightly.check_shareable(f"write HASHTAG_DB=... into {secrets} (mode 600), which the service reads")
    parts = [_header(nightly, secrets), _service(nightly, user, secrets), _timer(nightly)]
    failed = f"{nightly.name} failed on $(uname -n)"
    if nightly.mail is not None:
        journal = f"journalctl --unit {nightly.name}.service --lines 20 --no-pager --output cat"
        parts.append(_alarm(nightly, "mail", mail_alarm(nightly.mail, failed, journal)))
    if nightly.webhook is not None:
        parts.append(_alarm(nightly, "webhook", post_alarm(failed), f"EnvironmentFile={_webhook_file(nightly)}"))
        parts.append(f"# {_webhook_file(nightly)}\n{WEBHOOK}={nightly.webhook}")
    return "\n\n".join(parts) + "\n"


def _header(nightly: Nightly, secrets: str) -> str:
    private = f"# sudo install -m 600 /dev/null {_webhook_file(nightly)}\n" if nightly.webhook else ""
    return f"""\
# The first line of each part names the file for it. If this text is in units.txt, these commands write all files:
# sudo mkdir -p {_SECRETS}
{private}# sudo awk '/^# \\/etc\\//{{file=$2}} file{{print > file}}' units.txt
# sudo systemctl daemon-reload
# sudo systemctl enable --now {nightly.name}.timer
# To try it, run: sudo systemctl start {nightly.name}.service; journalctl --unit {nightly.name}.service
# If the database needs a password, write HASHTAG_DB=... into {secrets} (mode 600).
# If HASHTAG_DB names an SQLite file outside the home, add its folder to ReadWritePaths."""


def _service(nightly: Nightly, user: str, secrets: str) -> str:
    alarms = [kind for kind, told in (("mail", nightly.mail), ("webhook", nightly.webhook)) if told is not None]
    failing = "OnFailure=" + " ".join(f"{nightly.name}-{kind}.service" for kind in alarms) + "\n" if alarms else ""
    folders = [nightly.home, *filter(None, [sqlite_folder(nightly.db)])]
    writable = " ".join(dict.fromkeys(systemd_path(str(folder)) for folder in folders))
    return f"""\
# {_UNITS}/{nightly.name}.service
[Unit]
Description=Update the hashtag index
Wants=network-online.target
After=network-online.target
{failing}
[Service]
Type=oneshot
User={user}
EnvironmentFile=-{secrets}
ExecStart={systemd_command(nightly.words)}
# Exit code {BUSY}: another process was writing. 3: refused, the previous index serves. 2: any other error.
SuccessExitStatus={BUSY}
Nice=10
IOSchedulingClass=idle
ReadWritePaths={writable} /tmp /var/tmp
{_HARDENING}"""


def _timer(nightly: Nightly) -> str:
    hour, minute = nightly.clock
    return f"""\
# {_UNITS}/{nightly.name}.timer
[Unit]
Description=Update the hashtag index every night

[Timer]
OnCalendar=*-*-* {hour:02}:{minute:02}:00
RandomizedDelaySec=5min
# If the machine was off at night, the refresh runs when it is on again.
Persistent=true

[Install]
WantedBy=timers.target"""


def _alarm(nightly: Nightly, kind: str, script: str, *lines: str) -> str:
    told = "".join(f"{line}\n" for line in lines)
    return f"""\
# {_UNITS}/{nightly.name}-{kind}.service
[Unit]
Description=Report that the hashtag index was not updated

[Service]
Type=oneshot
{told}ExecStart={systemd_command(["/bin/sh", "-c", script])}"""


def _webhook_file(nightly: Nightly) -> str:
    return f"{_SECRETS}/{nightly.name}-webhook.env"
