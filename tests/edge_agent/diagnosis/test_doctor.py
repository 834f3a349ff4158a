"""`wayside-edge doctor`: each planted fault is found by its name and nothing else is accused; a healthy box of nothing.

Mosquitto, the enrolment service and an RTSP camera on loopback, the real models ──▶ doctor
"""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge_agent.__main__ import app
from edge_agent.agent import MakeRedactor
from edge_agent.clock import SystemClock
from edge_agent.diagnosis import broker, running_agent
from edge_agent.diagnosis.survey import survey
from edge_agent.errors import DropReason, RedactionUnavailable
from edge_agent.metrics import families
from edge_agent.redactor import PLATES, Redactors, models_of
from edge_agent.remote_config.documents import Documents, in_use
from edge_agent.uplink import mqtt
from engines.catalog.catalog import Catalog
from provisioning.contracts.causes.work import OTHER
from provisioning.contracts.config.processes import Camera, Checks, EdgeConfig, load
from provisioning.contracts.fleet.diagnosis import Fault, is_nearly_full
from provisioning.contracts.fleet.survey import CameraSurvey, SignedSurvey, Survey
from provisioning.contracts.query import statement
from provisioning.contracts.wire.messages import Assessed, CameraFacts, PictureCheck
from provisioning.net.metrics import serving
from provisioning.pki.identities import Identity
from provisioning.signing.statements import Attested
from tests.edge_agent.cabinet import AGENT, Box, World, world
from tests.edge_agent.figures import agent_told
from tests.edge_agent.spooling import fill, keep, open_spool
from tests.edge_agent.world import FakeClock
from tests.support.pki import Pki
from tests.support.ports import free_port
from tests.support.waiting import LONG_S

pytestmark = pytest.mark.peer

GIB = 1024**3


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory, catalog: Catalog) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("world"), catalog.models_dir) as made:
        yield made


@pytest.fixture
def box(tmp_path: Path, around: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    monkeypatch.setattr(broker, "_RETAINED_S", LONG_S)
    monkeypatch.setattr(mqtt, "_ALERT_S", LONG_S)
    folder = tmp_path / "box"
    folder.mkdir(mode=0o700)
    made = Box(folder, around)
    around.retain(made.centre.document(1, made.camera()))
    yield made
    around.service.be.clock_off_ms = 0
    around.retain(b"")


def show(box: Box, identity: Identity) -> None:
    box.use(broker={"cert_file": identity.cert_file, "key_file": identity.key_file, "ca_file": identity.ca_file})


def test_a_healthy_box_is_accused_of_nothing(box: Box) -> None:
    found = box.diagnoses()
    assert [each.line() for each in found if each.fault is not None] == []
    looked_at = {each.where for each in found}
    assert {"clock", "certificate", "broker", "disk", "spool", "model", "camera gate", "key"} <= looked_at
    assert {"configuration", "configuration document", "configuration at the centre"} <= looked_at


def test_a_clock_that_is_off_is_all_that_is_said_of_it(box: Box, around: World) -> None:
    around.service.be.clock_off_ms = 400_000
    assert box.faults() == [Fault.CLOCK_OFF]
    around.service.be.clock_off_ms = 0
    # The box's clock stands a year ahead: no certificate has ended by the service's clock, and none is accused.
    year_ms = 365 * 24 * 3_600_000
    assert box.faults(FakeClock(SystemClock().now_ms() + year_ms)) == [Fault.CLOCK_OFF]


def test_a_certificate_that_has_ended(box: Box, around: World) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=100)
    show(box, around.exchange.pki.issue_agent(AGENT, now=long_ago))
    assert set(box.faults()) == {Fault.CERTIFICATE_EXPIRED, Fault.BROKER_REFUSES}


def test_a_certificate_that_ends_soon_and_was_not_renewed(box: Box, around: World) -> None:
    show(box, around.exchange.pki.issue_agent(AGENT, now=datetime.now(UTC) - timedelta(days=80)))
    assert box.faults() == [Fault.CERTIFICATE_ENDS_SOON]


def test_a_certificate_of_another_authority(box: Box, around: World, tmp_path: Path) -> None:
    theirs = Pki(tmp_path / "theirs").issue_agent(AGENT)
    show(box, Identity(AGENT, around.exchange.pki.identities.services.ca_file, theirs.cert_file, theirs.key_file))
    assert box.faults() == [Fault.CERTIFICATE_NOT_OURS]


def test_a_certificate_of_another_agent_or_for_another_key(
    box: Box, around: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "_RETAINED_S", 0.1)  # nothing comes to another
    ours, other = around.exchange.identity(AGENT), around.exchange.pki.issue_agent("gatehouse")
    show(box, Identity(AGENT, ours.ca_file, ours.cert_file, other.key_file))
    assert Fault.CERTIFICATE_NOT_OURS in box.faults()
    show(box, other)
    assert Fault.CERTIFICATE_NOT_OURS in box.faults()
    box.use(broker={"cert_file": box.folder / "nowhere.crt"})
    assert box.faults() == [Fault.CERTIFICATE_MISSING]


def test_a_key_that_others_can_read(box: Box) -> None:
    key = box.centre.section.secrets_key_file
    key.chmod(0o640)
    # Nothing opens a password with such a key, so the camera cannot be looked at either.
    assert box.faults() == [Fault.KEY_READABLE, Fault.CAMERA_WRONG_PASSWORD]
    assert any(each.remedy.startswith(f"run: chmod 600 {key}") for each in box.diagnoses())


def test_a_broker_that_nobody_reaches(box: Box) -> None:
    box.use(broker={"port": free_port()})
    assert box.faults() == [Fault.BROKER_UNREACHABLE]


def test_a_broker_that_refuses_a_revoked_certificate(box: Box, around: World) -> None:
    revoked = around.exchange.pki.issue_agent("revoked-one")
    around.exchange.pki.revoke("revoked-one")
    around.exchange.stop()
    around.exchange.start()
    box.use(agent_id="revoked-one")
    show(box, revoked)
    assert Fault.BROKER_REFUSES in box.faults()
    assert any("certificate revoked" in each.found for each in box.diagnoses())


@pytest.mark.filterwarnings("ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")  # paho's, of a handshake that failed
def test_an_authority_that_is_not_the_brokers(box: Box, tmp_path: Path) -> None:
    box.use(broker={"ca_file": Pki(tmp_path / "theirs").identities.services.ca_file})
    assert box.faults() == [Fault.ENROLMENT_WRONG_AUTHORITY, Fault.BROKER_WRONG_AUTHORITY]


def test_an_enrolment_service_that_nobody_reaches(box: Box) -> None:
    assert box.edge.provisioning is not None
    box.use(provisioning=box.edge.provisioning.model_copy(update={"port": free_port()}).model_dump())
    assert box.faults() == [Fault.ENROLMENT_UNREACHABLE]


@pytest.mark.parametrize(
    ("total", "free", "nearly"),
    [(GIB, GIB // 2, False), (GIB, 40 * 1024**2, True), (4000 * GIB, 80 * GIB, False), (4000 * GIB, GIB, True)],
)
def test_how_little_is_nearly_full(total: int, free: int, nearly: bool) -> None:
    assert is_nearly_full(total, free) is nearly


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    mounted = os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(folder)], check=False, capture_output=True
    )
    if not mounted or mounted.returncode != 0:
        pytest.skip("mounting a tmpfs needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_disk_that_is_nearly_full(box: Box, tmp_path: Path) -> None:
    place = tmp_path / "disk"
    place.mkdir()
    with small_disk(place):
        box.use(spool={"directory": place, "max_bytes": 8 * 1024**2})
        assert box.faults() == []
        fill(place / "ballast")
        assert box.faults() == [Fault.DISK_NEARLY_FULL]


def test_a_spool_that_grows_while_nobody_confirms(box: Box) -> None:
    clock = FakeClock(SystemClock().now_ms() - 3_600_000)
    spool = open_spool(box.edge.spool.directory, clock)
    keep(spool, 0)
    spool.close()
    assert box.faults() == [Fault.SPOOL_GROWING]
    assert any("systemctl start wayside-edge" in each.remedy for each in box.diagnoses())
    running = open_spool(box.edge.spool.directory, clock)
    assert any("the broker or the archive" in each.remedy for each in box.diagnoses())
    running.close()
    (box.edge.spool.directory / "spool.db").write_bytes(b"nothing")
    assert box.faults() == [Fault.SPOOL_UNUSABLE]


def test_pictures_that_came_just_now_are_no_fault(box: Box) -> None:
    spool = open_spool(box.edge.spool.directory, SystemClock())
    keep(spool, 0)
    spool.close()
    assert box.faults() == []


def test_a_camera_that_is_switched_off(box: Box) -> None:
    box.be_told(2, box.camera(port=free_port()))
    assert box.faults() == [Fault.CAMERA_UNREACHABLE]


def test_a_camera_with_another_password(box: Box) -> None:
    box.be_told(2, box.camera(password="Gate-2025"))
    assert box.faults() == [Fault.CAMERA_WRONG_PASSWORD]


def test_a_camera_without_that_stream(box: Box) -> None:
    box.be_told(2, box.camera(path="yard"))
    assert box.faults() == [Fault.CAMERA_NO_PICTURE]


def test_a_picture_and_a_clock_that_the_running_agent_finds_at_fault(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running_agent, "_ANSWER_S", LONG_S)
    scores = {PictureCheck.BLURRED: 0.9, PictureCheck.OCCLUDED: 0.2}
    facts = CameraFacts(scores=scores, clock_skew_ms=-83_000.0, clock_bound_ms=400.0)
    seen = Assessed(agent_id=AGENT, assessed_at_ms=0, cameras={"gate": facts})
    spool = open_spool(box.edge.spool.directory, SystemClock())
    with serving(lambda: families(replace(agent_told(), assessed=lambda: seen))) as port:
        box.use(metrics_port=port)
        named = [each for each in box.diagnoses() if each.fault is not None]
        assert [each.fault for each in named] == [Fault.CAMERA_PICTURE_FAULTY, Fault.CAMERA_CLOCK_OFF]
        assert {each.where for each in named} == {"camera gate"}
        assert named[0].found.startswith("blurred: ")
        assert "focus" in named[0].remedy
        assert "-83.0 s" in named[1].found
        box.be_told(2, box.camera().model_copy(update={"checks": Checks(blurred=1.0)}))  # never a fault
        assert box.faults() == [Fault.CAMERA_CLOCK_OFF]
    assert box.faults() == []
    spool.close()


def test_a_model_that_is_missing_and_one_with_another_hash(box: Box, around: World, tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    catalog = Catalog(around.models_dir)
    for name in (name for name in models_of(catalog) if name != PLATES):
        (models / catalog.path(name).name).symlink_to(catalog.path(name))
    box.use(models_dir=models)
    assert box.faults() == [Fault.MODEL_MISSING]
    (models / catalog.path(PLATES).name).write_bytes(catalog.path(PLATES).read_bytes()[:-1])
    assert box.faults() == [Fault.MODEL_WRONG]


def test_a_port_that_another_program_has(box: Box) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        box.use(metrics_port=port)
        assert box.faults() == [Fault.PORT_TAKEN]
        box.use(gb28181={"host": "127.0.0.1", "port": port, "platform_id": "34020000002000000001"}, metrics_port=None)
        assert box.faults() == [Fault.PORT_TAKEN]
        # While the agent runs the port is its own.
        spool = open_spool(box.edge.spool.directory, SystemClock())
        assert box.faults() == []
        spool.close()


def test_a_configuration_that_is_not_signed_by_the_centre(box: Box, around: World) -> None:
    (document,) = box.centre.section.documents_dir.glob("document-1.json")
    genuine = document.read_bytes()
    document.write_bytes(genuine.replace(b"gate", b"late"))
    assert Fault.CONFIGURATION_UNSIGNED in box.faults()
    document.write_bytes(genuine)
    around.retain(genuine.replace(b"gate", b"late"))
    assert box.faults() == [Fault.CONFIGURATION_UNSIGNED]
    box.centre.section.seal_key_file.unlink()
    assert Fault.CONFIGURATION_UNSIGNED in box.faults()


def test_a_configuration_that_is_older_than_the_centres(box: Box, around: World) -> None:
    around.retain(box.centre.document(2, box.camera()))
    assert box.faults() == [Fault.CONFIGURATION_OLD]


def test_a_configuration_that_was_rolled_back_is_corrected_before_it_is_sent_again(box: Box, around: World) -> None:
    documents = Documents(box.edge.agent_id, box.centre.section, SystemClock())
    payload = box.centre.document(2, box.camera())
    documents.accept(payload)
    documents.begin(())
    documents.roll_back(2, "camera gate fell")
    around.retain(payload)
    (told,) = [each for each in box.diagnoses() if each.fault is Fault.CONFIGURATION_OLD]
    assert "camera gate fell" in told.found
    assert f"correct the list: wayside-provision cameras import {box.edge.agent_id} FILE" in told.remedy


def test_a_configuration_that_is_none(box: Box) -> None:
    box.config.write_text("agent_id = ")
    assert box.faults() == [Fault.CONFIGURATION_INVALID]
    box.config.unlink()
    assert box.faults() == [Fault.CONFIGURATION_INVALID]


def test_two_faults_at_once_are_both_found(box: Box) -> None:
    box.be_told(2, box.camera(password="Gate-2025"))
    box.use(broker={"port": free_port()})
    assert set(box.faults()) == {Fault.BROKER_UNREACHABLE, Fault.CAMERA_WRONG_PASSWORD}


def test_a_survey_says_of_a_camera_what_acceptance_asks_for(box: Box, redactors: Redactors) -> None:
    spool = open_spool(box.edge.spool.directory, SystemClock())
    spool.confirm([keep(spool, 0), keep(spool, 1)][:1])
    spool.close()
    edge = in_use(load(EdgeConfig, box.config), SystemClock())

    def make(_: EdgeConfig) -> MakeRedactor:
        return lambda config, camera: redactors.under(config).for_camera(camera)

    reported: list[str] = []

    def look(camera: Camera | None = None) -> CameraSurvey:
        used = edge if camera is None else edge.model_copy(update={"cameras": (camera,)})
        loaded = survey(used, make, SystemClock(), software="test", report=reported.append, look_s=2.0)
        (found,) = loaded.cameras
        return found

    found = look()
    assert (found.reached, found.width, found.height, found.redacted) == (True, 160, 96, True), found
    assert (found.selected, found.archived) == (2, 1)
    assert reported == ["camera gate, 1 of 1: for 2 s", "camera gate: 160×96 px, redacted"]
    off = look(box.camera(port=free_port()))
    assert reported[-1] == f"camera gate: {off.trouble}"
    assert not off.reached
    assert off.trouble
    assert "rtsp://" not in off.trouble

    def without(_: EdgeConfig) -> MakeRedactor:
        raise RedactionUnavailable(DropReason.REDACTION_UNAVAILABLE, OTHER(detail="a model is missing"))

    (bare,) = survey(edge, without, SystemClock(), software="test", report=reported.append, look_s=0.5).cameras
    assert reported[-1] == "camera gate: 160×96 px, not redacted: a model is missing"
    assert (bare.redacted, bare.redaction_trouble) == (False, "a model is missing")


def test_what_the_survey_command_prints_is_signed_by_the_agent(box: Box) -> None:
    box.be_told(2, box.camera(port=free_port()))
    done = CliRunner().invoke(app, ["survey", "--config", str(box.config)])
    assert done.exit_code == 0, done.output
    assert "camera gate, 1 of 1: for 12 s" in done.stderr
    signed = SignedSurvey.model_validate_json(done.stdout)
    at_ms = Survey.model_validate_json(signed.survey).surveyed_at_ms
    said = statement.of_survey(signed.survey)
    attested = Attested.load(box.around.exchange.pki.identities.agents.ca_file)
    attested.check(said, signed.signature, agent_id=box.edge.agent_id, first_ms=at_ms, last_ms=at_ms)
    box.use(broker={"key_file": box.folder / "nowhere.key"})
    done = CliRunner().invoke(app, ["survey", "--config", str(box.config)])
    assert (done.exit_code, done.stdout) == (2, "")


def test_the_command_names_faults_for_people_and_programs(box: Box) -> None:
    done = CliRunner().invoke(app, ["doctor", "--config", str(box.config), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["healthy"] is True
    box.be_told(2, box.camera(port=free_port()))
    done = CliRunner().invoke(app, ["doctor", "--config", str(box.config)])
    assert done.exit_code == 1
    assert "FAULT camera_unreachable camera gate" in done.stdout
    assert "faults: 1" in done.stdout
