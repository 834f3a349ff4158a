"""What Linux says of a process: processor time and memory."""

import errno
import os
import time
from pathlib import Path
from typing import Final

_KIB: Final = 1024


def cpu_s(pid: int) -> float:
    """Processor seconds of all its threads, also of those that have ended, to the nanosecond; 0 if it is gone."""
    # clock_getcpuclockid(3): what the kernel keeps of a whole process. A sum over /proc/PID/task forgets what a thread
    # did as soon as it ends, and thread pools end theirs.
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError as error:
        if error.errno in {errno.EINVAL, errno.ESRCH}:
            return 0.0
        raise


def pss_mib(pid: int) -> float:
    """Proportional set size: its own pages, and its part of those that it shares with others."""
    return _rollup(pid, "Pss")


def rss_mib(pid: int | None = None) -> float:
    """Resident set size: its own pages and all that it shares; of this process where none is given."""
    return _rollup(os.getpid() if pid is None else pid, "Rss")


def _rollup(pid: int, name: str) -> float:
    for line in (Path("/proc") / str(pid) / "smaps_rollup").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / _KIB
    raise OSError(f"process {pid} has no {name}")


def descendants(pid: int) -> dict[int, str]:
    """This process and all that come of it, by what they call themselves: a program, or `-m`'s module."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):  # it has ended
            continue
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return {each: name for each in found if (name := _name(each))}


def _name(pid: int) -> str:
    try:
        words = (Path("/proc") / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return words[2] if words[1:2] == ["-m"] else Path(words[0]).name
