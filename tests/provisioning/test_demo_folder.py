import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from provisioning.authority import Authority
from provisioning.contracts import config
from provisioning.contracts.topics import Role
from provisioning.demo import configuration, ports, site_plan
from provisioning.demo.ports import Ports
from provisioning.demo.state import State, default_directory, default_models
from provisioning.errors import DemoError


def test_a_demo_starts_anew_and_keeps_what_it_is_told_to_keep(tmp_path: Path) -> None:
    with State(tmp_path / "s", keep=False) as state:
        (state.folder("archive") / "row").touch()
        (state.folder("pki") / "old.key").touch()
        (state.folder("footage") / "film").touch()
        first = state.new_secret("token").read_text()
    with State(tmp_path / "s", keep=True) as state:
        assert (state.folder("archive") / "row").exists()
        assert state.new_secret("token").read_text() == first
        assert not (state.folder("pki") / "old.key").exists()
    with State(tmp_path / "s", keep=False) as state:
        assert not (state.folder("archive") / "row").exists()
        assert state.new_secret("token").read_text() != first
        assert (state.folder("footage") / "film").exists()


def test_its_folders_and_secrets_are_the_owners_alone(tmp_path: Path) -> None:
    with State(tmp_path / "s", keep=False) as state:
        secret = state.new_secret("token")
        assert len(secret.read_text()) >= 24
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (state.directory, secret.parent, secret)}
    assert list(modes.values()) == [0o700, 0o700, 0o600]
    assert config.read_secret(secret)


def test_a_second_demo_on_the_same_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom provisioning.demo.state import State\n"
        "with State(Path(sys.argv[1]), keep=True):\n print('in', flush=True)\n sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"in\n"
        with pytest.raises(DemoError, match="another demo is running") as refusal, State(tmp_path, keep=False):
            pass
        other.communicate()
    assert "\n" not in str(refusal.value)
    with State(tmp_path, keep=False):
        pass


def test_a_folder_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DemoError, match="--state"), State(tmp_path / "file" / "s", keep=False):
        pass


def test_folders_follow_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "WAYSIDE_MODELS"):
        monkeypatch.delenv(name, raising=False)
    assert default_directory() == tmp_path / ".local/state/wayside-demo"
    assert default_models() == tmp_path / ".cache/wayside/models"
    monkeypatch.setenv("XDG_STATE_HOME", "relative/is/ignored")
    assert default_directory() == tmp_path / ".local/state/wayside-demo"
    monkeypatch.setenv("XDG_STATE_HOME", "/var/state")
    assert default_directory() == Path("/var/state/wayside-demo")
    monkeypatch.setenv("WAYSIDE_MODELS", "~/models")
    assert default_models() == tmp_path / "models"


def test_a_taken_port_is_replaced_by_a_free_one_and_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        chosen = ports.choose(Ports(broker=port, rtsp=0, query=0, console=0, gcs=0, dashboard=0))
        assert ports.answers("127.0.0.1", port)
    assert chosen.broker != port
    assert len(set(chosen)) == len(chosen)
    assert f"broker {chosen.broker}" in chosen.moved()
    assert not any(ports.answers("127.0.0.1", free) for free in chosen)


def test_usual_ports_are_not_talked_about() -> None:
    assert Ports().moved() == []


def test_every_process_reads_the_configuration_that_is_written_for_it(tmp_path: Path) -> None:
    with State(tmp_path / 'a "quoted" städtchen', keep=False) as state:
        authority = Authority(state.folder("pki"))
        models = tmp_path / "models"
        documents = {
            "edge": site_plan.edge(state, Ports(), authority.issue_agent(site_plan.AGENT), models),
            "cluster": site_plan.cluster(state, Ports(), authority.issue_role(Role.CLUSTER), models),
            "center": site_plan.center(state, Ports(), authority.issue_role(Role.CENTER)),
        }
        for name, document in documents.items():
            path = configuration.write(state.folder("configuration") / f"{name}.toml", document)
            assert config.load(type(document), path) == document
            assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_process_is_told_a_secret_but_its_place(tmp_path: Path) -> None:
    with State(tmp_path / "s", keep=False) as state:
        secrets = {name: state.new_secret(name).read_text() for name in ("query-token", "ray-token")}
        identity = Authority(state.folder("pki")).issue_role(Role.CLUSTER)
        path = configuration.write(tmp_path / "c.toml", site_plan.cluster(state, Ports(), identity, tmp_path))
    assert not any(secret in path.read_text() for secret in secrets.values())


def test_everything_is_on_loopback(tmp_path: Path) -> None:
    with State(tmp_path / "s", keep=False) as state:
        authority = Authority(state.folder("pki"))
        cluster = site_plan.cluster(state, Ports(), authority.issue_role(Role.CLUSTER), tmp_path)
        center = site_plan.center(state, Ports(), authority.issue_role(Role.CENTER))
        edge = site_plan.edge(state, Ports(), authority.issue_agent("street"), tmp_path)
    assert {cluster.query_host, cluster.broker.host, center.host, center.broker.host, edge.broker.host} == {"127.0.0.1"}
    assert cluster.node_address.startswith("127.")
    text = json.dumps(edge.model_dump(mode="json"))
    assert text.count("rtsp://127.0.0.1:") == len(edge.cameras) == text.count("rtsp://")
