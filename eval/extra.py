"""Libraries that only an evaluation needs, and that not everybody has installed."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..core.errors import SettingsError


@contextmanager
def needed(what: str) -> Iterator[None]:
    """Around imports: SettingsError that says how to install them where they are missing. what: they are needed for."""
    try:
        yield
    except ImportError as error:
        raise SettingsError(
            f'{what} needs {error.name}, which is not installed; pip install "hashtag-recommender[eval]"'
        ) from error
