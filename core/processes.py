"""Processes of this machine, by their number."""

import os


def is_gone(pid: int) -> bool:
    """Whether it is known that no such process runs; on Windows, where asking could end it, that is never known."""
    if os.name == "nt":
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:  # such as of another user
        return False
    return False
