"""`wayside-provision doctor`: what is planted at the centre is found by its name, and a healthy centre has no fault.

home, Mosquitto, enrolment service ──▶ doctor
"""

import os
import re
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from center.self_check.findings import Weakness
from provisioning.broker import config as broker
from provisioning.broker import probe, process
from provisioning.broker.mosquitto import Mosquitto
from provisioning.checks import doctor, secret_files
from provisioning.contracts.fleet.diagnosis import Diagnosis, Fault
from provisioning.contracts.fleet.documents import Configured, Verdict
from provisioning.contracts.wire import topics
from provisioning.home import documents
from provisioning.home.cameras import CameraRecord
from provisioning.home.home import Home
from provisioning.pki.authority import private_pem
from provisioning.pki.identities import BROKER, ENROLMENT, Identities
from tests.provisioning.serving import Clock, new_home, serving
from tests.support.exchange import listens
from tests.support.office import Box, Technician, enrol
from tests.support.waiting import LONG_S, until

AGENT = "cabinet-7"
ROOT = Path(__file__).parents[3]
DAY = timedelta(days=1)


class Centre:
    """A home, and what runs of it."""

    def __init__(self, folder: Path, mosquitto: Mosquitto) -> None:
        self.clock = Clock()
        self.home = new_home(folder, self.clock)
        self._mosquitto = mosquitto
        broker.write(process.directory(self.home), process.listeners(self.home), self.home.identities, mosquitto)

    @contextmanager
    def broker(self) -> Iterator[None]:
        """Mosquitto as `broker run` starts it."""
        file = process.directory(self.home) / broker.CONFIGURATION
        with subprocess.Popen([self._mosquitto.path, "-c", file], stderr=subprocess.DEVNULL) as running:
            until(lambda: listens(self.home.config.agents_port) and listens(self.home.config.services_port))
            yield
            running.terminate()

    def diagnoses(self, patience_s: float = 0.1) -> list[Diagnosis]:
        return list(doctor.examine(self.home.directory, [], patience_s=patience_s))

    def faults(self) -> list[Fault]:
        """All but that agents are silent: in most tests none runs."""
        found = [each for each in self.diagnoses() if each.fault is not None]
        assert all(each.remedy for each in found)
        return [each.fault for each in found if each.fault not in {None, Fault.AGENT_SILENT}]

    def beats(self, agent_id: str) -> None:
        """Enrol an agent, and let it leave a heartbeat at the broker that whoever listens hears at once."""
        box = Box()
        issued = enrol(self.home, agent_id, box, site_id="crossing")
        folder = self.home.directory.parent / agent_id
        folder.mkdir()
        (folder / "agent.key").write_bytes(private_pem(box.key))
        (folder / "agent.pem").write_text(issued.pem)
        context = ssl.create_default_context(cafile=str(self.home.identities.services.ca_file))
        context.load_cert_chain(folder / "agent.pem", folder / "agent.key")
        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        client.tls_set_context(context)
        client.connect("127.0.0.1", self.home.config.agents_port)
        client.loop_start()
        client.publish(topics.heartbeat(agent_id), b"{}", qos=1, retain=True).wait_for_publish(LONG_S)
        client.disconnect()
        client.loop_stop()

    def says(self, verdict: Verdict, *, number: int, active: int | None, cause: str = "") -> None:
        word = Configured(agent_id=AGENT, number=number, verdict=verdict, cause=cause, active=active, at_ms=1)
        self.home.plans.put_configured(AGENT, word.model_dump_json())

    def configure(self) -> None:
        """One camera more, and so another configuration."""
        number = len(self.home.plans.cameras(AGENT))
        camera = CameraRecord(AGENT, f"c{number}", "", "rtsp://h/1", None, None, None, None)
        self.home.plans.put_cameras(AGENT, [camera], replace=False)
        documents.bring_up_to_date(self.home)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_CONNECT_S", LONG_S)
    monkeypatch.setattr(probe, "_ALERT_S", LONG_S)


@pytest.fixture
def centre(tmp_path: Path, mosquitto: Mosquitto) -> Centre:
    return Centre(tmp_path, mosquitto)


@pytest.fixture
def running(centre: Centre) -> Iterator[Centre]:
    with centre.broker(), serving(centre.home):
        yield centre


@pytest.mark.peer
def test_a_healthy_centre_is_accused_of_nothing(running: Centre) -> None:
    running.beats(AGENT)
    running.configure()
    running.says(Verdict.APPLIED, number=1, active=1)
    found = running.diagnoses(LONG_S)
    assert [each.line() for each in found if each.fault is not None] == []
    assert {"keys", "disk", "clock", "broker agents", "broker services", "enrolment service", f"agent {AGENT}"} <= {
        each.where for each in found
    }


@pytest.mark.peer
def test_what_does_not_run_is_named_with_its_command(centre: Centre) -> None:
    found = [each for each in centre.diagnoses() if each.fault is not None]
    assert [each.fault for each in found] == [
        Fault.BROKER_UNREACHABLE,
        Fault.BROKER_UNREACHABLE,
        Fault.ENROLMENT_UNREACHABLE,
    ]
    assert "wayside-provision broker run" in found[0].remedy
    assert "wayside-provision serve" in found[2].remedy


@pytest.mark.peer
def test_a_port_that_another_program_has(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_CONNECT_S", 0.2)
    port = centre.home.config.enrolment_port
    with centre.broker(), socket.create_server(("127.0.0.1", port)) as taken:
        taken.settimeout(LONG_S)
        # Bound and silent: nobody accepts there.
        taken.listen(0)
        assert centre.faults() == [Fault.PORT_TAKEN]


@pytest.mark.peer
def test_a_broker_of_another_home_has_the_port(centre: Centre, tmp_path: Path, mosquitto: Mosquitto) -> None:
    other = Identities.create(tmp_path / "other")
    other.issue(BROKER)
    place = broker.write(tmp_path / "other-broker", process.listeners(centre.home), other, mosquitto)
    with subprocess.Popen([mosquitto.path, "-c", place], stderr=subprocess.DEVNULL) as theirs:
        until(lambda: listens(centre.home.config.services_port))
        assert centre.faults().count(Fault.BROKER_WRONG_AUTHORITY) == 2
        theirs.terminate()


def plant_readable_key(home: Home) -> None:
    (home.directory / "identities" / "cluster.key").chmod(0o644)


def plant_expired(home: Home) -> None:
    home.identities.issue("center", now=datetime.now(UTC) - 731 * DAY)


def plant_ending(home: Home) -> None:
    home.identities.issue("center", now=datetime.now(UTC) - 720 * DAY)


def plant_missing(home: Home) -> None:
    home.identities.identity("provisioning").cert_file.unlink()


def plant_foreign(home: Home) -> None:
    other = Identities.create(home.directory.parent / "other")
    theirs = other.issue("center")
    home.identities.identity("center").cert_file.write_bytes(theirs.cert_file.read_bytes())


def plant_old_list(home: Home) -> None:
    home.identities.agents.publish_revocations([], number=9, lifetime=30 * DAY, now=datetime.now(UTC) - 26 * DAY)


def plant_changed_broker(home: Home) -> None:
    file = process.directory(home) / broker.AGENTS_ACL
    file.write_text(file.read_text() + "topic readwrite #\n")


PLANTED: dict[Fault, Callable[[Home], None]] = {
    Fault.KEY_READABLE: plant_readable_key,
    Fault.CERTIFICATE_EXPIRED: plant_expired,
    Fault.CERTIFICATE_ENDS_SOON: plant_ending,
    Fault.CERTIFICATE_NOT_OURS: plant_foreign,
    Fault.REVOCATIONS_END: plant_old_list,
    Fault.BROKER_MISCONFIGURED: plant_changed_broker,
}


@pytest.mark.peer
@pytest.mark.parametrize("fault", sorted(PLANTED))
def test_a_planted_fault_is_found_and_nothing_else(running: Centre, fault: Fault) -> None:
    PLANTED[fault](running.home)
    assert running.faults() == [fault]


@pytest.mark.peer
def test_a_certificate_that_is_gone(running: Centre) -> None:
    plant_missing(running.home)
    assert Fault.CERTIFICATE_MISSING in running.faults()


@pytest.mark.peer
def test_a_service_that_was_not_started_again_after_its_key_was_replaced(running: Centre) -> None:
    running.home.replace_service(ENROLMENT)
    assert running.faults() == [Fault.ENROLMENT_WRONG_AUTHORITY]


@pytest.mark.peer
def test_provisioning_whose_certificate_is_revoked(centre: Centre, mosquitto: Mosquitto) -> None:
    before = {
        file: file.read_bytes()
        for file in (
            centre.home.identities.identity("provisioning").cert_file,
            centre.home.identities.identity("provisioning").key_file,
        )
    }
    centre.home.replace_service("provisioning")
    for file, content in before.items():
        file.write_bytes(content)
    broker.write(process.directory(centre.home), process.listeners(centre.home), centre.home.identities, mosquitto)
    with centre.broker(), serving(centre.home):
        assert centre.faults() == [Fault.BROKER_REFUSES]


@pytest.mark.peer
def test_a_clock_behind_what_was_written_here(running: Centre) -> None:
    running.clock.move(timedelta(hours=2))
    running.home.register.add_agent(AGENT, "crossing")
    running.clock.move(-timedelta(hours=2))
    assert running.faults() == [Fault.CLOCK_OFF]


@pytest.mark.peer
def test_agents_that_need_a_hand(running: Centre) -> None:
    running.clock.move(-80 * DAY)
    enrol(running.home, AGENT, site_id="crossing")
    running.home.register.add_agent("late", "crossing")
    running.home.register.new_code("late", 3_600_000)
    running.configure()
    assert set(running.faults()) == {
        Fault.CERTIFICATE_ENDS_SOON,
        Fault.AGENT_NOT_ENROLLED,
        Fault.CONFIGURATION_OLD,
    }
    running.clock.move(-20 * DAY)
    enrol(running.home, "older", site_id="crossing")
    assert Fault.CERTIFICATE_EXPIRED in running.faults()


@pytest.mark.peer
def test_a_configuration_that_was_not_taken(running: Centre) -> None:
    enrol(running.home, AGENT, site_id="crossing")
    running.configure()
    running.configure()
    assert running.faults() == [], "an agent has a while to answer"
    running.says(Verdict.TRYING, number=2, active=2)
    assert running.faults() == []
    running.says(Verdict.ROLLED_BACK, number=2, active=1, cause="camera c1 fell")
    assert running.faults() == [Fault.CONFIGURATION_OLD]
    (told,) = [each for each in running.diagnoses() if "camera c1 fell" in each.found]
    assert told.remedy.startswith(f"correct the list: wayside-provision cameras import {AGENT} FILE sends it")
    running.home.revoke(AGENT, "stolen")
    assert running.faults() == []


@pytest.mark.peer
def test_an_agent_that_is_cut_off_or_stopped_is_named_and_one_that_beats_is_not(running: Centre) -> None:
    running.beats(AGENT)
    enrol(running.home, "cabinet-8", site_id="crossing")
    running.home.register.add_agent("cabinet-9", "crossing")

    def one_is_silent() -> list[Diagnosis]:
        silent = [each for each in running.diagnoses(2) if each.fault is Fault.AGENT_SILENT]
        return silent if len(silent) == 1 else []  # both, where the machine was too busy to hear the other in time

    (silent,) = until(one_is_silent)
    assert silent.where == "agent cabinet-8"
    assert "wayside-edge doctor" in silent.remedy


@pytest.mark.peer
def test_agents_are_not_accused_where_the_broker_is_away(centre: Centre) -> None:
    enrol(centre.home, AGENT, site_id="crossing")
    found = centre.diagnoses()
    assert Fault.AGENT_SILENT not in {each.fault for each in found}
    assert "not listened to" in {each.where: each for each in found}["agents"].found


def test_what_is_closed_to_this_user_is_said_and_not_called_well(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("becoming another user needs root")
    closed = tmp_path / "center"
    (closed / "data").mkdir(parents=True)
    closed.chmod(0o700)
    database = closed / "data" / secret_files.CENTER_DATABASE
    code = (
        "import os, sys; from pathlib import Path; from provisioning.checks import secret_files as it\n"
        "os.setuid(65534)\n"
        "print(it._seen(it.Secret('', '', Path(sys.argv[1]), '')).is_closed, list(it._database(Path(sys.argv[1]))))"
    )
    tmp_path.chmod(0o755)
    said = subprocess.check_output([sys.executable, "-c", code, str(database)], text=True, cwd=ROOT)
    assert said.startswith("True [")


@pytest.mark.peer
def test_a_disk_that_is_nearly_full(running: Centre, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("mounting a tmpfs needs root")
    place = tmp_path / "small"
    place.mkdir(mode=0o700)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=40m,mode=0700", "none", str(place)], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("no right to mount a tmpfs here")
    try:
        (place / "ballast").write_bytes(bytes(30 * 1024**2))
        found = list(doctor.examine(place, []))
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)
    assert [each.fault for each in found if each.fault] == [Fault.DISK_NEARLY_FULL, Fault.CONFIGURATION_INVALID]


def test_no_home_and_one_that_others_may_enter(tmp_path: Path) -> None:
    (missing,) = doctor.examine(tmp_path / "nowhere", [])
    assert missing.fault is Fault.CONFIGURATION_INVALID
    home = new_home(tmp_path)
    home.directory.chmod(0o755)
    assert [each.fault for each in doctor.examine(home.directory, []) if each.fault] == [Fault.KEY_READABLE]


@pytest.mark.peer
def test_the_command_answers_people_and_programs(running: Centre) -> None:
    technician = Technician(running.home.directory)
    assert technician.asks("doctor")["healthy"] is True
    plant_readable_key(running.home)
    answer = technician.asks("doctor", code=1)
    assert [each["fault"] for each in answer["diagnoses"] if each["fault"]] == ["key_readable"]
    shown = technician.types("doctor")
    assert "FAULT key_readable key" in shown.stdout
    assert "chmod 600" in shown.stdout


def test_the_run_book_explains_each_fault_and_no_other() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \|", (ROOT / "docs/operations.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(set(rows) - set(Weakness)) == sorted(Fault)  # the centre's self-check has a table there, too
