"""`hashtag schedule`."""

import os
import shutil
import sys
from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from .. import assembly, console
from ..core.errors import SettingsError
from ..core.settings import NAMES
from ..schedule import Cluster, Nightly, cron_text, kubernetes_text, systemd_text
from .options import Db, Home
from .tree import make_group

app = make_group("Print what a scheduler needs to refresh the index every night.")

At = Annotated[str, typer.Option(metavar="HH:MM", help="The time of day.")]
Mail = Annotated[str | None, typer.Option(metavar="ADDRESS", help="Who gets a mail if a night has failed.")]
Webhook = Annotated[str | None, typer.Option(metavar="URL", help="Where to post if a night has failed.")]
Name = Annotated[str, typer.Option(help="The name of the units, lines or job.")]


@app.command("systemd")
def systemd(
    home: Home = None,
    db: Db = None,
    at: At = "03:30",
    mail: Mail = None,
    webhook: Webhook = None,
    name: Name = "hashtag-refresh",
) -> None:
    """Print a systemd service, its timer, and services that report a failure."""
    folder = _folder(home)
    nightly = Nightly(_program(), PurePosixPath(folder), name, at, db, mail, webhook)
    text = systemd_text(nightly, _owner(folder))
    _tell_unseen(db)
    sys.stdout.write(text)


@app.command("cron")
def cron(
    home: Home = None,
    db: Db = None,
    at: At = "03:30",
    mail: Mail = None,
    webhook: Webhook = None,
    name: Name = "hashtag-refresh",
) -> None:
    """Print lines for a crontab."""
    text = cron_text(Nightly(_program(), PurePosixPath(_folder(home)), name, at, db, mail, webhook))
    _tell_unseen(db)
    sys.stdout.write(text)


@app.command("kubernetes")
def kubernetes(
    image: Annotated[str, typer.Option(help="The container image with `hashtag`.")],
    pvc: Annotated[str, typer.Option(metavar="NAME", help="The PersistentVolumeClaim that holds the home.")],
    home: Annotated[Path, typer.Option(help="Where the home is mounted in the container.")] = Path("/var/lib/hashtag"),
    db: Db = None,
    at: At = "03:30",
    webhook: Webhook = None,
    name: Name = "hashtag-refresh",
) -> None:
    """Print a Kubernetes CronJob."""
    nightly = Nightly("hashtag", PurePosixPath(home), name, at, db, None, webhook)
    text = kubernetes_text(nightly, Cluster(image, pvc))
    _tell_unseen(db)
    sys.stdout.write(text)


def _folder(home: Path | None) -> Path:
    return assembly.open_home(home).existing().resolve()


def _program() -> str:
    """The whole path of `hashtag`; its links stay, since those of a virtual environment lead out of it."""
    beside = Path(sys.executable).with_name("hashtag")
    found = beside if os.access(beside, os.X_OK) else shutil.which(sys.argv[0])
    if found is None:
        raise SettingsError("the program `hashtag` is not found; install it (pip install .) and run it by its name")
    return str(Path(found).absolute())


def _owner(folder: Path) -> str:
    try:
        return folder.owner()
    except KeyError:  # an id without a name, as in containers
        return str(folder.stat().st_uid)


def _tell_unseen(db: str | None) -> None:
    """A scheduler does not know the environment of this shell."""
    here = [variable for name in NAMES if os.environ.get(variable := f"HASHTAG_{name.upper()}")]
    unseen = [variable for variable in here if not (variable == "HASHTAG_DB" and db)]
    if unseen:
        console.tell(
            [f"{', '.join(unseen)} will not be set where this runs every night; hashtag.toml in the home holds for all"]
        )
