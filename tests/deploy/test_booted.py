"""Wayside on machines whose systemd runs: what its units and `install.sh` do where they do it in earnest.

```
 README's lines, typed on the head ──▶ first picture, nothing is missing ──▶ reboot, kill -9, upgrade, uninstall
 docs/install.md's, on a cabinet   ──▶ its pictures ──▶ a broken version, a new one ─┘ (a roll-out goes on meanwhile)
```
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.borrowed_releases import BorrowedReleases
from tests.support import booted, debian_tree
from tests.support.booted import Booted, Street
from tests.support.booted_county import (
    Camera,
    admit_box,
    begin_roll_out,
    box_commands,
    bring_setup,
    commands,
    end_of_roll_out,
    follow_check,
    type_lines,
    wait_for_next,
)
from tests.support.waiting import until

pytestmark = [pytest.mark.peer, pytest.mark.ray, pytest.mark.network, pytest.mark.timeout(900)]

ADDRESS = "10.2.0.5"
CABINET = "10.2.0.6"
BOX = "cabinet-8"
SETUP = "/root"
"""Which nobody else may enter."""
KEPT = ("/etc/nftables.conf", "/etc/chrony/wayside.conf", "/etc/default/chrony")
DEBIANS = ("nftables", "chrony", "prometheus", "prometheus-node-exporter")
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
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    """A network with a camera."""
    booted.require()
    with Street() as made, Camera(made, tmp_path_factory.mktemp("camera")):
        yield made


@pytest.fixture(scope="module")
def machines(street: Street, lower: tuple[Path, Path], releases: BorrowedReleases) -> Iterator[tuple[Booted, Booted]]:
    """A head set up by the README's lines, and a cabinet, by those of docs/install.md while the head starts Ray.

    Pictures of both are archived, and of the head's plan nothing is missing.
    """
    with (
        booted.machine(street, "head", ADDRESS, *lower) as head,
        booted.machine(street, "cabinet", CABINET, *lower) as cabinet,
    ):
        bring_setup(head, releases.release("all"), releases.public, SETUP)
        with street.recorded() as left:
            type_lines(head, SETUP, commands())
            bring_setup(cabinet, releases.release("edge"), releases.public, SETUP)
            admit_box(head, cabinet, SETUP, BOX)
            type_lines(cabinet, SETUP, [line.replace("cabinet-7", BOX) for line in box_commands()])
            wait_for_next(head, "the README's lines and a cabinet's")
            follow_check(head)
            assert head.run("wayside-provision cluster check").splitlines()[-1] == "head: nothing is missing"
            wait_for_next(cabinet, "the check")
        assert left == [], "nothing wanted to go anywhere: no packet, so no DNS query either"
        assert [head.run(f"systemctl show -P NRestarts {unit}") for unit in MAIN] == ["0\n"] * len(MAIN)
        yield head, cabinet


@pytest.fixture(scope="module")
def head(machines: tuple[Booted, Booted]) -> Booted:
    return machines[0]


@pytest.fixture(scope="module")
def cabinet(machines: tuple[Booted, Booted]) -> Booted:
    return machines[1]


def active(machine: Booted) -> list[str]:
    """Units of ours that run, timers among them."""
    said = machine.run("systemctl list-units --plain --no-legend --state=active,activating 'wayside-*'")
    return sorted(line.split()[0] for line in said.splitlines())


def in_use(machine: Booted) -> str:
    """The version that is in use, which is the only one that runs."""
    slot = machine.run("readlink /opt/wayside/current").strip()
    (other,) = {"a", "b"} - {slot}
    assert processes(machine, f"/opt/wayside/{other}/") == []
    assert processes(machine, f"/opt/wayside/{slot}/")
    return machine.run("cat /opt/wayside/current/version").strip()


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


def test_all_comes_back_after_a_reboot_and_a_version_that_does_not_run_is_taken_back_meanwhile(
    head: Booted, cabinet: Booted, releases: BorrowedReleases
) -> None:
    before = in_use(cabinet)
    begin_roll_out(head, SETUP, releases.release("edge", "0.3.0", broken=True), BOX)
    head.reboot()
    told = end_of_roll_out(head)
    assert (told["phase"], told["counts"]["rolled_back"]) == ("stopped", 1), told
    assert BOX in told["cause"]
    assert cabinet.run("head -n 1 /opt/wayside/update-result").split()[1] == "rolled_back"
    assert in_use(cabinet) == before
    wait_for_next(cabinet, "a version that does not run")
    wait_for_next(head, "a reboot")
    assert head.run(f"systemctl is-active {' '.join(DEBIANS)}").split() == ["active"] * len(DEBIANS)


def test_each_main_process_that_is_killed_comes_back_and_a_roll_out_goes_on(
    head: Booted, cabinet: Booted, releases: BorrowedReleases
) -> None:
    begin_roll_out(head, SETUP, releases.release("edge", "0.2.0"), BOX)
    before = {unit: head.main_pid(unit) for unit in MAIN}
    for pid in before.values():
        head.run(f"kill -9 {pid}")
    for unit, pid in before.items():
        until(lambda unit=unit, pid=pid: head.main_pid(unit) not in {0, pid}, f"{unit} is back")  # type: ignore[misc]
    told = end_of_roll_out(head)
    assert (told["phase"], told["counts"]["healthy"]) == ("done", 1), told
    assert in_use(cabinet) == "0.2.0"
    wait_for_next(cabinet, "a roll-out")
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
    assert processes(head, "/opt/wayside/") + processes(head, "ray::") == []
    head.reboot()
    assert active(head) == []
    said = head.run(f"sh {SETUP}/install.sh --role all --uninstall --purge")
    for kept in ("/srv/wayside-backup", *KEPT):
        assert f"kept: {kept}: " in said
    left = head.run("find /etc /opt /var/lib /var/cache /usr/local -xdev -iname '*wayside*'").splitlines()
    assert left == [path for path in KEPT if "wayside" in path]
