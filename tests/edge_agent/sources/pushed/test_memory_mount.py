"""Which folders never reach a disk, from what Linux says of its mounts and swap."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.sources.pushed.memory_mount import why_not_in_memory

NO_SWAP = "Filename\tType\tSize\tUsed\tPriority\n"
DISK_SWAP = f"{NO_SWAP}/swapfile file 8388604 0 -2\n"
MEMORY_SWAP = f"{NO_SWAP}/dev/zram0 partition 8388604 0 100\n"


def mounted(kind: str, options: str = "rw", optional: str = "shared:5 ") -> str:
    return (
        "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
        f"25 24 0:23 / /srv/drop\\040here rw,nosuid {optional}- {kind} none {options}\n"
        "26 24 0:24 / /dev/pts rw - devpts devpts rw\n"
    )


@pytest.mark.parametrize(
    ("mounts", "swaps", "why"),
    [
        (mounted("tmpfs"), NO_SWAP, ""),
        (mounted("tmpfs", optional=""), NO_SWAP, ""),
        (mounted("tmpfs"), "", ""),
        (mounted("tmpfs"), MEMORY_SWAP, ""),
        (mounted("tmpfs", "rw,noswap,size=64m"), DISK_SWAP, ""),
        (mounted("ramfs"), DISK_SWAP, ""),
        (mounted("tmpfs"), DISK_SWAP, "may be swapped out"),
        (mounted("tmpfs"), MEMORY_SWAP + "/dev/sda2 partition 8 0 -2\n", "may be swapped out"),
        (mounted("ext4"), NO_SWAP, "lies on ext4"),
        (mounted("nfs4"), NO_SWAP, "lies on nfs4"),
        (mounted("overlay"), NO_SWAP, "lies on overlay"),
        ("", NO_SWAP, "lies on an unknown file system"),
    ],
)
def test_what_lies_in_memory(mounts: str, swaps: str, why: str) -> None:
    found = why_not_in_memory((0, 23), mounts, swaps)
    assert bool(found) == bool(why)
    assert why in found


@given(st.text(), st.text())
def test_any_text(mounts: str, swaps: str) -> None:
    assert why_not_in_memory((0, 23), mounts, swaps)  # never by mistake


def test_this_machine() -> None:
    device = Path("/proc").stat().st_dev
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    assert "lies on proc" in why_not_in_memory((os.major(device), os.minor(device)), mounts, "")
