"""Wayside on machines whose systemd runs: what its units and `install.sh` do where they do it in earnest.

```
 README's lines, typed on the head ──▶ first picture ──▶ reboot, kill -9, upgrade and back, uninstall
```
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.deploy.borrowed_releases import BorrowedReleases
from tests.support import booted, debian_tree
from tests.support.booted import Booted, Street
from tests.support.booted_county import Camera, bring_setup, type_lines, wait_for_next
from tests.support.waiting import until

pytestmark = [pytest.mark.peer, pytest.mark.ray, pytest.mark.network, pytest.mark.timeout(900)]

ADDRESS = "10.2.0.5"
SETUP = "/root"
"""Which nobody else may enter."""
KEPT = ("/etc/nftables.conf", "/etc/chrony/wayside.conf", "/etc/default/chrony")
MAIN = ("wayside-broker", "wayside-provision", "wayside-center", "wayside-cluster", "wayside-edge")


@pytest.fixture(scope="module")
def lower() -> tuple[Path, Path]:
    """Trees that a machine is a layer over."""
    booted.require()
    debian = debian_tree.debian()
    return debian_tree.dependencies(debian), debian


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory, lower: tuple[Path, Path]) -> BorrowedReleases:
    return BorrowedReleases(tmp_path_factory.mktemp("releases"), lower[1])


@pytest.fixture(scope="module")
def head(
    lower: tuple[Path, Path], releases: BorrowedReleases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Booted]:
    """A machine with everything, set up by the README's lines, whose camera's pictures are archived."""
    with ExitStack() as stack:
        street = stack.enter_context(Street())
        machine = stack.enter_context(booted.machine(street, "head", ADDRESS, *lower))
        bring_setup(machine, releases.release("all"), releases.public, SETUP)
        stack.enter_context(Camera(street, tmp_path_factory.mktemp("camera")))
        machine.boot()
        machine.run(f"chmod 700 {SETUP}; chmod 600 {SETUP}/*")
        with booted.recorded(street) as left:
            type_lines(machine, SETUP)
            wait_for_next(machine, "the README's lines")
        assert left == [], "nothing wanted to go anywhere: no packet, so no DNS query either"
        assert [machine.run(f"systemctl show -P NRestarts {unit}") for unit in MAIN] == ["0\n"] * len(MAIN)
        yield machine


def active(machine: Booted) -> list[str]:
    """Units of ours that run, timers among them."""
    said = machine.run("systemctl list-units --plain --no-legend --state=active,activating 'wayside-*'")
    return sorted(line.split()[0] for line in said.splitlines())


def processes(machine: Booted, of: str) -> list[str]:
    """Command lines of processes there that name something."""
    listed = machine.run("ps -e -o args=").splitlines()
    return [line for line in listed if of in line]


def test_every_unit_starts_in_its_sandbox(head: Booted) -> None:
    assert {f"{unit}.service" for unit in MAIN} <= set(active(head))
    assert head.run("systemctl list-units --plain --no-legend --failed 'wayside-*'") == ""
    for unit in MAIN:
        status = head.run(f"cat /proc/{head.main_pid(unit)}/status")
        assert "\nCapEff:\t0000000000000000\n" in status, unit
        assert "\nNoNewPrivs:\t1\n" in status, unit


def test_root_acts_as_the_account_that_has_the_home_and_makes_no_second_one(head: Booted) -> None:
    assert "cabinet-7" in head.run(f"cd {SETUP}; wayside-provision status")
    assert head.run("find /var/lib/wayside-home /var/lib/wayside-edge ! -user wayside-home ! -user wayside") == ""
    refused = head.tried(f"/opt/wayside/bin/wayside-provision init --host {ADDRESS}")
    assert refused.returncode == 2
    assert "the home of this machine is /var/lib/wayside-home/home" in refused.stderr
    assert head.tried("test -e /root/.local").returncode != 0


def test_all_comes_back_after_a_reboot(head: Booted) -> None:
    head.reboot()
    wait_for_next(head, "a reboot")


def test_each_main_process_that_is_killed_comes_back(head: Booted) -> None:
    before = {unit: head.main_pid(unit) for unit in MAIN}
    for pid in before.values():
        head.run(f"kill -9 {pid}")
    for unit, pid in before.items():
        until(lambda unit=unit, pid=pid: head.main_pid(unit) not in {0, pid}, f"{unit} is back")  # type: ignore[misc]
    wait_for_next(head, "kill -9 of each main process")


def test_an_upgrade_takes_the_running_cluster_along_and_leaves_alone_what_was_stopped(
    head: Booted, releases: BorrowedReleases
) -> None:
    newer = releases.release("all", "0.2.0")
    head.run("systemctl stop wayside-center")
    head.receive(newer, SETUP)
    began_s = time.monotonic()
    said = head.run(f"sh {SETUP}/install.sh --role all {SETUP}/{newer.name}")
    print(f"upgrade took {time.monotonic() - began_s:.1f} s")  # noqa: T201
    assert "version 0.2.0 is in use" in said
    try:
        assert processes(head, "/opt/wayside/a/") == [], "nothing runs from the version before"
        assert "wayside-center.service" not in active(head)
        wait_for_next(head, "an upgrade")
        head.run("pkill -9 -f '[:]archiver'")
        wait_for_next(head, "kill -9 of the archiver")
    finally:
        head.run("systemctl start wayside-center")


@pytest.mark.last
def test_uninstalled_nothing_runs_and_nothing_is_tried_again(head: Booted) -> None:
    head.run(f"sh {SETUP}/install.sh --role all --uninstall")
    assert active(head) == []
    assert head.tried("systemctl list-unit-files --plain --no-legend --state=enabled 'wayside-*'").stdout == ""
    assert processes(head, "wayside") == []
    head.reboot()
    assert active(head) == []
    said = head.run(f"sh {SETUP}/install.sh --role all --uninstall --purge")
    for kept in ("/srv/wayside-backup", *KEPT):
        assert f"kept: {kept}: " in said
    left = head.run("find /etc /opt /var/lib /var/cache /usr/local -xdev -iname '*wayside*'").splitlines()
    assert left == [path for path in KEPT if "wayside" in path]
