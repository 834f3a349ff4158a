"""An agent's update under a systemd that runs: how a version is named whose service fails, and one that is not well.

agent's folder: request, archive ──wayside-update──▶ the new version's service ──▶ update-result, back to 1.0
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.deploy.releases import INSTALL, Publisher
from tests.support import booted, debian_tree
from tests.support.booted import Booted, Street
from tests.support.waiting import until

pytestmark = [pytest.mark.peer, pytest.mark.network, pytest.mark.timeout(600)]

ADDRESS = "10.2.0.7"
FOLDER = "/var/lib/wayside-edge/update"
UNITS = [
    INSTALL.with_name(f"wayside-{name}") for name in ("edge.service", "edge.sysusers", "update.path", "update.service")
]
READY = """
import os, socket, time
systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
systemd.connect(os.environ["NOTIFY_SOCKET"])
systemd.send(b"READY=1")
"""
STAYS = f"{READY}\nwhile True:\n    systemd.send(b'WATCHDOG=1')\n    time.sleep(1)\n"
HEALTH_S = 8


@dataclass(frozen=True)
class Cabinet:
    """A machine whose agent's service runs, of version 1.0."""

    machine: Booted
    publisher: Publisher

    def update(self, number: int, version: str, service: str) -> str:
        """Ask for a version whose service is this; what root told of it."""
        archive = self.publisher.release(version, service=service, units=UNITS)
        self.machine.receive(archive, FOLDER)
        lines = ["wayside-update 1", f"number {number}", "act install", f"version {version}", "downgrade no"]
        request = "\n".join([*lines, f"health {HEALTH_S}"])
        self.machine.run(f"cd {FOLDER}; mv {archive.name} archive.wayside; echo '{request}' >request")
        until(lambda: self.told().startswith(f"{number} "), "root has told of it", seen=self.told, step_s=0.5)
        assert self.machine.run("/opt/wayside/bin/wayside-edge") == "1.0\n"
        assert self.machine.run("systemctl is-active wayside-edge") == "active\n"
        return self.told()

    def told(self) -> str:
        """What root told of the newest request; nothing yet before the first."""
        return self.machine.tried("cat /opt/wayside/update-result").stdout


@pytest.fixture(scope="module")
def cabinet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cabinet]:
    booted.require()
    debian = debian_tree.debian()
    publisher = Publisher(tmp_path_factory.mktemp("releases") / "publisher")
    first = publisher.release("1.0", service=STAYS, units=UNITS)
    with ExitStack() as stack:
        street = stack.enter_context(Street())
        machine = stack.enter_context(booted.machine(street, "cabinet", ADDRESS, debian))
        for file in (first, publisher.public, INSTALL):
            machine.bring(file, "/root")
        machine.boot()
        said = machine.tried(f"cd /root; sh install.sh --role edge --key release.pub {first.name}")
        assert said.returncode == 0, said.stderr
        assert ".running" not in said.stderr, "nothing ran before: nothing is waited for, nor looked at"
        machine.run(f"systemctl enable --now wayside-edge; install -d -o wayside -g wayside {FOLDER}")
        machine.run("systemctl enable --now wayside-update.path")
        yield Cabinet(machine, publisher)


def test_a_service_that_fails_to_start_is_named_with_its_result_and_its_last_line(cabinet: Cabinet) -> None:
    told = cabinet.update(1, "2.0", "raise SystemExit('this version does not run')")
    assert told == (
        "1 rolled_back\nversion 2.0 failed to start: wayside-edge.service (exit-code, tries: 1;"
        " see journalctl -u wayside-edge.service): this version does not run\n"
    )


def test_a_service_that_starts_and_ends_again_is_named_too(cabinet: Cabinet) -> None:
    told = cabinet.update(2, "2.1", f"{READY}\ntime.sleep(0.5)\nraise SystemExit('this version falls over')")
    assert told.startswith("2 rolled_back\nversion 2.1 did not keep running: wayside-edge.service (")
    assert "see journalctl -u wayside-edge.service)" in told
    assert "tries: 1;" not in told


def test_only_a_version_that_ran_and_did_not_become_well_did_not_prove_itself(cabinet: Cabinet) -> None:
    told = cabinet.update(3, "2.2", STAYS)
    assert told == f"3 rolled_back\nversion 2.2 did not prove itself within {HEALTH_S} s\n"


def test_a_service_that_ends_at_once_is_not_given_up(cabinet: Cabinet) -> None:
    machine, folder = cabinet.machine, "/run/systemd/system/wayside-edge.service.d"
    ends = "[Service]\nExecStart=\nExecStart=/bin/false\nRestartSec=100ms\nRestartMaxDelaySec=100ms\n"
    machine.run(f"mkdir -p {folder}; printf '{ends}' >{folder}/ends.conf; systemctl daemon-reload")
    assert "Job for wayside-edge.service failed" in machine.tried("systemctl restart wayside-edge").stderr
    tries = "systemctl show -P NRestarts -P Result wayside-edge"
    until(
        lambda: int(machine.run("systemctl show -P NRestarts wayside-edge")) > 8,
        "it is tried more often than systemd does of itself",
        seen=lambda: machine.run(tries),
        step_s=0.5,
    )
    machine.run(f"rm -r {folder}; systemctl daemon-reload; systemctl restart wayside-edge")
    assert machine.run("systemctl is-active wayside-edge") == "active\n"
