"""What is run every night, at what time, and who hears of it when it fails."""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from ..core.advice import leave_database_out, write_like
from ..core.errors import SettingsError

BUSY = 4  # the exit code of a refresh that left the work to another process: nothing to be alarmed by

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,40}[a-z0-9])?")
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_MAIL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_URL = re.compile(r"https?://[A-Za-z0-9._~:/?#\[\]@!$&()*+,;=%-]+")  # RFC 3986, less the apostrophe (%27)
_DATABASE = re.compile(r"[A-Za-z0-9_+]+://.*")
# Wider than the grammar of URLs: a password with a slash in it makes no valid URL, but is a password all the same.
_PASSWORD = re.compile(r"://[^/@:]*:.*@|[?&](?!passfile=)[^=&]*(?:pass|secret|token)[^=&]*=", flags=re.IGNORECASE)
_SQLITE = re.compile(r"sqlite(?:\+[a-z]+)?://(?P<path>[^?]*)", flags=re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Nightly:
    """`hashtag index refresh`, every night.

    program: as a scheduler finds it. home: absolute. name: of the units, job or alarm; letters of a DNS label, so
    that it needs no quoting anywhere. at: `HH:MM`. db: as the option `--db`. mail, webhook: who hears of a failure.
    Raises SettingsError on what cannot be scheduled.
    """

    program: str
    home: PurePosixPath
    name: str = "hashtag-refresh"
    at: str = "03:30"
    db: str | None = None
    mail: str | None = None
    webhook: str | None = None

    def __post_init__(self) -> None:
        if not _TIME.fullmatch(self.at):
            raise SettingsError(f"{self.at!r} is no time of day", write_like("--at", "03:30"))
        if not _NAME.fullmatch(self.name):
            raise SettingsError(
                f"{self.name!r} is no name for a schedule: 1 to 42 letters a-z, digits and - are allowed",
                write_like("--name", "hashtag-refresh"),
            )
        if self.mail is not None and not _MAIL.fullmatch(self.mail):
            raise SettingsError(f"{self.mail!r} is no mail address", write_like("--mail", "ops@example.org"))
        if self.webhook is not None and not _is_web_address(self.webhook):
            example = "https://chat.example.org/hooks/team"
            raise SettingsError("the webhook is no web address", write_like("--webhook", example))
        if not self.home.is_absolute():
            raise SettingsError(f"the home {self.home} is no whole path, and a scheduler starts in another folder")
        if self.db is not None:
            _check_database(self.db)
        for text in (self.program, str(self.home), self.db or ""):
            if any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in text):
                raise SettingsError(f"{text!r} holds a letter that no scheduler takes, such as a line break; rename it")

    @property
    def clock(self) -> tuple[int, int]:
        """Hour and minute."""
        hour, minute = self.at.split(":")
        return int(hour), int(minute)

    @property
    def words(self) -> tuple[str, ...]:
        """The command, unquoted."""
        database = () if self.db is None else ("--db", self.db)
        return (self.program, "index", "refresh", "--home", str(self.home), *database, "--log", "json")

    def check_shareable(self, instead: str) -> None:
        """Raises SettingsError where the text would show a password. instead: where it belongs."""
        if self.db is not None and _PASSWORD.search(self.db):
            raise SettingsError(
                "the address of the database holds a password, which others could read in this text",
                leave_database_out(instead),
            )


def sqlite_folder(db: str | None) -> PurePosixPath | None:
    """The folder of an SQLite database, which must be writable; None for any other database."""
    named = _SQLITE.match(db or "")
    return PurePosixPath(named["path"].removeprefix("/")).parent if named else None


def _check_database(db: str) -> None:
    # The address is not repeated: it may hold a password.
    if not _DATABASE.fullmatch(db):
        raise SettingsError(
            "the address of the database is no URL", write_like("--db", "postgresql+psycopg://user@host/name")
        )
    folder = sqlite_folder(db)
    if folder is not None and not folder.is_absolute():
        raise SettingsError(
            "the address of the database must name the SQLite file by its whole path",
            write_like("--db", "sqlite:////folder/posts.sqlite"),
        )


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(_URL.fullmatch(url) and parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, a bracket without its other
        return False
