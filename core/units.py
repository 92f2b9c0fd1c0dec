"""Sizes as people write them."""

import re
from decimal import Decimal

from .advice import write_like
from .errors import SettingsError

_UNITS = {
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "b": 1,
}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)", re.ASCII)


def parse_size(text: str, option: str) -> int:
    """Bytes of a text like `10MB`, `4G`, `9.5 MiB` or `800kB`; case does not matter. option: for the advice.

    Raises SettingsError on any other text, and on less than a byte.
    """
    found = _SIZE.fullmatch(text.strip().lower())
    size = int(Decimal(found[1]) * _UNITS[found[2]]) if found and found[2] in _UNITS else 0
    if size < 1:
        raise SettingsError(f"{text!r} is no size", write_like(option, "10MB, 9.5MiB or 800kB"))
    return size


def size_in_words(n: int) -> str:
    """Bytes as a person reads them: `9.6 MB`, `800 kB`, `224 bytes`."""
    if n < 1000:
        return f"{n} bytes"
    return f"{n / 1e6:.1f} MB" if n >= 10**6 else f"{n / 1e3:.0f} kB"
