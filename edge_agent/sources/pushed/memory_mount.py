"""Checks that a folder lies in memory and stays there, by Linux's tables of mounts and swap (proc(5)).

Pure: the texts are arguments.
"""

from typing import Final

_IN_MEMORY: Final = frozenset({"tmpfs", "ramfs"})


def why_not_in_memory(device: tuple[int, int], mounts: str, swaps: str) -> str:
    """Returns the fault of this file system; empty when its files never reach a disk.

    `device`: major and minor number. `mounts`: /proc/self/mountinfo. `swaps`: /proc/swaps. A tmpfs is swapped out like
    any memory unless it was mounted with `noswap` (Linux 6.4); a ramfs never is.
    """
    kind, options = "", ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields, details = before.split(), after.split()
        if len(fields) > 2 and len(details) > 2 and fields[2] == f"{device[0]}:{device[1]}":
            kind, options = details[0], details[2]
    if kind not in _IN_MEMORY:
        return f"lies on {kind or 'an unknown file system'}, where raw pictures would reach a disk: mount a tmpfs there"
    if kind == "tmpfs" and "noswap" not in options.split(",") and _swaps_to_disk(swaps):
        return "lies on a tmpfs that may be swapped out to a disk: mount it with noswap, or switch swap off"
    return ""


def _swaps_to_disk(swaps: str) -> bool:
    """True if a swap is on a disk; compressed memory (zram) is none."""
    return any(not line.startswith("/dev/zram") for line in swaps.splitlines()[1:] if line.strip())
