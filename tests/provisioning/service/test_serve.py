"""`wayside-provision serve` as a process: ready, at work, and gone in time.

box ──HTTPS──▶ serve ──▶ home
                 └──MQTT──▶ mosquitto ──▶ box, now the agent
"""

import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from provisioning.broker import config
from provisioning.broker import process as broker_process
from provisioning.broker.mosquitto import Mosquitto
from provisioning.contracts.wire import topics
from provisioning.errors import AuthorityError
from provisioning.home.cameras import CameraRecord
from provisioning.home.home import Home
from provisioning.pki import revocation_list
from provisioning.pki.authority import public_bytes
from provisioning.pki.identities import SERVICE_LIFETIME, Identity
from provisioning.service import serve
from tests.provisioning.serving import HOST, SITE, Box, Clock, new_code, new_home
from tests.support.exchange import listens
from tests.support.mqtt_client import Client
from tests.support.waiting import LONG_S, until

SCRIPT = """
import sys, time
from pathlib import Path
from provisioning.service import serve as service
from provisioning.enrolment.https_server import Limits
from provisioning.errors import ProvisioningError
from provisioning.home.home import Home
service.CHORES_S = float(sys.argv[3])
service.Limits = lambda: Limits(timeout_s=3600)
ahead = Path(sys.argv[2])
try:
    home = Home.open(Path(sys.argv[1]), now_ms=lambda: time.time_ns() // 1_000_000 + int(ahead.read_text()))
    service.serve(home, lambda line: print(line, flush=True))
except ProvisioningError as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


class Process:
    """One service, whose clock the test moves."""

    def __init__(self, home: Home, *, chores_s: float = serve.CHORES_S) -> None:
        self._ahead = home.directory.parent / "ahead"
        self.move(timedelta())
        self._log = home.directory.parent / "serve.log"
        with self._log.open("ab") as log:
            self.popen = subprocess.Popen(
                [sys.executable, "-c", SCRIPT, str(home.directory), str(self._ahead), str(chores_s)],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def move(self, by: timedelta) -> None:
        new = self._ahead.with_suffix(".new")
        new.write_text(str(round(by.total_seconds() * 1000)))
        new.replace(self._ahead)

    def ready(self) -> str:
        assert self.popen.stdout is not None
        return self.popen.stdout.readline().strip()

    def log(self) -> str:
        return self._log.read_text()

    def ends_with(self) -> int:
        return self.popen.wait(LONG_S)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return new_home(tmp_path)


@pytest.fixture
def running(home: Home) -> Iterator[Process]:
    made = Process(home)
    yield made
    made.popen.kill()
    made.popen.communicate()


@pytest.fixture
def mosquitto_of_home(mosquitto: Mosquitto, home: Home) -> Iterator[None]:
    file = config.write(home.directory / "broker", broker_process.listeners(home), home.identities, mosquitto)
    with subprocess.Popen([mosquitto.path, "-c", file], stderr=subprocess.DEVNULL) as process:
        until(lambda: listens(home.config.services_port))
        yield
        process.kill()


def shown(home: Home) -> x509.Certificate:
    """What the service shows whoever comes."""
    pem = ssl.get_server_certificate((HOST, home.config.enrolment_port), timeout=LONG_S)
    return x509.load_pem_x509_certificate(pem.encode())


@pytest.mark.peer
@pytest.mark.usefixtures("mosquitto_of_home")
def test_a_box_enrols_and_finds_its_configuration_at_the_broker(home: Home, running: Process, tmp_path: Path) -> None:
    code = new_code(home, "street")
    home.plans.put_cameras(
        "street", [CameraRecord("street", "gate", "Gate", "rtsp://127.0.0.1/1", None, None, None, None)], replace=True
    )
    assert running.ready() == f"ready https://{HOST}:{home.config.enrolment_port}"
    box = Box(home, tmp_path / "box")
    status, answer = box.enrol(code)
    assert status == 200
    client = Client(
        Identity("street", home.identities.services.ca_file, box.cert_file, box.key_file), answer["broker_port"]
    )
    client.subscribe(topics.configuration("street"))
    (_, payload), *_ = client.wait_for(1)
    assert home.seal_key.seal.open(payload, addressee="street", newer_than=0).number == 1
    client.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_time_though_a_client_hangs_on(home: Home, running: Process, number: signal.Signals) -> None:
    running.ready()
    with (
        socket.create_connection((HOST, home.config.enrolment_port), LONG_S),
        socket.create_connection((HOST, home.config.enrolment_port), LONG_S) as plain,
        Box(home, home.directory.parent / "box").context().wrap_socket(plain, server_hostname=HOST) as tls,
    ):
        tls.sendall(b"POST /v1/enrol HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        running.popen.send_signal(number)
        until(lambda: running.popen.poll() is not None, "its end")  # the client hangs on for longer
        assert running.ends_with() == 0
    assert "Traceback" not in running.log()
    assert " ERROR " not in running.log()


def test_one_home_has_one_service(home: Home, running: Process) -> None:
    running.ready()
    second = Process(home)
    second.popen.communicate(timeout=LONG_S)
    assert second.popen.returncode == 1
    assert f"HomeError: {home.directory}: another wayside-provision serve runs on it" in second.log()
    running.popen.kill()
    running.popen.wait(LONG_S)
    third = Process(home)  # a lock does not outlive its process, however that ended
    assert third.ready().startswith("ready ")
    third.popen.terminate()
    third.popen.communicate(timeout=LONG_S)


def test_a_port_that_is_taken_is_named(home: Home) -> None:
    with socket.create_server((HOST, home.config.enrolment_port)):
        process = Process(home)
        process.popen.communicate(timeout=LONG_S)
    assert process.popen.returncode == 1
    assert process.log().splitlines()[-1].startswith(f"HomeError: {HOST}:{home.config.enrolment_port}: nothing can")


def test_a_lost_register_ends_it_with_one_clear_line(home: Home, running: Process, tmp_path: Path) -> None:
    running.ready()
    code = new_code(home, "street")
    (home.directory / "register.sqlite3").unlink()
    with suppress(OSError):  # the publisher may have found out first, and what TLS makes of that differs
        assert Box(home, tmp_path / "box").enrol(code)[0] == 503
    assert running.ends_with() == 1
    assert re.match(r"RegisterError: .*register\.sqlite3: the register cannot be used", running.log().splitlines()[-1])
    assert "Traceback" not in running.log()


def test_a_certificate_renewed_is_shown_at_once_with_the_same_key(home: Home) -> None:
    running = Process(home, chores_s=0.5)
    running.ready()
    before = shown(home)
    running.move(SERVICE_LIFETIME * 0.7)
    until(lambda: shown(home).serial_number != before.serial_number)
    after = shown(home)
    running.popen.terminate()
    running.popen.communicate(timeout=LONG_S)
    assert public_bytes(after.public_key()) == public_bytes(before.public_key())


class TestChores:
    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    @pytest.fixture
    def aged(self, tmp_path: Path, clock: Clock) -> Home:
        return new_home(tmp_path / "aged", clock)

    @staticmethod
    def lists_end(home: Home) -> list[datetime]:
        both = (home.identities.agents, home.identities.services)
        return [revocation_list.read(each.crl_file, each).ends_at for each in both]

    def test_both_lists_and_every_certificate_outlive_the_years(self, aged: Home, clock: Clock) -> None:
        for _ in range(40):
            clock.move(timedelta(days=60))
            serve.chores(aged)
            now = datetime.fromtimestamp(clock() / 1000, UTC)
            ends = [aged.identities.certificate(name).not_valid_after_utc for name in ("broker", "center", "enrolment")]
            assert min(*ends, self.lists_end(aged)[1]) - now > serve.DUE
            assert self.lists_end(aged)[0] - now > timedelta(days=29)

    def test_an_interrupted_revocation_is_made_good(self, aged: Home) -> None:
        aged.register.add_agent("street", SITE)
        code, _ = aged.register.new_code("street", 1000)
        box = Box(aged, aged.directory.parent / "box")
        made = aged.register.enrol(
            code,
            site_id=SITE,
            agent_id="street",
            key_sha256="0" * 64,
            secrets_key="0" * 64,
            sign=lambda: aged.sign("street", box.key.public_key()),
        )
        aged.register.revoke("street", "stolen")  # and then the power failed
        serve.chores(aged)
        agents = aged.identities.agents
        assert revocation_list.read(agents.crl_file, agents).serials == {int(made.serial)}

    def test_without_the_services_key_it_says_what_is_due(
        self, aged: Home, clock: Clock, caplog: pytest.LogCaptureFixture
    ) -> None:
        aged.identities.services.key_file.unlink()
        aged.identities.identity("cluster").cert_file.unlink()  # it is on the cluster's own server
        assert serve.chores(aged) == []
        assert caplog.messages == []
        clock.move(SERVICE_LIFETIME - serve.DUE + timedelta(days=1))
        assert serve.chores(aged) == []
        due = [line.split(" ends=")[0] for line in caplog.messages]
        services = ["center", "provisioning", "broker", "enrolment", "evidence", "timestamp"]
        assert due == [*(f"due certificate={name}" for name in services), "due revocation_list=services"]
        assert all("bring services.key here" in line for line in caplog.messages)

    def test_without_the_agents_key_it_does_not_go_on(self, aged: Home) -> None:
        aged.identities.agents.key_file.unlink()
        with pytest.raises(AuthorityError, match="nothing can be signed"):
            serve.chores(aged)
