"""Paths as people type them, beside names as they are on disk."""

from pathlib import Path
from unicodedata import normalize


def in_any_form(path: Path) -> Path:
    """The path itself if something lies there; else one whose parts are equal in Unicode's composed form (NFC).

    Archives packed on a Mac write 카 in two characters, and a path can have parts of either kind. A path that is found
    in no form comes back as it is.
    """
    try:
        if path.exists():
            return path
        found = Path(path.anchor)
        for part in path.relative_to(path.anchor).parts:
            if not (found / part).exists() and part != "..":
                composed = normalize("NFC", part)
                alike = sorted(entry for entry in found.iterdir() if normalize("NFC", entry.name) == composed)
                found = alike[0]
            else:
                found /= part
        return found
    except (OSError, ValueError, IndexError):
        return path
