import os
import socket
import stat
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.camera_list import reader
from provisioning.contracts.config import processes
from provisioning.demo import district, ports, site_plan
from provisioning.demo.children import Children
from provisioning.demo.office import Office
from provisioning.demo.ports import Ports
from provisioning.demo.state import DemoFolder, default_directory, default_models
from provisioning.errors import DemoError
from provisioning.files import toml
from provisioning.home.home import Home, HomeConfig
from tests.support.ports import free_port


def test_a_demo_starts_anew_and_keeps_what_it_is_told_to_keep(tmp_path: Path) -> None:
    with DemoFolder(tmp_path / "s", keep=False) as state:
        (state.folder("archive") / "row").touch()
        (state.folder("log") / "old.log").touch()
        (state.folder("footage") / "film").touch()
        first = state.new_secret("token").read_text()
    with DemoFolder(tmp_path / "s", keep=True) as state:
        assert (state.folder("archive") / "row").exists()
        assert state.new_secret("token").read_text() == first
        assert not (state.folder("log") / "old.log").exists()
    with DemoFolder(tmp_path / "s", keep=False) as state:
        assert not (state.folder("archive") / "row").exists()
        assert state.new_secret("token").read_text() != first
        assert (state.folder("footage") / "film").exists()


def test_its_folders_and_secrets_are_the_owners_alone(tmp_path: Path) -> None:
    with DemoFolder(tmp_path / "s", keep=False) as state:
        secret = state.new_secret("token")
        assert len(secret.read_text()) >= 24
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (state.directory, secret.parent, secret)}
    assert list(modes.values()) == [0o700, 0o700, 0o600]
    assert processes.read_secret(secret)


def test_a_second_demo_on_the_same_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom provisioning.demo.state import DemoFolder\n"
        "with DemoFolder(Path(sys.argv[1]), keep=True):\n print('in', flush=True)\n sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"in\n"
        with pytest.raises(DemoError, match="another demo is running") as refusal, DemoFolder(tmp_path, keep=False):
            pass
        other.communicate()
    assert "\n" not in str(refusal.value)
    with DemoFolder(tmp_path, keep=False):
        pass


def test_a_folder_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DemoError, match="--state"), DemoFolder(tmp_path / "file" / "s", keep=False):
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
        chosen = ports.choose(Ports(port, *(0 for _ in Ports()[1:])))
        assert ports.answers("127.0.0.1", port)
    assert chosen.broker != port
    assert len(set(chosen)) == len(chosen)
    assert f"broker {chosen.broker}" in chosen.moved()
    assert not any(ports.answers("127.0.0.1", free) for free in chosen)


def test_usual_ports_are_not_talked_about() -> None:
    assert Ports().moved() == []


@pytest.fixture
def state(tmp_path: Path) -> Iterator[DemoFolder]:
    with DemoFolder(tmp_path / 'a "quoted" städtchen', keep=False) as made:
        settings = HomeConfig(name="demo", host="127.0.0.1", listen="127.0.0.1", account="nobody")
        Home.create(made.folder("home"), settings)
        yield made


def test_every_process_reads_the_configuration_that_is_written_for_it(state: DemoFolder, tmp_path: Path) -> None:
    documents = {
        "cluster": site_plan.cluster(state, Ports(), tmp_path / "models"),
        "center": site_plan.center(state, Ports()),
    }
    for name, document in documents.items():
        path = toml.write(state.folder("configuration") / f"{name}.toml", document)
        assert processes.load(type(document), path) == document
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_process_is_told_a_secret_but_its_place(state: DemoFolder, tmp_path: Path) -> None:
    secrets = {name: state.new_secret(name).read_text() for name in ("query-token", "ray-token")}
    path = toml.write(tmp_path / "c.toml", site_plan.cluster(state, Ports(), tmp_path))
    assert not any(secret in path.read_text() for secret in secrets.values())


def test_everything_is_on_loopback(state: DemoFolder, tmp_path: Path) -> None:
    cluster = site_plan.cluster(state, Ports(), tmp_path)
    center = site_plan.center(state, Ports())
    assert {cluster.query_host, cluster.broker.host, center.host, center.broker.host} == {"127.0.0.1"}
    assert cluster.node_address.startswith("127.")


def test_the_technicians_list_is_one_that_is_taken_without_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "cameras.csv"
    path.write_text(site_plan.camera_list(Ports(), "a-password_1"), encoding="utf-8")
    read = reader.read(path)
    assert read.faults == ()
    assert {row.id for row in read.rows} == {camera.id for camera in district.MEASURED}
    assert {row.password for row in read.rows} == {"a-password_1"}
    assert all(row.url.startswith("rtsp://127.0.0.1:") for row in read.rows)


def test_a_kept_demo_keeps_the_ports_that_its_agent_knows(state: DemoFolder) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = HomeConfig(
            name="demo", host="127.0.0.1", account="nobody", agents_port=taken.getsockname()[1], services_port=8884
        )
        toml.write(state.folder("home") / "home.toml", settings)
        with Children(state.folder("log")) as children, pytest.raises(DemoError, match="leave out --keep"):
            Office(state, children, state.directory).ports()


def test_the_list_with_a_device_is_taken_too_and_its_section_is_one_that_the_agent_reads(tmp_path: Path) -> None:
    path = tmp_path / "cameras.csv"
    path.write_text(site_plan.camera_list(Ports(), "a-password_1", with_device=True), encoding="utf-8")
    read = reader.read(path)
    assert read.faults == ()
    assert [row.id for row in read.rows] == ["north", "south", "east"]
    assert read.rows[-1].url == f"gb28181:{site_plan.DEVICE_ID}/34020000001310000001"
    section = tomllib.loads(site_plan.sip_section(5061))["gb28181"]
    assert processes.Gb28181.model_validate(section).port == 5061


def test_a_port_for_sip_is_free_over_udp_and_tcp() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("", port := free_port()))
        assert ports.sip(port) != port
    assert ports.sip(port) == port


def test_the_agents_section_is_written_once_and_kept(state: DemoFolder, tmp_path: Path) -> None:
    agent_file = state.folder("agent") / "agent.toml"
    agent_file.write_text('agent_id = "street"\n', encoding="utf-8")
    with Children(state.folder("log")) as children:
        office = Office(state, children, tmp_path)
        office.open_sip(5061)
        office.open_sip(5062)
        assert office.sip_port() == 5061
    assert tomllib.loads(agent_file.read_text(encoding="utf-8"))["gb28181"]["port"] == 5061
