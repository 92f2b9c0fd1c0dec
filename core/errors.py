"""The one family of errors. A message says what happened and where; an `Advice`, apart from it, what to do.

HashtagError                exit code 2
├── InvalidError            what was asked for cannot be done so: for a server 400
│   ├── SettingsError
│   ├── SourceError
│   └── PhotoError
├── NotFoundError           a post, source, rule, hashtag or snapshot that is not there: 404
│   ├── NoHomeError         503, as who asks can do nothing about it
│   └── NoIndexError        503
├── UnusableError           something that is stored cannot be used: 500
│   ├── HomeError
│   ├── DatabaseError
│   ├── ClusterError
│   ├── SnapshotError
│   ├── BackupError
│   ├── StaleIndexError
│   └── WeightsError
├── BusyError               another process has the home: 409, exit code 4
└── RefusedError            a gate was not passed: 409, exit code 3
"""

import shutil
from typing import ClassVar

from .advice import Advice, advised


class HashtagError(Exception):
    """Base of every error a user can meet; the command line prints it in one line and exits with `exit_code`.

    message: what happened, and where. advice: what can be done, None if the message says it. As text: both.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, advice: Advice | None = None) -> None:
        super().__init__(advised(message, advice))
        self.message = message
        self.advice = advice


class InvalidError(HashtagError):
    """Something was asked for that cannot be done so, as long as the request stays the same."""


class NotFoundError(HashtagError):
    """A post, source, rule, hashtag or snapshot that is not there."""


class BusyError(HashtagError):
    """A home folder that another process is writing; the message says which."""

    exit_code = 4


class RefusedError(HashtagError):
    """A snapshot that did not pass its gates; the one before it serves on."""

    exit_code = 3


class UnusableError(HashtagError):
    """Something that is stored is damaged, of another release, or cannot be reached."""


class SettingsError(InvalidError):
    """An option, environment variable or settings file that cannot be used."""


class SourceError(InvalidError):
    """An archive that cannot be read at all (a single bad post is a `Reject` instead)."""


class PhotoError(InvalidError):
    """A photo that cannot be decoded; the message is the reason, ready for a rejects file."""


class NoHomeError(NotFoundError):
    """A home folder that is not there."""


class NoIndexError(NotFoundError):
    """A home folder without a published snapshot."""


class HomeError(UnusableError):
    """A home folder that is no folder, or cannot be written."""


class DatabaseError(UnusableError):
    """A database that cannot be opened, migrated or written."""


class ClusterError(UnusableError):
    """A cluster or server that cannot be reached, or cannot do what it is asked for."""


class SnapshotError(UnusableError):
    """A snapshot with a file that is missing or damaged, or with files that do not fit together."""


class BackupError(UnusableError):
    """A backup that is missing, damaged or of another format."""


class StaleIndexError(UnusableError):
    """A snapshot built by encoders other than those that are here now."""


class WeightsError(UnusableError):
    """Model weights that are not on disk, or are not what their name says."""


def describe(error: OSError) -> str:
    """What the system says of a failure.

    NumPy says nothing of a file that a full disk took in part, so that is said here.
    """
    if isinstance(error, shutil.Error):  # of several files the first
        return str(error.args[0][0][2])
    return error.strerror or f"a file could be written only in part: {error}"
