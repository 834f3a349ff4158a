"""Wayside on machines whose systemd runs: what its units and `install.sh` do where they do it in earnest.

release archive ──install.sh──▶ head (systemd) ──▶ units, users, sandboxes
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.borrowed_releases import BorrowedReleases
from tests.support import booted, debian_tree
from tests.support.booted import Booted, Street
from tests.support.waiting import until

pytestmark = [pytest.mark.peer, pytest.mark.network, pytest.mark.timeout(900)]

ADDRESS = "10.2.0.5"


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
def head(lower: tuple[Path, Path], releases: BorrowedReleases) -> Iterator[Booted]:
    """A machine with everything installed, and nothing set up."""
    with Street() as street, booted.machine(street, "head", ADDRESS, *lower) as machine:
        archive = releases.release("all")
        for file in (archive, releases.public, debian_tree.ROOT / "deploy/install.sh"):
            machine.bring(file, "/srv/setup")
        machine.boot()
        machine.run(f"cd /srv/setup; sh install.sh --role all --key release.pub {archive.name}")
        yield machine


def test_the_broker_of_a_fresh_home_starts_under_its_unit(head: Booted) -> None:
    head.run("install -d -m 700 -o wayside-home -g wayside-home /var/lib/wayside-home")
    init = f"/opt/wayside/bin/wayside-provision init --host {ADDRESS} --home /var/lib/wayside-home/home"
    head.run(f"cd /; runuser -u wayside-home -- {init}")
    head.run("systemctl enable --now wayside-broker")
    until(lambda: "ready" in head.journal(), "the broker says that it is ready")
    assert head.run("systemctl show -P NRestarts wayside-broker") == "0\n"
    assert head.run("ps -u wayside-home -o comm=").split() == ["wayside-provisi", "mosquitto"]
