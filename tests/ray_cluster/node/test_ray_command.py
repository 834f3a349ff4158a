"""A machine's node as functions of its configuration; scales and their file; the condition; who holds an archive."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from provisioning.contracts.config.cluster import ClusterConfig, NodeRole
from ray_cluster.__main__ import app
from ray_cluster.errors import ArchiveInUse, BadScale, NotUp, StartFailed
from ray_cluster.node import ray_command
from ray_cluster.node.cluster_state import Condition, Deployed, Machine
from ray_cluster.node.environment import ensure_secret
from ray_cluster.node.lease import held, shared
from ray_cluster.node.replica_counts import FILE, Scale, configured, current, read, write
from ray_cluster.node.supervise import holder, up
from tests.support.power_cut import Disk

ROOT = Path(__file__).parents[3]


def config(root: Path, node: dict[str, Any] | None = None, **tables: Any) -> ClusterConfig:
    content = {
        "models_dir": root / "models",
        "archive_dir": root / "archive",
        "auth_token_file": root / "ray-token",
        "query_token_file": root / "query-token",
        "broker": {"host": "127.0.0.1", "port": 1, "ca_file": "ca", "cert_file": "cert", "key_file": "key"},
        "node": {"state_dir": root / "node", **(node or {})},
        **tables,
    }
    return ClusterConfig.model_validate(content)


def option(command: list[str], name: str) -> str:
    return command[command.index(name) + 1]


def test_the_head_of_a_small_cluster_has_every_role_and_opens_the_ports_that_it_states(tmp_path: Path) -> None:
    settings = config(tmp_path)
    command = ray_command.ray_start(settings, Path("/run/x"))
    assert "--head" in command
    assert json.loads(option(command, "--resources")) == {"business": 1, "parse": 3, "archive": 1, "storage": 1}
    stated = {int(command[index + 1]) for index, word in enumerate(command) if word.endswith("-port")}
    assert set(ray_command.ports(settings).values()) | {10002, 10999} | {settings.gcs_port} == stated | {
        settings.gcs_port
    }


def test_a_worker_goes_to_its_head_and_offers_what_it_is_for(tmp_path: Path) -> None:
    node = {"roles": ["parse"], "head_address": "10.2.0.5", "parser_slots": 4, "gpus": 1}
    settings = config(tmp_path, node, node_address="10.2.0.6", gcs_port=6399)
    command = ray_command.ray_start(settings, Path("/run/x"))
    assert "--head" not in command
    assert option(command, "--address") == "10.2.0.5:6399"
    assert json.loads(option(command, "--resources")) == {"parse": 5}
    assert option(command, "--num-gpus") == "1"
    assert "RAY_gcs_storage" not in ray_command.environment(settings, {})


_LISTENS = """
import prometheus_client
from ray.autoscaler._private.constants import AUTOSCALER_METRIC_PORT
from ray.dashboard.consts import DASHBOARD_METRIC_PORT
for port in (AUTOSCALER_METRIC_PORT, DASHBOARD_METRIC_PORT):
    try:
        server, _ = prometheus_client.start_http_server(port=port)
    except Exception:  # as Ray does at both places
        print("nobody listens")
    else:
        print("listens on", server.server_address)
        server.shutdown()
"""


def test_rays_two_servers_of_metrics_that_ask_for_no_token_cannot_listen(tmp_path: Path) -> None:
    environment = ray_command.environment(config(tmp_path), os.environ)
    done = subprocess.run((sys.executable, "-c", _LISTENS), env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["nobody listens"] * 2


def test_the_heads_environment_keeps_its_state_and_takes_no_token_from_outside(tmp_path: Path) -> None:
    environment = ray_command.environment(config(tmp_path), {"RAY_AUTH_TOKEN": "of somebody else", "PATH": "/bin"})
    assert environment["RAY_gcs_storage"] == "rocksdb"
    assert environment["RAY_AUTH_MODE"] == "token"
    assert "RAY_AUTH_TOKEN" not in environment
    assert environment["PATH"] == "/bin"


def test_no_secret_is_in_the_command_line(tmp_path: Path) -> None:
    settings = config(tmp_path)
    ensure_secret(settings.auth_token_file)
    assert settings.auth_token_file.read_text() not in " ".join(ray_command.ray_start(settings, Path("/run/x")))


def test_sockets_are_in_a_short_folder_that_is_found_again(tmp_path: Path) -> None:
    settings = config(tmp_path)
    assert ray_command.run_dir(settings, "/run/wayside-cluster") == Path("/run/wayside-cluster")
    assert ray_command.run_dir(settings, None) == ray_command.run_dir(settings, None)
    # Ray adds `session_<time>_<pid>/sockets/plasma_store`.
    assert len(str(ray_command.run_dir(settings, None))) < 20


@pytest.mark.parametrize(
    "node", [{"worker_ports": [10002, 10010]}, {"first_port": 10100, "worker_ports": [10002, 10999]}, {"roles": []}]
)
def test_a_node_that_cannot_be_is_refused(tmp_path: Path, node: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"port|roles"):
        config(tmp_path, node)


@pytest.mark.parametrize("name", ["gcs_port", "dashboard_port", "query_port"])
def test_a_port_among_ray_s_others_is_named_before_ray_is_asked(tmp_path: Path, name: str) -> None:
    node = {"first_port": 6400, "worker_ports": [10002, 10999]}
    for port in (6400, 6406, 10002, 10999):
        with pytest.raises(ValueError, match=f"{name}: {port} is one of"):
            config(tmp_path, node, **{name: port})
    for port in (6407, 10001, 11000):
        config(tmp_path, node, **{name: port})
    with pytest.raises(ValueError, match="a port of its own"):
        config(tmp_path, gcs_port=7000, dashboard_port=7001, query_port=7000)


def test_without_a_node_there_is_no_up(tmp_path: Path) -> None:
    settings = config(tmp_path).model_copy(update={"node": None})
    with pytest.raises(StartFailed, match=r"\[node\]"):
        up(settings, tmp_path / "cluster.toml", print)
    with pytest.raises(StartFailed, match=r"\[node\]"):
        holder(settings)


def test_a_taken_port_is_named_before_anything_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ray_cluster.node.supervise._LETS_GO_S", 0.2)
    with socket.create_server(("127.0.0.2", 0)) as server:
        settings = config(tmp_path, gcs_port=server.getsockname()[1])
        with pytest.raises(StartFailed, match="gcs"):
            up(settings, tmp_path / "cluster.toml", print)


def test_nobody_is_up_until_somebody_is(tmp_path: Path) -> None:
    settings = config(tmp_path)
    with pytest.raises(NotUp, match="nobody"):
        holder(settings)
    (tmp_path / "node").mkdir()
    code = (
        "import fcntl, os, sys, time; file = open(sys.argv[1], 'w'); fcntl.flock(file, fcntl.LOCK_EX);"
        "file.write(str(os.getpid())); file.flush(); print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "node" / "up.lock")], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        assert holder(settings) == other.pid
        with pytest.raises(StartFailed, match="already"):
            up(settings, tmp_path / "cluster.toml", print)
        other.kill()


# --- scales ---------------------------------------------------------------------------------------------------------


@given(least=st.integers(1, 256), more=st.integers(0, 255))
def test_a_scale_is_what_it_says(least: int, more: int) -> None:
    scale = Scale(least, min(least + more, 256))
    assert Scale.parse(str(scale)) == scale


@given(text=st.text(max_size=20))
def test_a_scale_is_a_number_or_two_or_refused(text: str) -> None:
    try:
        scale = Scale.parse(text)
    except BadScale:
        return
    assert 1 <= scale.least <= scale.most <= 256


def test_what_was_set_comes_before_what_is_configured_and_outlives_the_head(tmp_path: Path) -> None:
    settings = config(tmp_path, parser_replicas=2, parser_replicas_max=4)
    assert configured(settings)["parser"] == Scale(2, 4)
    (tmp_path / "node").mkdir()
    write(tmp_path / "node" / FILE, {"parser": Scale(1, 8), "of an older version": Scale(1, 1)})
    assert current(settings)["parser"] == Scale(1, 8)
    assert set(current(settings)) == set(configured(settings))


def test_scales_are_on_the_disk_before_they_replace_what_was_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    write(tmp_path / FILE, {"parser": Scale(1, 8)})
    assert (disk.renamed, disk.lost, disk.unsettled) == ([FILE], [], [])


@given(content=st.binary(max_size=40))
def test_a_damaged_file_of_scales_is_an_error_with_a_remedy(content: bytes, tmp_path_factory: Any) -> None:
    path = tmp_path_factory.mktemp("scales") / FILE
    path.write_bytes(content)
    try:
        read(path, {"parser": None})
    except BadScale:
        with pytest.raises(BadScale, match="remove it"):
            read(path, {"parser": None})


def test_scale_is_told_to_the_head_alone_and_about_what_can_be_scaled(tmp_path: Path) -> None:
    file = tmp_path / "cluster.toml"
    file.write_text(
        'models_dir = "m"\narchive_dir = "a"\nauth_token_file = "t"\nquery_token_file = "q"\n'
        '[broker]\nhost = "h"\nca_file = "c"\ncert_file = "c"\nkey_file = "k"\n[node]\nstate_dir = "node"\n'
    )
    runner = CliRunner()
    assert runner.invoke(app, ["scale", "parser", "2..8", "--config", str(file)]).exit_code == 0
    assert json.loads((tmp_path / "node" / FILE).read_text()) == {"parser": "2..8"}
    for words in (["archiver", "2"], ["parser", "8..2"], ["parser", "many"]):
        assert runner.invoke(app, ["scale", *words, "--config", str(file)]).exit_code == 2
    file.write_text(file.read_text() + 'head_address = "10.0.0.1"\n')
    assert runner.invoke(app, ["scale", "parser", "2", "--config", str(file)]).exit_code == 2


# --- condition ------------------------------------------------------------------------------------------------------


def condition(**changes: Any) -> Condition:
    roles = tuple(role.value for role in NodeRole)
    parser = Deployed(name="parser", status="HEALTHY", replicas={"RUNNING": 1}, scale="1")
    content: dict[str, Any] = {
        "at_ms": 1_000_000, "application": "RUNNING", "deployments": (parser,),
        "machines": (Machine(address="127.0.0.2", roles=roles, slots=2.0),),
    }  # fmt: skip
    return Condition(**(content | changes))


@pytest.mark.parametrize(
    ("changes", "trouble"),
    [
        ({}, ""),
        ({"at_ms": 900_000}, "said nothing for 100 s"),
        ({"machines": ()}, "no machine has the role business"),
        ({"deployments": ()}, "nothing is deployed"),
        ({"deployments": (Deployed(name="p", status="UNHEALTHY", replicas={}, scale="1", message="why"),)}, "why"),
        ({"deployments": (Deployed(name="p", status="UPSCALING", replicas={"STARTING": 1}, scale="1"),)}, "no replica"),
        ({"deployments": (Deployed(name="p", status="UPSCALING", replicas={"RUNNING": 1}, scale="1"),)}, ""),
    ],
)
def test_what_is_wrong_is_said(changes: dict[str, Any], trouble: str) -> None:
    found = "\n".join(condition(**changes).troubles(1_000_000))
    assert re.search(trouble, found) if trouble else not found


def test_a_condition_is_read_as_it_was_written(tmp_path: Path) -> None:
    with pytest.raises(NotUp, match="on the head"):
        Condition.read(tmp_path)
    condition().write(tmp_path)
    assert Condition.read(tmp_path) == condition()
    (tmp_path / "condition.json").write_text("{")
    with pytest.raises(NotUp):
        Condition.read(tmp_path)


def test_status_of_a_head_that_is_gone_shows_what_it_last_saw_and_is_not_well(tmp_path: Path) -> None:
    file = tmp_path / "cluster.toml"
    file.write_text(
        'models_dir = "m"\narchive_dir = "a"\nauth_token_file = "t"\nquery_token_file = "q"\nquery_port = 9\n'
        '[broker]\nhost = "h"\nca_file = "c"\ncert_file = "c"\nkey_file = "k"\n[node]\nstate_dir = "node"\n'
    )
    assert CliRunner().invoke(app, ["status", "--config", str(file)]).exit_code == 2
    (tmp_path / "node").mkdir()
    condition().write(tmp_path / "node")
    result = CliRunner().invoke(app, ["status", "--json", "--config", str(file)])
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert answer["machines"][0]["roles"] == [role.value for role in NodeRole]
    assert any("said nothing" in trouble for trouble in answer["troubles"])
    intake = Deployed(name="intake", status="HEALTHY", replicas={"RUNNING": 1}, scale="", stages=("archiver", "parser"))
    condition(deployments=(intake,)).write(tmp_path / "node")
    shown = CliRunner().invoke(app, ["status", "--config", str(file)]).stdout
    assert shown.count("in intake") == 2
    assert any("health" in trouble for trouble in answer["troubles"])


# --- who holds an archive -------------------------------------------------------------------------------------------


def test_the_machines_of_one_cluster_hold_an_archive_together_and_nobody_else_does(tmp_path: Path) -> None:
    with shared(tmp_path, "10.0.0.1:6399"), shared(tmp_path, "10.0.0.1:6399"):
        for other in (shared(tmp_path, "10.9.9.9:6399"), held(tmp_path)):
            with pytest.raises(ArchiveInUse), other:
                pass
    with shared(tmp_path, "10.9.9.9:6399"):
        pass
    with held(tmp_path), pytest.raises(ArchiveInUse), shared(tmp_path, "10.9.9.9:6399"):
        pass


def test_a_stand_in_that_comes_later_belongs_to_whoever_is_there(tmp_path: Path) -> None:
    first = shared(tmp_path, "a:1")
    first.__enter__()
    with shared(tmp_path, "a:1"):
        first.__exit__(None, None, None)
        with pytest.raises(ArchiveInUse), shared(tmp_path, "b:1"):
            pass
    assert [each.name for each in tmp_path.iterdir()] == ["cluster.lock"]
