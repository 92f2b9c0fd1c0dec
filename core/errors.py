"""The one family of errors. Every message says what happened, where, and what to do."""

import shutil
from typing import ClassVar


class HashtagError(Exception):
    """Base of every error a user can meet; the command line prints it in one line and exits with `exit_code`."""

    exit_code: ClassVar[int] = 2


class SettingsError(HashtagError):
    """An option, environment variable or settings file that cannot be used."""


class SourceError(HashtagError):
    """An archive that cannot be read at all (a single bad post is a `Reject` instead)."""


class HomeError(HashtagError):
    """A home folder that is missing, not a folder, or cannot be written."""


class HomeBusyError(HomeError):
    """A home folder that another process is writing; the message says which."""

    exit_code = 4


class BackupError(HashtagError):
    """A backup that is missing, damaged or of another format."""


class DatabaseError(HashtagError):
    """A database that cannot be opened, migrated or written."""


class NoIndexError(HashtagError):
    """A home folder without a published snapshot."""


class SnapshotError(HashtagError):
    """A snapshot with a missing, damaged or contradictory file."""


class RefusedError(HashtagError):
    """A snapshot that did not pass its gates; the one before it serves on."""

    exit_code = 3


class StaleIndexError(HashtagError):
    """A snapshot built by encoders other than those that are here now."""


class WeightsError(HashtagError):
    """Model weights that are not on disk, or are not what their name says."""


class PhotoError(HashtagError):
    """A photo that cannot be decoded; the message is the reason, ready for a rejects file."""


def told(error: OSError) -> str:
    """What the system says of a failure; of NumPy, which says nothing of a file that a full disk took in part, that."""
    if isinstance(error, shutil.Error):  # of several files the first
        return str(error.args[0][0][2])
    return error.strerror or f"a file could be written only in part: {error}"
