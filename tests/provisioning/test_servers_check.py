"""A machine against its plan: what was planted is found alone, and one that is as planned is accused of nothing.

rendered folder ──cp -r──▶ machine ──check──▶ as planned, or what differs and what to do
"""

import json
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from provisioning.cli import app
from provisioning.servers.check import Manifest, compare
from provisioning.servers.machine import Machine
from provisioning.servers.tree import MANIFEST
from tests.support.county import rendered
from tests.support.ports import free_port


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rendered(tmp_path_factory.mktemp("county"))[1]


def _check(root: Path) -> Result:
    return CliRunner().invoke(app, ["cluster", "check", "--root", str(root), "--json"])


class Installed:
    """A folder that is to be the keeper, as its plan has it, until a test changes it."""

    def __init__(self, root: Path, rendered: Path) -> None:
        shutil.copytree(rendered / "keeper", root)
        self.root = root
        manifest = json.loads((root / MANIFEST[1:]).read_bytes())
        self.write("/opt/wayside/current/version", f"{manifest['version']}\n")
        for disk in manifest["disks"]:
            (root / disk["path"][1:]).mkdir(parents=True, exist_ok=True)
            disk["free_gb"] = 1
        packages = "".join(
            f"Package: {name}\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n"
            "Maintainer: nobody\nDescription: none\n\n"
            for name in manifest["packages"]
        )
        self.write("/var/lib/dpkg/status", packages)
        self.manifest = manifest
        self.settle()

    def settle(self) -> None:
        self.write(MANIFEST, json.dumps(self.manifest))

    def write(self, path: str, text: str) -> None:
        place = self.root / path[1:]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def check(self, code: int) -> dict[str, Any]:
        done = _check(self.root)
        assert done.exit_code == code, done.output
        told: dict[str, Any] = json.loads(done.stdout)
        return told


@pytest.fixture
def installed(tmp_path: Path, out: Path) -> Installed:
    return Installed(tmp_path / "machine", out)


def test_a_machine_that_is_as_planned_is_accused_of_nothing(installed: Installed) -> None:
    told = installed.check(0)
    assert told["as_planned"]
    assert [each["what"] for each in told["findings"]] == [
        "files", "packages", "version", "disks", "certificates", "units",
    ]  # fmt: skip


def _unlink(machine: Installed) -> None:
    (machine.root / "etc/nftables.conf").unlink()


def _change(machine: Installed) -> None:
    machine.write("/etc/nftables.conf", "table inet wayside { }\n")


def _open_key(machine: Installed) -> None:
    (machine.root / "etc/wayside-cluster/secrets/cluster.key").chmod(0o644)


def _older(machine: Installed) -> None:
    machine.write("/opt/wayside/current/version", "0.0.9\n")


def _no_wayside(machine: Installed) -> None:
    shutil.rmtree(machine.root / "opt")


def _no_mount(machine: Installed) -> None:
    (machine.root / "srv/wayside-backup").rmdir()


def _full(machine: Installed) -> None:
    machine.manifest["disks"][0]["free_gb"] = 10**9
    machine.settle()


def _no_package(machine: Installed) -> None:
    machine.write("/var/lib/dpkg/status", "")


@pytest.mark.parametrize(
    ("plant", "what", "detail"),
    [
        (_unlink, "/etc/nftables.conf", "is missing; copy it"),
        (_change, "/etc/nftables.conf", "was changed; copy it"),
        (_open_key, "/etc/wayside-cluster/secrets/cluster.key", "chmod 600"),
        (_older, "version", "0.0.9 is in use"),
        (_no_wayside, "version", "install.sh"),
        (_no_mount, "/srv/wayside-backup", "mount it"),
        (_full, "/var/lib/wayside-cluster", "GB are free"),
        (_no_package, "packages", "apt-get install chrony"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_planted_difference_is_found_alone_and_says_what_to_do(
    installed: Installed, plant: Callable[[Installed], None], what: str, detail: str
) -> None:
    plant(installed)
    (found,) = [each for each in installed.check(1)["findings"] if not each["good"]]
    assert found["what"] == what
    assert detail in found["detail"]


def test_a_machine_without_its_plan_is_told_how_it_comes_by_it(tmp_path: Path) -> None:
    for content in (None, "", "{}", "[1]", '{"kind": "wayside-servers 2"}'):
        if content is not None:
            (tmp_path / "etc/wayside-servers").mkdir(parents=True, exist_ok=True)
            (tmp_path / MANIFEST[1:]).write_text(content)
        done = _check(tmp_path)
        assert (done.exit_code, done.stdout) == (2, "")
        assert "cp -r NAME/. /" in done.stderr


def test_ports_are_compared_with_the_plan(out: Path) -> None:
    """On this very machine: one that listens as planned, one where nobody does, one that nobody planned."""
    manifest = Manifest.model_validate_json((out / "parser" / MANIFEST[1:]).read_bytes())
    silent = free_port()
    with socket.create_server(("0.0.0.0", 0)) as planned, socket.create_server(("0.0.0.0", 0)) as stray:
        here, there = planned.getsockname()[1], stray.getsockname()[1]
        model = manifest.openings[1].model_copy(update={"must": True, "unit": "wayside-cluster.service"})
        wanted = tuple(model.model_copy(update={"first": port, "last": port}) for port in (here, silent))
        bare = manifest.model_copy(update={"files": (), "packages": (), "disks": (), "openings": wanted})
        found = {each.what: each.detail for each in compare(bare, Machine(Path("/"))) if not each.is_good}
    assert f"tcp {here}" not in found
    assert "journalctl -u wayside-cluster.service" in found[f"tcp {silent}"]
    assert "is in no plan" in found[f"tcp {there}"]


def test_a_kernel_says_whether_its_clock_is_synchronised() -> None:
    assert Machine(Path("/")).is_synchronised() in {True, False}
