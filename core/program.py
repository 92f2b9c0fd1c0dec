"""The name and version of this program."""

from importlib.metadata import version

PROGRAM = "hashtag-recommender"


def release() -> str:
    """The version: `0.1.0`."""
    return version(PROGRAM)


def program() -> str:
    """Name and version, as they stand in what it writes: `hashtag-recommender 0.1.0`."""
    return f"{PROGRAM} {release()}"
