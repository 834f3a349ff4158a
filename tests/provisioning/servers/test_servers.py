"""The centre's servers: one plan renders four folders, a second run changes nothing, no secret is out of place.

county.toml ──render──▶ head  parser  archiver  keeper
"""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from center.pipeline import node_metrics
from provisioning.checks import secret_files
from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.contracts.config.processes import CenterConfig, load
from provisioning.contracts.errors import ConfigError
from provisioning.errors import ClusterPlanError
from provisioning.home.home import Home, HomeConfig
from provisioning.servers.firewall import ruleset
from provisioning.servers.monitoring import CONFIGURATION, prometheus
from provisioning.servers.plan import PlannedServer, read
from provisioning.servers.ports import openings
from provisioning.servers.render import render
from provisioning.servers.tree import MANIFEST
from tests.support.county import GOLDEN, NAMES, files, plan, rendered


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Path]:
    return rendered(tmp_path_factory.mktemp("county"))


@pytest.fixture(scope="module")
def home(made: tuple[Home, Path]) -> Home:
    return made[0]


@pytest.fixture(scope="module")
def out(made: tuple[Home, Path]) -> Path:
    return made[1]


# --- what is rendered


def test_every_secret_that_was_rendered_is_in_the_list_of_secrets(out: Path) -> None:
    listed = list(secret_files.find(None, [out]))
    closed = {path for path in out.rglob("*") if path.is_file() and not path.stat().st_mode & 0o077}
    assert out / ".secrets/ray-token" in closed
    assert {each.file for each in listed if each.file.is_file()} == closed
    assert not any(each.is_wrong for each in listed)


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


def test_a_second_run_changes_no_byte(out: Path, home: Home) -> None:
    before = files(out)
    render(home, plan(), out)
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


def test_rays_exporter_is_open_to_prometheus_alone(home: Home) -> None:
    county = plan()
    for server in county.servers:
        (exporter,) = [each for each in openings(county, server, home.config) if each.first <= 6405 <= each.last]
        assert exporter.sources == (None if server is county.head else ("10.2.0.5/32",))


def test_the_heads_prometheus_asks_provisioning_where_it_answers(out: Path) -> None:
    county = plan()

    def jobs(server: PlannedServer, port: int | None) -> dict[str, Any]:
        (file,) = (each for each in prometheus(county, server, port) if each.path == CONFIGURATION)
        return {each["job_name"]: each for each in json.loads(file.content)["scrape_configs"]}

    centre = jobs(county.head, None)["wayside-center"]
    configured = load(CenterConfig, out / "head/etc/wayside-center/center.toml")
    assert centre["static_configs"] == [{"targets": [f"127.0.0.1:{configured.metrics_port}"]}]
    own = jobs(county.head, 9110)["wayside-provisioning"]
    assert own["static_configs"] == [{"targets": ["127.0.0.1:9110"]}]
    other = next(each for each in county.servers if each is not county.head)
    assert "wayside-provisioning" not in jobs(other, 9110)
    assert "wayside-provisioning" not in json.dumps(jobs(county.head, None))


def test_each_servers_disks_reach_the_centre_and_the_plans_time_servers_are_asked(out: Path) -> None:
    county = plan()
    configured = load(CenterConfig, out / "head/etc/wayside-center/center.toml")
    assert configured.probes.ntp == tuple(map(str, county.ntp))
    assert configured.probes.prometheus_url == "http://127.0.0.1:9090"
    for server in county.servers:
        found = {each.path: each.content.decode() for each in prometheus(county, server, None)}
        jobs = {each["job_name"]: each for each in json.loads(found[CONFIGURATION])["scrape_configs"]}
        assert jobs["node"]["static_configs"] == [{"targets": ["127.0.0.1:9100"]}]
        assert "--web.listen-address=127.0.0.1:9100" in found["/etc/default/prometheus-node-exporter"]
        asked = jobs["federate"]["params"]["match[]"] if server is county.head else []
        # What the head takes of the others is what the centre asks of the head.
        families = (
            "node_filesystem_avail_bytes",
            "node_md_disks",
            "smartmon_device_smart_healthy",
            "nvme_critical_warning",
        )
        for family in families if asked else ():
            assert any(_matches(each, family) for each in asked), family
            assert any(_matches(each, family) for each in node_metrics.MATCHES), family


def _matches(selector: str, family: str) -> bool:
    found = re.search(r'__name__=~"([^"]+)"', selector)
    return found is not None and re.fullmatch(found[1], family) is not None


def test_journals_are_read_by_systemds_own_keys(out: Path) -> None:
    upload = (out / "parser/etc/systemd/journal-upload.conf.d/wayside.conf").read_text(encoding="utf-8")
    assert "URL=https://10.2.0.5:19532" in upload
    drop_in = out / "parser/etc/systemd/system/systemd-journal-upload.service.d/wayside.conf"
    for line in drop_in.read_text(encoding="utf-8").splitlines()[1:]:
        credential, _, path = line.removeprefix("LoadCredential=").partition(":")
        assert (out / "parser" / path[1:]).exists()
        assert f"/run/credentials/systemd-journal-upload.service/{credential}" in upload
    assert not (out / "head/etc/systemd/journal-upload.conf.d").exists()


def test_an_opening_for_six_is_written_for_six(home: Home) -> None:
    opening = openings(plan(), plan().head, home.config)[0]
    text = ruleset([replace(opening, sources=("fd00::/64", "10.0.0.0/8"))])
    assert "ip6 saddr { fd00::/64 } tcp dport 22" in text
    assert "ip saddr { 10.0.0.0/8 } tcp dport 22" in text


# --- what is refused


def test_a_home_whose_broker_the_servers_cannot_reach_is_refused(tmp_path: Path) -> None:
    away = Home.create(tmp_path / "home", HomeConfig(name="county", host="10.2.0.5", account="nobody"))
    with pytest.raises(ClusterPlanError, match=r"--services-listen 10\.2\.0\.5"):
        render(away, plan(), tmp_path / "out")


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


@pytest.mark.parametrize("name", ["head", "parser"])
def test_chrony_accepts_what_it_is_told(out: Path, name: str, tmp_path: Path) -> None:
    chronyd = shutil.which("chronyd", path="/usr/sbin:/usr/bin")
    if chronyd is None:
        pytest.skip("chrony is not installed, and would take the place of this machine's own time service")
    told = [content.decode() for path, content in files(out / name).items() if path.startswith("/etc/chrony/")]
    (tmp_path / "chrony.conf").write_text("".join(told))
    done = subprocess.run([chronyd, "-p", "-f", tmp_path / "chrony.conf"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
