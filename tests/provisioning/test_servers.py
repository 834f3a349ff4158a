"""The centre's servers: one plan renders four folders that each tool accepts; `check` finds what was planted, alone.

county.toml ──render──▶ head  parser  archiver  keeper ──cp -r──▶ machine ──check──▶ as planned, or what to do
"""

import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from provisioning.cli import app
from provisioning.contracts.cluster import ClusterConfig
from provisioning.contracts.config import CenterConfig, load
from provisioning.contracts.errors import ConfigError
from provisioning.errors import ClusterPlanError
from provisioning.home import Home, HomeConfig
from provisioning.servers import database
from provisioning.servers.check import Manifest, compare
from provisioning.servers.machine import Machine
from provisioning.servers.openings import openings
from provisioning.servers.plan import Plan, read
from provisioning.servers.render import render
from provisioning.servers.tree import MANIFEST
from tests.support.ports import free_port
from tests.support.postgres import programs

GOLDEN = Path(__file__).parent / "golden"
NAMES = ("head", "parser", "archiver", "keeper")
SBIN = "/usr/sbin:/usr/bin:/sbin:/bin"


def tool(name: str, package: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{SBIN}")
    if found is None:
        pytest.skip(f"{name} is not installed: apt-get install {package}")
    return found


def accepts(*command: str | Path) -> None:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def plan() -> Plan:
    return read(GOLDEN / "county.toml")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    root = tmp_path_factory.mktemp("servers")
    config = HomeConfig(name="county", host="10.2.0.5", services_listen="10.2.0.5", account="nobody")
    return Home.create(root / "home", config)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory, home: Home, plan: Plan) -> Path:
    folder = tmp_path_factory.mktemp("rendered")
    render(home, plan, folder)
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {f"/{path.relative_to(folder)}": path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- what is rendered


def test_the_golden_plan_renders_these_files_units_and_ports(out: Path) -> None:
    told = []
    for name in NAMES:
        manifest = json.loads((out / name / MANIFEST[1:]).read_bytes())
        told += [f"{name} {file['mode']:04o} {file['owner']} {file['path']}" for file in manifest["files"]]
        told += [f"{name} unit {unit}" for unit in manifest["units"]]
        told += [
            f"{name} {each['protocol']} {each['first']}-{each['last']} "
            f"{'closed' if each['sources'] is None else ' '.join(each['sources']) or 'everybody'}: {each['why']}"
            for each in manifest["openings"]
        ]
    assert told == (GOLDEN / "servers.txt").read_text(encoding="utf-8").splitlines()


def test_a_second_run_changes_no_byte(out: Path, home: Home, plan: Plan) -> None:
    before = files(out)
    render(home, plan, out)
    assert files(out) == before


def test_every_secret_is_its_owners_and_stands_in_no_other_file(out: Path) -> None:
    secrets = {file.read_bytes() for file in (out / ".secrets").iterdir() if file.suffix != ".pem"}
    assert len(secrets) == 10
    for name in NAMES:
        for path, content in files(out / name).items():
            mode = (out / name / path[1:]).stat().st_mode & 0o777
            if any(secret in content for secret in secrets):
                assert mode == 0o600, path
            assert mode in {0o600, 0o644}, path


@pytest.mark.parametrize("name", NAMES)
def test_each_configuration_of_ours_loads(out: Path, name: str) -> None:
    settings = load(ClusterConfig, out / name / "etc/wayside-cluster/cluster.toml")
    assert settings.retention_days == 30
    if name == "head":
        center = load(CenterConfig, out / "head/etc/wayside-center/center.toml")
        assert center.query_url == "http://10.2.0.5:8100"
        assert center.database_url == "postgresql://wayside_center@127.0.0.1:5432/wayside?sslmode=require"


def test_rays_exporter_is_open_to_prometheus_alone(plan: Plan, home: Home) -> None:
    for server in plan.servers:
        (exporter,) = [each for each in openings(plan, server, home.config) if each.holds_port(6405)]
        assert exporter.sources == (None if server is plan.head else ("10.2.0.5/32",))


@pytest.mark.parametrize("name", NAMES)
def test_nft_accepts_each_firewall(out: Path, name: str) -> None:
    nft = tool("nft", "nftables")
    if subprocess.run([nft, "list", "ruleset"], capture_output=True, check=False).returncode != 0:
        pytest.skip("nft has no right to ask the kernel here")
    accepts(nft, "-c", "-f", out / name / "etc/nftables.conf")


def test_the_firewall_lets_in_what_is_open_and_nothing_else(out: Path, tmp_path: Path) -> None:
    """In a network namespace with the parser's rules: the head reaches Ray, a stranger does not."""
    nft = tool("nft", "nftables")
    script = tmp_path / "try.sh"
    script.write_text(_TRIED.format(nft=nft, rules=out / "parser/etc/nftables.conf"))
    if subprocess.run(["unshare", "-rn", "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("no right to make a network namespace here")
    done = subprocess.run(["unshare", "-rn", "sh", script], capture_output=True, text=True, check=False, timeout=60)
    if "Unknown device type" in done.stderr or "Operation not permitted" in done.stderr:
        pytest.skip("no veth pair here")
    assert done.stdout.splitlines() == [
        "10.2.0.5 6405 open",
        "10.2.0.7 6405 closed",
        "10.2.0.7 6400 open",
        "10.2.9.9 6400 closed",
        "10.2.0.5 5555 closed",
    ], done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_systemd_accepts_each_unit(out: Path, name: str, tmp_path: Path) -> None:
    analyze = tool("systemd-analyze", "systemd")
    units = [
        path for path in files(out / name) if re.fullmatch(r"/etc/systemd/system/[^/]+\.(service|timer|mount)", path)
    ]
    assert units
    for path in units:
        text = (out / name / path[1:]).read_text(encoding="utf-8")
        # Users and programs of an installed machine are not here: put something there that is.
        text = re.sub(r"(User|Group)=\S+", r"\1=daemon", re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", text))
        (tmp_path / Path(path).name).write_text(text)
    done = subprocess.run(
        [analyze, "verify", "--man=no", *(str(tmp_path / Path(path).name) for path in units)],
        capture_output=True, text=True, check=False, env=os.environ | {"SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
    )  # fmt: skip
    assert [line for line in done.stderr.splitlines() if str(tmp_path) in line or "wayside" in line] == []


@pytest.mark.parametrize("name", NAMES)
def test_prometheus_accepts_each_configuration_and_its_rules(out: Path, name: str) -> None:
    accepts(tool("promtool", "prometheus"), "check", "config", out / name / "etc/prometheus/wayside/prometheus.yml")


@pytest.mark.parametrize("name", ["head", "parser"])
def test_chrony_accepts_what_it_is_told(out: Path, name: str, tmp_path: Path) -> None:
    chronyd = tool("chronyd", "chrony")
    told = [content.decode() for path, content in files(out / name).items() if path.startswith("/etc/chrony/")]
    (tmp_path / "chrony.conf").write_text("".join(told))
    accepts(chronyd, "-p", "-f", tmp_path / "chrony.conf")


def test_postgresql_accepts_its_settings_and_lets_nobody_in_by_trust(out: Path, tmp_path: Path) -> None:
    found = programs()
    if found is None:
        pytest.skip("postgresql is not installed: apt-get install postgresql")
    conf = (out / "head/etc/postgresql/17/main/conf.d/wayside.conf").read_text(encoding="utf-8")
    assert conf == database.settings()
    place = tmp_path / "data"
    place.mkdir()
    (place / "postgresql.conf").write_text(conf)
    become = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] if os.geteuid() == 0 else []
    if become:
        for path in (tmp_path, place, place / "postgresql.conf"):
            shutil.chown(path, "postgres")
        for parent in tmp_path.parents[:3]:
            parent.chmod(parent.stat().st_mode | 0o011)
    for key, value in (("ssl", "on"), ("password_encryption", "scram-sha-256"), ("listen_addresses", "localhost")):
        asked = [*become, str(found / "postgres"), "-D", str(place), "-C", key]
        done = subprocess.run(asked, capture_output=True, text=True, check=False, cwd="/")
        assert done.stdout.strip() == value, done.stderr
    hba = (out / "head/etc/wayside-servers/pg_hba.conf").read_text(encoding="utf-8")
    rules = [line.split() for line in hba.splitlines() if line and line[0] != "#"]
    assert [rule[-1] for rule in rules] == ["peer", "scram-sha-256", "scram-sha-256", "reject"]


def test_journals_are_read_by_systemds_own_keys(out: Path) -> None:
    upload = (out / "parser/etc/systemd/journal-upload.conf.d/wayside.conf").read_text(encoding="utf-8")
    assert "URL=https://10.2.0.5:19532" in upload
    drop_in = out / "parser/etc/systemd/system/systemd-journal-upload.service.d/wayside.conf"
    for line in drop_in.read_text(encoding="utf-8").splitlines()[1:]:
        credential, _, path = line.removeprefix("LoadCredential=").partition(":")
        assert (out / "parser" / path[1:]).exists()
        assert f"/run/credentials/systemd-journal-upload.service/{credential}" in upload
    assert not (out / "head/etc/systemd/journal-upload.conf.d").exists()


def test_a_certificate_of_a_server_is_no_name_that_the_broker_knows(out: Path) -> None:
    openssl = tool("openssl", "openssl")
    for name, purpose in (("head", "database"), ("head", "console"), ("parser", "journal")):
        pem = out / ".secrets" / f"{name}-{purpose}.pem"
        said = subprocess.run(
            [openssl, "x509", "-noout", "-subject", "-in", pem], capture_output=True, text=True, check=True
        )
        assert f"server.{name}.{purpose}" in said.stdout
        accepts(openssl, "verify", "-CAfile", out / "head/etc/wayside-cluster/secrets/ca.pem", pem)


# --- what is refused


def test_a_home_whose_broker_the_servers_cannot_reach_is_refused(tmp_path: Path, plan: Plan) -> None:
    away = Home.create(tmp_path / "home", HomeConfig(name="county", host="10.2.0.5", account="nobody"))
    with pytest.raises(ClusterPlanError, match=r"--services-listen 10\.2\.0\.5"):
        render(away, plan, tmp_path / "out")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('"10.2.0.6"', '"10.2.0.5"', "an address is there twice"),
        ('name = "parser"', 'name = "head"', "a name is there twice"),
        ('roles = ["parse"]', 'roles = ["storage"]', "no server has parse"),
        ('"10.2.0.6"', '"parser.example"', "IPv4"),
        ("free_gb = 2000", "free_gb = 0", "free_gb"),
        ('database = "postgresql-17"', 'database = "mysql"', "database"),
        ('operators = ["10.2.1.0/24"]', "operators = []", "operators"),
        ('operators = ["10.2.1.0/24"]', 'operator = "10.2.1.0/24"', "operator"),
        ('backup_dir = "/srv/wayside-backup"', 'backup_dir = "/srv/a b"', "absolute path"),
        ('backup_dir = "/srv/wayside-backup"', 'backup_dir = "/srv/../etc"', "absolute path"),
    ],
)
def test_a_plan_that_makes_no_county_is_refused_by_its_key(tmp_path: Path, old: str, new: str, why: str) -> None:
    text = (GOLDEN / "county.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "county.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigError, match=why):
        read(tmp_path / "county.toml")


@given(data=st.binary(max_size=300))
def test_what_is_no_plan_is_refused(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_bytes(data)
    with pytest.raises(ConfigError):
        read(file)


# --- a machine against its plan


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


def test_an_opening_for_six_is_written_for_six(plan: Plan, home: Home) -> None:
    from provisioning.servers.firewall import ruleset  # noqa: PLC0415 - here alone

    opening = openings(plan, plan.head, home.config)[0]
    text = ruleset([replace(opening, sources=("fd00::/64", "10.0.0.0/8"))])
    assert "ip6 saddr { fd00::/64 } tcp dport 22" in text
    assert "ip saddr { 10.0.0.0/8 } tcp dport 22" in text


_TRIED = """
set -eu
ip link add here type veth peer name there
ip netns list >/dev/null 2>&1 || true
sysctl -qw net.ipv4.conf.all.rp_filter=0 2>/dev/null || true
unshare -n sleep 60 & peer=$!
sleep 0.5
ip link set there netns $peer
ip addr add 10.2.0.6/16 dev here; ip link set here up; ip link set lo up
nsenter -t $peer -n sh -c 'ip link set there up; for a in 0.5 0.7 9.9; do ip addr add 10.2.$a/16 dev there; done'
{nft} -f {rules}
python3 -c '
import socket, time
doors = [socket.create_server(("10.2.0.6", port)) for port in (6400, 6405, 5555)]
time.sleep(60)' & doors=$!
sleep 0.7
for pair in "10.2.0.5 6405" "10.2.0.7 6405" "10.2.0.7 6400" "10.2.9.9 6400" "10.2.0.5 5555"; do
  set -- $pair
  nsenter -t $peer -n python3 -c "
import socket
try:
    socket.create_connection((\\"10.2.0.6\\", $2), 1.5, (\\"$1\\", 0))
    print(\\"$1 $2 open\\")
except OSError:
    print(\\"$1 $2 closed\\")"
done
kill $peer $doors
"""
