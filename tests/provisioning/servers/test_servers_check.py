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

from provisioning.cli.main import app
from provisioning.contracts.fleet.diagnosis import CheckResult
from provisioning.servers import machine
from provisioning.servers.check import Manifest, compare
from provisioning.servers.machine import Listener, ServerMachine, services_of
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
        (
            _no_package,
            "packages",
            "apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confold chrony",
        ),
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
        found = {each.what: each.detail for each in compare(bare, ServerMachine(Path("/"))) if not each.is_good}
    assert f"tcp {here}" not in found
    assert "journalctl -u wayside-cluster.service" in found[f"tcp {silent}"]
    assert "is in no plan" in found[f"tcp {there}"]


def test_a_descriptor_that_is_closed_during_the_look_does_not_hide_whose_a_socket_is(tmp_path: Path) -> None:
    """A busy process opens and closes files all the time. What is no link stands for one that is closed by now."""
    for number, unit in ((71, "wayside-cluster"), (72, "nginx")):
        descriptors = tmp_path / str(number) / "fd"
        descriptors.mkdir(parents=True)
        (descriptors.parent / "cgroup").write_text(f"0::/system.slice/{unit}.service\n")
        (descriptors / "3").symlink_to(f"socket:[{number}]")
        (descriptors / "4").write_bytes(b"")
        (descriptors / "5").symlink_to(f"socket:[{number}0]")
    (tmp_path / "73").mkdir()
    (tmp_path / "74/fd").mkdir(parents=True)
    (tmp_path / "74/fd/3").symlink_to("socket:[74]")
    assert services_of({"71", "710", "720", "74"}, tmp_path) == {
        "71": "wayside-cluster.service",
        "710": "wayside-cluster.service",
        "720": "nginx.service",
    }


def test_what_is_closed_while_its_service_is_sought_listens_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("0.0.0.0", 0)) as ends, socket.create_server(("0.0.0.0", 0)) as stays:
        ports = [each.getsockname()[1] for each in (ends, stays)]

        def seek(inodes: set[str]) -> dict[str, str]:
            ends.close()
            return {}

        monkeypatch.setattr(machine, "services_of", seek)
        seen = {each.port for each in ServerMachine.listeners()}
    assert [port in seen for port in ports] == [False, True]


class Running(ServerMachine):
    """The keeper as it runs: what the kernel, systemd and nft say of it is the test's."""

    def __init__(self, installed: Installed) -> None:
        super().__init__(installed.root)
        self.is_whole = True
        self.heard: list[Listener] = []
        self.firewall: bool | None = True
        self.versions: dict[str, str] = {}
        self.synchronised: bool | None = True

    def has_systemd(self) -> bool:
        return True

    def unit(self, name: str) -> tuple[str, str]:
        return "enabled", "active"

    def listeners(self) -> list[Listener]:  # type: ignore[override]
        return self.heard

    def has_firewall(self) -> bool | None:
        return self.firewall

    def running_version(self, unit: str) -> str | None:
        return self.versions.get(unit)

    def is_synchronised(self) -> bool | None:  # type: ignore[override]
        return self.synchronised

    def differences(self, manifest: Manifest) -> list[CheckResult]:
        """Without those of owners, which are this machine's own."""
        return [each for each in compare(manifest, self) if not each.is_good and "run: chown" not in each.detail]


@pytest.fixture
def running(installed: Installed) -> Running:
    return Running(installed)


@pytest.fixture
def manifest(installed: Installed) -> Manifest:
    whole = Manifest.model_validate(installed.manifest)
    return whole.model_copy(update={"openings": tuple(each for each in whole.openings if not each.must)})


def test_nobody_is_told_to_end_a_listener_of_our_own_unit(running: Running, manifest: Manifest) -> None:
    """Ray opens ports of its own choice on all addresses, some of them as the cluster's driver."""
    running.heard = [Listener("tcp", "0.0.0.0", port, "wayside-cluster.service") for port in (44217, 44227, 39801)]
    assert running.differences(manifest) == []


@pytest.mark.parametrize(
    ("unit", "what_to_do"),
    [("exim4.service", "systemctl disable --now exim4.service"), ("", "ss -ltnp 'sport = :25' names it: end it")],
)
@pytest.mark.parametrize(
    ("firewall", "said"),
    [(True, "; the firewall refuses it;"), (False, "; and no firewall refuses it;"), (None, "run this as root")],
)
def test_a_stray_listener_is_named_with_its_unit_and_with_what_the_firewall_really_does(
    running: Running, manifest: Manifest, unit: str, what_to_do: str, firewall: bool | None, said: str
) -> None:
    running.heard, running.firewall = [Listener("tcp", "0.0.0.0", 25, unit)], firewall
    (found,) = [each for each in running.differences(manifest) if each.what == "tcp 25"]
    assert said in found.detail
    assert found.detail.endswith(what_to_do)


def test_a_firewall_that_is_not_loaded_is_a_difference_of_its_own(running: Running, manifest: Manifest) -> None:
    running.firewall = False
    (found,) = running.differences(manifest)
    assert found.what == "firewall"
    assert "every port is open" in found.detail
    assert "systemctl enable --now nftables" in found.detail


def test_the_version_that_runs_is_told_and_compared_with_the_one_that_is_installed(
    running: Running, manifest: Manifest
) -> None:
    unit = "wayside-cluster.service"
    running.versions = {unit: manifest.version}
    (told,) = [each for each in compare(manifest, running) if each.what == "version"]
    assert told.detail == f"{manifest.version} is installed and run by wayside-cluster"
    for version, said in (("0.0.9", "version 0.0.9"), ("", "not here any more")):
        running.versions = {unit: version}
        (found,) = running.differences(manifest)
        assert found.what == unit
        assert said in found.detail
        assert found.detail.endswith(f"systemctl restart {unit}")


def test_a_clock_is_to_be_synchronised_where_the_plan_gives_it_anybody_to_ask(
    running: Running, manifest: Manifest
) -> None:
    running.synchronised = False
    (found,) = running.differences(manifest)
    assert (found.what, "not synchronised" in found.detail) == ("clock", True)
    alone = tuple(each for each in manifest.files if each.path != "/etc/chrony/sources.d/wayside.sources")
    assert running.differences(manifest.model_copy(update={"files": alone})) == []


def test_a_listener_is_known_by_the_service_that_holds_it() -> None:
    """On this very machine: no service holds the test's own socket."""
    with socket.create_server(("0.0.0.0", 0)) as own:
        port = own.getsockname()[1]
        (found,) = [each for each in ServerMachine(Path("/")).listeners() if each.port == port]
    assert (found.address, found.is_reachable) == ("0.0.0.0", True)
    assert found.unit == "" or found.unit.endswith(".service")


def test_a_kernel_says_whether_its_clock_is_synchronised() -> None:
    assert ServerMachine(Path("/")).is_synchronised() in {True, False}
