"""How much memory this process has held, where the operating system tells it."""

import re
from pathlib import Path

_PROCESS = Path("/proc/self")
_RESET_PEAK = "5"  # see proc(5), /proc/pid/clear_refs


def reset_peak() -> None:
    """From now on `peak_mb` tells of what comes; where that cannot be, of the whole life of the process."""
    try:
        (_PROCESS / "clear_refs").write_text(_RESET_PEAK)
    except OSError:
        return


def peak_mb() -> float | None:
    """The most memory held since `reset_peak`, in 10^6 bytes; None where the system does not tell."""
    try:
        found = re.search(r"VmHWM:\s*(\d+) kB", (_PROCESS / "status").read_text())
    except OSError:
        return None
    return int(found[1]) * 1024 / 1e6 if found else None
