"""What this machine has."""

import os
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup/memory.max")


def memory_of_machine() -> int:
    """Bytes of memory that a process can have here: those of the machine, or of its container if that has fewer."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(whole, int(_CGROUP.read_text()))
    except (OSError, ValueError):  # there is no limit, or it is named `max`
        return whole
