"""Reads processes from `/proc`: as far as the demo needs to end its own processes and to measure their memory."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")


@dataclass(frozen=True)
class Entry:
    """Entry of one process in the table."""

    pid: int
    parent: int
    session: int
    ended: bool
    """True for a zombie: ended, and not reaped by its parent."""


@dataclass(frozen=True)
class Weight:
    """Memory of some processes."""

    processes: int
    rss_bytes: int
    pss_bytes: int
    """Shared pages are divided among the processes that share them, so that sums are right."""


def read() -> dict[int, Entry]:
    """Reads every visible process, by id."""
    table = {}
    for folder in _PROC.iterdir():
        if folder.name.isdigit() and (entry := _entry(folder)) is not None:
            table[entry.pid] = entry
    return table


def descendants(table: Mapping[int, Entry], root: int) -> set[int]:
    """Returns ids of the children of `root`, their children, and so on; without `root`."""
    children: dict[int, list[int]] = {}
    for entry in table.values():
        children.setdefault(entry.parent, []).append(entry.pid)
    found: set[int] = set()
    pending = [root]
    while pending:
        fresh = [pid for pid in children.get(pending.pop(), []) if pid not in found]
        found.update(fresh)
        pending.extend(fresh)
    return found


def marked(table: Iterable[int], mark: str) -> set[int]:
    """Returns those of these processes that were started with `NAME=value` in their environment.

    A process that rewrites its title may overwrite this (Ray's workers do), so absence proves nothing.
    """
    wanted = mark.encode()
    found = set()
    for pid in table:
        try:
            environment = (_PROC / str(pid) / "environ").read_bytes()
        except OSError:
            continue  # it ended meanwhile, or belongs to another user
        if wanted in environment.split(b"\0"):
            found.add(pid)
    return found


def weigh(pids: Iterable[int]) -> Weight:
    """Measures the memory of these processes now; one that ends meanwhile counts nothing."""
    count = rss = pss = 0
    for pid in pids:
        try:
            text = (_PROC / str(pid) / "smaps_rollup").read_text(encoding="ascii")
        except OSError:
            continue  # ended, or a zombie
        sizes = {line.split()[0]: int(line.split()[1]) for line in text.splitlines()[1:]}
        count += 1
        rss += sizes["Rss:"] * 1024
        pss += sizes["Pss:"] * 1024
    return Weight(count, rss, pss)


def _entry(folder: Path) -> Entry | None:
    try:
        text = (folder / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None  # it ended between the listing and the reading
    # "pid (name) state ppid pgrp session …"; the name may hold spaces and brackets.
    fields = text[text.rindex(")") + 2 :].split()
    return Entry(int(folder.name), int(fields[1]), int(fields[3]), ended=fields[0] in {"Z", "X"})
