"""Libraries that only an evaluation needs, and that not everybody has installed."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from ...core.advice import INSTALL_EVAL, advised
from ...core.errors import SettingsError


@contextmanager
def needed(what: str) -> Iterator[None]:
    """Around imports: SettingsError that says how to install them where they are missing. what: they are needed for."""
    try:
        yield
    except ImportError as error:
        raise SettingsError(_told(what, error.name), INSTALL_EVAL) from error


def lacking(what: str, library: str) -> str | None:
    """How to install a library that is missing, None if it is there; it is not imported. what: needs it."""
    return None if find_spec(library) else advised(_told(what, library), INSTALL_EVAL)


def check(what: str, *libraries: str) -> None:
    """Raises SettingsError that says how to install the first library that is missing. what: needs them."""
    for library in libraries:
        if not find_spec(library):
            raise SettingsError(_told(what, library), INSTALL_EVAL)


def _told(what: str, library: str | None) -> str:
    return f"{what} needs {library}, which is not installed"
