"""Captions as open_clip cleans them for a model, without its own code, which takes PyTorch, seconds to load."""

import html
import string
from collections.abc import Callable

_NO_PUNCTUATION = str.maketrans("_", " ", string.punctuation.replace("_", ""))

MAX_CHARACTERS = 1000  # more than any text tower has tokens for


def clean_caption(caption: str, how: str) -> str:
    """How: as open_clip names it: `whitespace`, `lower` or `canonicalize`. Raises KeyError on another."""
    import ftfy

    clean = _CLEANERS[how]
    return " ".join(clean(html.unescape(html.unescape(ftfy.fix_text(caption)))).split())


def _canonicalize(caption: str) -> str:
    return caption.translate(_NO_PUNCTUATION).lower()


_CLEANERS: dict[str, Callable[[str], str]] = {"whitespace": str, "lower": str.lower, "canonicalize": _canonicalize}
