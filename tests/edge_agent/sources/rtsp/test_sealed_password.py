"""A camera's password is sealed until the camera is opened, and shows nowhere whatever happens."""

import threading
import traceback
from pathlib import Path

import pytest

from edge_agent.agent import open_source, unlocker
from edge_agent.clock import SystemClock
from edge_agent.errors import SourceError, WrongCredentials
from edge_agent.frames import Glance
from edge_agent.sources.rtsp.source import Rtsp
from provisioning.contracts.config import processes
from provisioning.signing.documents import SecretsKey, encrypt_password
from tests.edge_agent.cameras import encoded, footage, serving
from tests.edge_agent.told import Centre
from tests.edge_agent.world import edge_config, noise

SECRET = "s3cr:t/p@ss"
QUOTED = "s3cr%3At%2Fp%40ss"


class Site:
    """One camera of an enrolled agent, its password encrypted by provisioning."""

    def __init__(self, folder: Path, *, port: int = 1, password: str = SECRET) -> None:
        self.centre = Centre(folder / "box")
        self.folder = folder
        self.port = port
        self.sealed = self.seal(password)

    def seal(self, password: str, *, agent_id: str = "street", camera_id: str = "gate") -> str:
        return encrypt_password(password, self.centre.secrets.public, agent_id=agent_id, camera_id=camera_id)

    def camera(self) -> processes.Camera:
        url = f"rtsp://127.0.0.1:{self.port}/token"
        source = processes.RtspSource(
            url=url, username="viewer", password_sealed=self.sealed, connect_timeout_s=60, read_timeout_s=60
        )
        return processes.Camera(id="gate", source=source)

    def edge(self) -> processes.EdgeConfig:
        return edge_config(self.folder, self.camera(), provisioning=self.centre.section.model_dump())

    def failure(self) -> SourceError:
        """Shown to hold neither the password, open or sealed, nor the path of the address."""
        source = open_source(self.camera(), SystemClock(), unlocker(self.edge()))
        with pytest.raises(SourceError) as caught:
            next(iter(source.frames(threading.Event())))
        shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value.__context__)
        for word in (SECRET, QUOTED, self.sealed, "rtsp://", "token"):
            assert word not in shown
        assert SECRET not in repr(vars(source))
        return caught.value


def test_it_is_not_opened_before_the_camera_is(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.centre.section.secrets_key_file.unlink()
    open_source(site.camera(), SystemClock(), unlocker(site.edge()))
    assert SECRET not in repr(site.edge())
    assert site.sealed not in repr(site.edge())


def test_with_the_right_key_the_camera_is_asked(tmp_path: Path) -> None:
    assert "127.0.0.1:1 refuses the connection" in str(Site(tmp_path).failure())


@pytest.mark.parametrize(("agent_id", "camera_id"), [("avenue", "gate"), ("street", "yard")])
def test_one_that_was_sealed_for_another_agent_or_camera(agent_id: str, camera_id: str, tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.sealed = site.seal(SECRET, agent_id=agent_id, camera_id=camera_id)
    error = site.failure()
    assert isinstance(error, WrongCredentials)
    assert str(error).count("camera gate: ") == 1
    assert "import the camera again" in str(error)


def test_one_that_was_sealed_to_a_key_of_before(tmp_path: Path) -> None:
    site = Site(tmp_path)
    SecretsKey.create(site.centre.section.secrets_key_file)
    assert isinstance(site.failure(), WrongCredentials)


@pytest.mark.parametrize("kind", ["gone", "readable by others", "no key"])
def test_a_key_file_that_cannot_be_used(kind: str, tmp_path: Path) -> None:
    site = Site(tmp_path)
    file = site.centre.section.secrets_key_file
    if kind == "gone":
        file.unlink()
    elif kind == "no key":
        file.write_text("zz")
    else:
        file.chmod(0o644)
    error = site.failure()
    assert isinstance(error, WrongCredentials)
    assert str(file) in str(error)


def test_an_agent_that_is_not_enrolled_cannot_open_it(tmp_path: Path) -> None:
    edge = Site(tmp_path).edge().model_copy(update={"provisioning": None})
    assert unlocker(edge) is None
    (camera,) = edge.cameras
    assert isinstance(camera.source, processes.RtspSource)
    with pytest.raises(WrongCredentials, match="not enrolled"):
        next(Rtsp("gate", camera.source, SystemClock()).frames(threading.Event()))


@pytest.mark.peer
def test_a_real_server_takes_the_right_one_and_refuses_a_wrong_one(tmp_path: Path) -> None:
    mount = footage(tmp_path / "token.footage", "h264", encoded(tmp_path, [noise(1)], "h264"))
    file = tmp_path / "password"
    file.touch(0o600)
    file.write_text(SECRET)
    with serving("--mount", mount, "--user", "viewer", "--password-file", str(file)) as (port, _):
        site = Site(tmp_path, port=port)
        source = open_source(site.camera(), SystemClock(), unlocker(site.edge()))
        assert isinstance(next(iter(source.frames(threading.Event()))), Glance)
        site.sealed = site.seal("wr0ng")
        error = site.failure()
    assert isinstance(error, WrongCredentials)
    assert "import the camera again" in str(error)
