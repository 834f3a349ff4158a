"""`wayside-edge check`: what it finds out about certificate and clock."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge_agent.clock import Clock, SystemClock
from edge_agent.diagnosis.cameras import probe_cameras
from edge_agent.diagnosis.probes import check
from edge_agent.enrolment.agent_folder import AgentFolder
from edge_agent.gb28181.devices.device_views import DeviceView
from edge_agent.gb28181.manscdp.catalog_items import CatalogItem
from edge_agent.gb28181.registration_file import RegistrationFile
from edge_agent.uplink.mqtt import PahoLink
from provisioning.contracts.config.processes import Camera, EdgeConfig, ReplaySource, load
from provisioning.contracts.fleet.diagnosis import Fault
from tests.edge_agent.enrolling import run
from tests.edge_agent.enrolment_service import AGENT, EnrolmentService, now_ms
from tests.edge_agent.fetching import FILM, START_S
from tests.edge_agent.gb28181.scripted import ID, PLATFORM
from tests.edge_agent.gb28181.serving import sources
from tests.edge_agent.world import FakeClock, edge_config, grey_for
from tests.support.rtsp_recorder import Behaviour, RtspRecorder


@pytest.fixture
def service(tmp_path: Path) -> Iterator[EnrolmentService]:
    with EnrolmentService(tmp_path) as started:
        yield started


def findings(edge: EdgeConfig, clock: Clock) -> dict[str, tuple[bool, str]]:
    def dial(report: object) -> PahoLink:
        return PahoLink(edge.broker.model_copy(update={"host": "127.0.0.1", "port": 1}), edge.agent_id, lambda _: None)

    found = check(edge, lambda _: lambda __, camera: grey_for(camera), dial, clock)
    return {each.what: (each.is_good, each.detail) for each in found}


def test_check_looks_at_certificate_and_clock(service: EnrolmentService, tmp_path: Path) -> None:
    folder = AgentFolder(tmp_path / "agent")
    edge = load(EdgeConfig, run(service, folder).config)
    found = findings(edge, SystemClock())
    assert found["certificate"][0]
    assert f"agent {AGENT}, 89 days left, until " in found["certificate"][1]
    assert found["clock"][0]
    assert "the enrolment service" in found["clock"][1]
    found = findings(edge, FakeClock(now_ms() + 100 * 24 * 3_600_000))
    assert not found["certificate"][0]
    assert "enrol again" in found["certificate"][1]
    assert not found["clock"][0]
    assert "s ahead of the enrolment service: set it" in found["clock"][1]
    service.be.clock_off_ms = 400_000
    assert "s behind the enrolment service: set it" in findings(edge, SystemClock())["clock"][1]
    assert (
        "not for agent 'cabinet-8'"
        in findings(edge.model_copy(update={"agent_id": "cabinet-8"}), SystemClock())["certificate"][1]
    )
    service.be.raw = b""
    assert not findings(edge, SystemClock())["clock"][0]


def test_check_before_the_first_run_says_that_no_camera_was_tried(service: EnrolmentService, tmp_path: Path) -> None:
    edge = load(EdgeConfig, run(service, AgentFolder(tmp_path / "agent")).config)
    good, said = findings(edge, SystemClock())["cameras"]
    assert good
    assert said.startswith("none tried: ")
    assert "run the agent, then check again" in said
    camera = Camera(id="gate", source=ReplaySource(path=tmp_path / "nowhere"))
    assert "cameras" not in findings(edge.model_copy(update={"cameras": (camera,)}), SystemClock())


def test_check_of_an_agent_that_was_not_enrolled_asks_nobody_for_the_time(tmp_path: Path) -> None:
    camera = Camera(id="gate", source=ReplaySource(path=tmp_path / "nowhere"))
    found = findings(edge_config(tmp_path, camera), SystemClock())
    assert "clock" not in found
    assert "enrol this box" in found["certificate"][1]


def test_check_of_a_device_that_registers_says_what_the_agent_knows_of_it(tmp_path: Path) -> None:
    edge = edge_config(
        tmp_path,
        Camera(id="gate", source=sources(tmp_path)["gate"]),
        gb28181={"host": "127.0.0.1", "platform_id": PLATFORM},
    )
    edge.spool.directory.mkdir()

    def said() -> tuple[bool, str]:
        return findings(edge, SystemClock())["camera gate"]

    assert said() == (True, f"device {ID} registers once the agent runs: look again then")
    with closing(RegistrationFile(edge.spool.directory, [ID])) as file:
        file.flush()
        assert (said()[0], "it never came" in said()[1]) == (False, True)
        file.show(DeviceView(ID, refused="its user name or password is not the configured one"))
        file.flush()
        assert "user name or password" in said()[1]
        (fault,) = {each.fault for each in probe_cameras(edge, SystemClock())}
        assert fault is Fault.CAMERA_WRONG_PASSWORD
        file.show(DeviceView(ID, is_there=True, host="192.0.2.10"))
        file.flush()
        assert said() == (True, f"device {ID} is registered from 192.0.2.10")
        file.keep_catalog(ID, 1, (CatalogItem("34020000001310000009", name="other"),))
        file.flush()
        assert (said()[0], "has no channel" in said()[1]) == (False, True)
    (tmp_path / f"{ID}.password").chmod(0o644)
    assert "chmod 600" in said()[1]


def test_a_recorders_span_is_tried(tmp_path: Path) -> None:
    held = Behaviour({"1": [(START_S - 60, START_S + 60)]})
    with RtspRecorder(held, FILM) as served:
        span = {"started_at_ms": START_S * 1000, "ended_at_ms": (START_S + 30) * 1000}
        source = {"kind": "recorder", "recorder": "nvr", "channel": "1", "span": span}
        camera = Camera.model_validate({"id": "gate", "source": source})
        recorder = {"id": "nvr", "kind": "rtsp", "url": f"{served.url}/replay/{{channel}}"}
        edge = edge_config(tmp_path, camera, recorders=[recorder])
        is_good, detail = findings(edge, SystemClock())["camera gate"]
    assert is_good, detail
    assert detail.startswith("512×288 px")
