"""Lines of a crontab."""

from .alarms import WEBHOOK, post_alarm
from .nightly import BUSY, Nightly
from .quoting import crontab_command, shell_command


def cron_text(nightly: Nightly) -> str:
    """Lines for the end of a crontab.

    Cron mails what a command prints, so that the command prints nothing unless it failed. Two at once are kept apart
    by the lock of the home. Raises SettingsError where the lines would show a password, or where cron cannot be
    given a path.
    """
    nightly.check_shareable("add a line HASHTAG_DB=... with `crontab -e`, above this one; only you can read it there")
    hour, minute = nightly.clock
    log = nightly.home / "refresh.log"
    variables = [("MAILTO", nightly.mail), (WEBHOOK, nightly.webhook)]
    lines = [
        f"# {nightly.name}: add these lines at the end of your crontab (`crontab -e`): variables apply to all below.",
        f"# A failed night is mailed by cron, with the end of {log}.",
        f"# Exit code {BUSY} is no failure: another process was writing. A night when the machine is off is skipped.",
        *(f"{name}={value}" for name, value in variables if value is not None),
        f"{minute} {hour} * * * {crontab_command(_command(nightly, str(log)))}",
    ]
    return "\n".join(lines) + "\n"


def _command(nightly: Nightly, log: str) -> str:
    run, quoted = shell_command(["nice", *nightly.words]), shell_command([log])
    failed = f"{nightly.name} failed on $(uname -n) with exit code $code"
    alarms = [f'echo "{failed}"', f"tail -n 20 {quoted}"]
    if nightly.webhook is not None:
        alarms.append(post_alarm(failed))
    return f"{run} >> {quoted} 2>&1 || {{ code=$?; [ $code = {BUSY} ] || {{ {'; '.join(alarms)}; }}; }}"
