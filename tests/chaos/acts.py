"""What is done to the street, one act after another."""

import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from tests.chaos.street import CENTRE, ChaosError, Street

AGENT: Final = "street"
BOXED: Final = "alley"
"""The agent whose disk fills."""
APART_FROM: Final = "WAYSIDE_CHAOS_APART_FROM"
"""Holds the namespaces of whoever started us, as the kernel names them."""
DISK_BYTES: Final = 64 * 1024 * 1024
_PAGE_BYTES: Final = 4096


class Impossible(Exception):
    """This machine does not let us do that; the text says what."""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happens to the street. `play` returns how often."""

    name: str
    play: Callable[[Street, random.Random], int]


def agent_killed(street: Street, chance: random.Random) -> int:
    """SIGKILL at any moment: while it starts to publish, in the middle of a commit, between two."""
    for _ in range(20):
        time.sleep(chance.uniform(0.0, 1.5))
        street.kill(AGENT)
        street.start_agent(AGENT)
    street.flows(AGENT)
    return 20


def broker_killed(street: Street, chance: random.Random) -> int:
    """Within its autosave interval, and back with nothing of what it had acknowledged."""
    for _ in range(5):
        street.flows(AGENT, 10)
        time.sleep(chance.uniform(0.0, 0.5))
        street.exchange.kill()
        street.exchange.start()
    street.flows(AGENT)
    return 5


def centre_killed(street: Street, chance: random.Random) -> int:
    """Between pack, rows, commit mark and acknowledgement."""
    for _ in range(6):
        street.flows(AGENT, 10)
        time.sleep(chance.uniform(0.0, 0.5))
        street.kill(CENTRE)
        street.start_centre()
    street.flows(AGENT)
    return 6


def centre_away(street: Street, _: random.Random) -> int:
    """For a minute; then the backlog goes, and live pictures with it."""
    street.stop(CENTRE)
    time.sleep(60)
    street.start_centre()
    street.until("the backlog is gone", lambda: street.ledger(AGENT).in_flight < 64)
    return 1


def network_cut(street: Street, _: random.Random) -> int:
    """Briefly, so that TCP survives; then for longer than keep-alive does."""
    for seconds in (4, 4, 30):
        _link("down")
        try:
            time.sleep(seconds)
        finally:
            _link("up")
        street.flows(AGENT)
    return 3


def disk_full(street: Street, _: random.Random) -> int:
    """To the last byte, while the centre is away; the agent is killed in it; then the centre comes back first."""
    disk = street.root / "small-disk"
    disk.mkdir()
    street.afterwards.callback(_mount(disk))
    street.add_agent(BOXED, disk / "spool")
    street.flows(BOXED)
    street.stop(CENTRE)
    _fill(disk / "ballast")
    for _life in range(3):
        before = street.ledger(BOXED).dropped.get("disk_full", 0)
        street.until(
            "pictures are dropped for want of room",
            lambda before=before: street.ledger(BOXED).dropped.get("disk_full", 0) > before + 10,  # type: ignore[misc] # bound now
        )
        street.kill(BOXED)
        street.start_agent(BOXED)
    street.start_centre()
    street.flows(BOXED, 100)  # in the room that the archived ones leave; the disk is still full
    (disk / "ballast").unlink()
    street.flows(BOXED)
    return 3


def all_at_once(street: Street, chance: random.Random) -> int:
    """For a minute, each of them at any moment."""
    ends_s = time.monotonic() + 60
    count = 0
    while time.monotonic() < ends_s:
        time.sleep(chance.uniform(0.0, 2.0))
        victim = chance.choice([AGENT, CENTRE, "broker"])
        if victim == "broker":
            street.exchange.kill()
            street.exchange.start()
        else:
            street.kill(victim)
            (street.start_centre if victim == CENTRE else lambda: street.start_agent(AGENT))()
        count += 1
    street.flows(AGENT)
    return count


ACTS: Final = (
    Act("agent killed", agent_killed),
    Act("broker killed, back empty", broker_killed),
    Act("centre killed", centre_killed),
    Act("centre away for a minute", centre_away),
    Act("network cut", network_cut),
    Act("disk full", disk_full),
    Act("all at once", all_at_once),
)


def _link(state: str) -> None:
    ip = shutil.which("ip", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if ip is None or not is_apart("net"):
        raise Impossible("no network of our own to cut: needs iproute2, util-linux and the right to unshare")
    subprocess.run([ip, "link", "set", "lo", state], check=True)


def _mount(folder: Path) -> Callable[[], object]:
    """A small disk there; returns what takes it away again."""
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if mount is None or umount is None or not is_apart("mnt"):
        raise Impossible("no small disk to fill: needs util-linux and the right to unshare")
    subprocess.run([mount, "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", str(folder)], check=True)
    return partial(subprocess.run, [umount, "-l", str(folder)], check=True)


def is_apart(kind: str) -> bool:
    """Whether this process has a namespace of its own, so that nobody else's network or mounts are touched."""
    outer = os.environ.get(APART_FROM, "")
    return f"{kind}:[" in outer and str(Path(f"/proc/self/ns/{kind}").readlink()) not in outer


def _fill(ballast: Path) -> None:
    with ballast.open("ab", buffering=0) as file:
        for size in (1024 * 1024, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    if (free := shutil.disk_usage(ballast.parent).free) >= _PAGE_BYTES:
        raise ChaosError(f"the disk cannot be filled: {free} bytes are left")
