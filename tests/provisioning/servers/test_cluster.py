"""The servers' files: every one loads, systemd understands every unit, and all of them share their secrets."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.contracts.config.cluster import ClusterConfig, NodeRole
from provisioning.contracts.config.processes import load
from provisioning.errors import ClusterPlanError
from provisioning.home.home import Home, HomeConfig
from provisioning.servers.cluster_files import Server, check, configuration, render, unit

FOUR = [
    Server.parse(text)
    for text in ("10.2.0.5=business", "10.2.0.6=parse:1", "10.2.0.7=archive", "10.2.0.8=storage+archive")
]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("cluster")
    home = Home.create(root / "home", HomeConfig(name="county", host="10.2.0.5", account="nobody"))
    render(home, FOUR, root / "out")
    before = (root / "out" / "10.2.0.6" / "secrets" / "ray-token").read_bytes()
    render(home, FOUR, root / "out")
    assert (root / "out" / "10.2.0.6" / "secrets" / "ray-token").read_bytes() == before, (
        "a second run changes no secret"
    )
    return root / "out"


@pytest.mark.parametrize("server", FOUR, ids=lambda server: "+".join(server.roles))
def test_each_configuration_loads_and_says_whose_it_is(out: Path, server: Server) -> None:
    settings = load(ClusterConfig, out / server.address / "cluster.toml")
    assert settings.node is not None
    assert settings.node.roles == server.roles
    assert settings.node_address == server.address
    assert settings.node.head_address == (None if server is FOUR[0] else "10.2.0.5")
    assert settings.node.gpus == server.gpus


def test_secrets_are_the_same_everywhere_and_their_owners_alone(out: Path) -> None:
    for name in ("ray-token", "query-token", "cluster.key"):
        files = [out / server.address / "secrets" / name for server in FOUR]
        assert len({file.read_bytes() for file in files}) == 1
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


@pytest.mark.parametrize("server", FOUR, ids=lambda server: "+".join(server.roles))
def test_systemd_understands_each_unit(out: Path, server: Server, tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    # The program and the user of an installed machine are not there: put something there that is.
    text = (out / server.address / "wayside-cluster.service").read_text(encoding="utf-8")
    stand_in = tmp_path / "wayside-cluster.service"
    for ours, theirs in (
        ("/opt/wayside/bin/wayside-cluster", "/bin/true"),
        ("User=wayside-cluster", "User=daemon"),
        ("Group=wayside-cluster", "Group=daemon"),
    ):
        assert ours in text
        text = text.replace(ours, theirs)
    stand_in.write_text(text)
    done = subprocess.run([program, "verify", "--man=no", str(stand_in)], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if "wayside-cluster.service" in line] == []


def test_a_unit_comes_back_drains_and_answers_the_clusters_machines_alone() -> None:
    lines = unit(FOUR, FOUR[1]).splitlines()
    assert {"Restart=always", "LimitCORE=0", "MemorySwapMax=0", "IPAddressDeny=any"} <= set(lines)
    assert "IPAddressAllow=localhost 10.2.0.5 10.2.0.6 10.2.0.7 10.2.0.8" in lines
    assert "DeviceAllow=char-nvidia* rw" in lines
    assert "PrivateDevices=yes" in unit(FOUR, FOUR[0]).splitlines()


def test_configurations_differ_in_the_node_alone() -> None:
    def shared(server: Server) -> set[str]:
        text = configuration(FOUR, server, 8884).partition("[node]")[0]
        return {line for line in text.splitlines() if not line.startswith("node_address")}

    assert len({frozenset(shared(server)) for server in FOUR}) == 1


@pytest.mark.parametrize(
    "plan",
    [
        ["10.0.0.1=business"],
        ["10.0.0.1=business", "10.0.0.2=parse", "10.0.0.3=archive"],
        ["10.0.0.1=all", "10.0.0.1=parse"],
        ["10.0.0.1=parse", "10.0.0.2=all"],
    ],
)
def test_servers_that_make_no_cluster_are_refused(plan: list[str]) -> None:
    with pytest.raises(ClusterPlanError):
        check([Server.parse(each) for each in plan])


def test_one_server_may_have_every_role() -> None:
    check([Server.parse("10.0.0.1=all")])
    assert Server.parse("::1=all").roles == tuple(NodeRole)


@given(text=st.text(max_size=40))
def test_what_is_no_server_is_refused(text: str) -> None:
    with pytest.raises(ClusterPlanError):
        Server.parse(text)
