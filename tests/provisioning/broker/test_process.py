"""The real Mosquitto under `BrokerProcess`: told what changes, started again when it dies, ended with its parent."""

import logging
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from cryptography import x509

from provisioning.broker import process as broker_process
from provisioning.broker.process import BrokerProcess
from provisioning.contracts.wire import topics
from provisioning.errors import BrokerError
from provisioning.home.home import Home, HomeConfig
from provisioning.pki.identities import BROKER
from tests.support import mosquittos
from tests.support.exchange import listens
from tests.support.mqtt_client import Client, told
from tests.support.pki import Pki
from tests.support.ports import free_ports
from tests.support.waiting import LONG_S, until

pytestmark = pytest.mark.peer
ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _quick(mosquitto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the process look ten times a second, and skips without Mosquitto."""
    monkeypatch.setattr(broker_process, "LOOK_EVERY_S", 0.1)
    monkeypatch.setattr(broker_process, "_FIRST_WAIT_S", 0.02)


class Run:
    """`watch` in a thread, with everything it says."""

    def __init__(self, folder: Path) -> None:
        self.pki = Pki(folder / "home")
        self.agents_port, self.services_port = free_ports(2)
        self.directory = folder / "broker"
        self.log_file = folder / "mosquitto.log"
        self.error: BrokerError | None = None
        self.announced: list[str] = []
        self.stop = threading.Event()

    @contextmanager
    def going(self) -> Iterator[BrokerProcess]:
        with self.log_file.open("ab") as log:
            process = BrokerProcess(
                self.directory,
                self.pki.listeners(self.agents_port, self.services_port),
                self.pki.identities,
                log=log,
            )
            thread = threading.Thread(target=self._watch, args=(process,))
            thread.start()
            try:
                until(lambda: self.announced or not thread.is_alive())
                if thread.is_alive():
                    # Mosquitto listens before it has read its key: a test that changes that must not be earlier.
                    until(self._speaks_tls)
                yield process
            finally:
                self.stop.set()
                thread.join(LONG_S)
                assert not thread.is_alive()

    def _speaks_tls(self) -> bool:
        try:
            served(self.agents_port, self.pki.identities.services.ca_file)
        except OSError:
            return False
        return True

    def _watch(self, process: BrokerProcess) -> None:
        try:
            process.watch(self.stop, self.announced.append)
        except BrokerError as error:
            self.error = error


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Callable[[str], bool]:
    caplog.set_level(logging.INFO, "provisioning")
    return lambda text: any(text in each.getMessage() for each in caplog.records)


def test_is_ready_when_both_ports_accept_and_ends_without_a_trace(run: Run) -> None:
    with run.going() as process:
        assert run.announced == ["ready"]
        assert listens(run.agents_port)
        assert listens(run.services_port)
        pid = process.pid
        assert pid is not None
    assert run.error is None
    assert not Path(f"/proc/{pid}").exists()
    assert process.pid is None


def test_its_log_comes_out_unchanged(run: Run) -> None:
    with run.going():
        client = Client(run.pki.issue_agent("street"), run.agents_port)
        client.close()
    lines = run.log_file.read_text().splitlines()
    assert any("New client connected" in line and "as street" in line for line in lines)
    assert all(line[:2] == "20" for line in lines), "nothing was put before Mosquitto's own time"


def test_a_revoked_agent_is_out_and_the_others_come_back(run: Run, said: Callable[[str], bool]) -> None:
    street, avenue = run.pki.issue_agent("street"), run.pki.issue_agent("avenue")
    with run.going() as process:
        before = process.pid
        client = Client(street, run.agents_port)
        run.pki.revoke("street")
        assert client.wait_for_the_end() is not None
        client.close()
        until(lambda: said("restarted certificates newly revoked=1"))
        assert process.pid != before
        assert told(run.agents_port, street, street.ca_file) == "SSLV3_ALERT_CERTIFICATE_REVOKED"
        assert told(run.agents_port, avenue, avenue.ca_file) == "accepted"


def test_a_list_that_was_only_written_anew_disconnects_nobody(run: Run, said: Callable[[str], bool]) -> None:
    with run.going() as process:
        before = process.pid
        client = Client(run.pki.issue_agent("street"), run.agents_port)
        run.pki.renew_list()
        until(lambda: said("told to reload"))
        assert client.publish(topics.heartbeat("street")) == "No matching subscribers"
        assert process.pid == before
        client.close()


def test_a_new_certificate_is_served_to_whoever_comes_next(run: Run, said: Callable[[str], bool]) -> None:
    street = run.pki.issue_agent("street")
    with run.going() as process:
        before = process.pid
        client = Client(street, run.agents_port)
        run.pki.identities.identity(BROKER).key_file.unlink()
        run.pki.issue(BROKER)
        until(lambda: said("told to reload"))
        new = run.pki.identities.certificate(BROKER).serial_number
        until(lambda: served(run.agents_port, street.ca_file) == new)
        assert client.publish(topics.heartbeat("street")) == "No matching subscribers"
        assert process.pid == before
        client.close()


def served(port: int, ca_file: Path) -> int:
    """The serial of the certificate that the broker shows."""
    context = ssl.create_default_context(cafile=str(ca_file))
    with (
        socket.create_connection(("127.0.0.1", port), LONG_S) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as tls,
    ):
        der = tls.getpeercert(binary_form=True)
    assert der is not None
    return x509.load_der_x509_certificate(der).serial_number


def test_a_certificate_without_its_key_is_not_taken(run: Run, said: Callable[[str], bool]) -> None:
    """Mosquitto would take it, and then speak with nobody: TLSV1_ALERT_PROTOCOL_VERSION."""
    street = run.pki.issue_agent("street")
    with run.going():
        own = run.pki.identities.identity(BROKER)
        shutil.copy(street.key_file, own.key_file)
        own.cert_file.touch()
        until(lambda: said("the broker's certificate is not taken"))
        assert told(run.agents_port, street, street.ca_file) == "accepted"


@pytest.mark.parametrize("kind", ["damaged", "foreign", "older", "gone"])
def test_a_list_that_is_not_good_changes_nothing_and_is_said(
    run: Run, tmp_path: Path, said: Callable[[str], bool], kind: str
) -> None:
    street, avenue = run.pki.issue_agent("street"), run.pki.issue_agent("avenue")
    file = run.pki.identities.agents.crl_file
    older = file.read_bytes()
    run.pki.revoke("street")
    foreign = Pki(tmp_path / "foreign").identities.agents.crl_file.read_bytes()
    with run.going() as process:
        before = process.pid
        if kind == "gone":
            file.unlink()
        else:
            file.write_bytes({"damaged": b"damaged", "foreign": foreign, "older": older}[kind])
        until(lambda: said("revocation is NOT effective"))
        assert process.pid == before
        assert told(run.agents_port, street, street.ca_file) == "SSLV3_ALERT_CERTIFICATE_REVOKED"
        os.kill(before or 0, signal.SIGKILL)  # nor does a restart bring the bad list in
        until(lambda: process.pid not in {None, before} and listens(run.agents_port))
        assert told(run.agents_port, street, street.ca_file) == "SSLV3_ALERT_CERTIFICATE_REVOKED"
        assert told(run.agents_port, avenue, avenue.ca_file) == "accepted"


def test_a_list_that_could_not_be_copied_is_tried_again(run: Run, said: Callable[[str], bool]) -> None:
    street = run.pki.issue_agent("street")
    with run.going():
        aside = run.directory.with_name("aside")
        run.directory.rename(aside)  # as good as a full disk: nothing can be written there
        run.pki.revoke("street")
        until(lambda: said("revocation is NOT effective"))
        assert told(run.agents_port, street, street.ca_file) == "accepted"
        aside.rename(run.directory)
        until(lambda: said("restarted certificates newly revoked=1"))
        assert told(run.agents_port, street, street.ca_file) == "SSLV3_ALERT_CERTIFICATE_REVOKED"


def test_a_list_past_its_end_shuts_everybody_out_and_is_said(run: Run, said: Callable[[str], bool]) -> None:
    street = run.pki.issue_agent("street")
    with run.going():
        client = Client(street, run.agents_port)
        run.pki.renew_list(lifetime=timedelta(hours=1), now=datetime.now(UTC) - timedelta(days=1))
        until(lambda: said("revocation list agents.crl: ended"))
        assert client.publish(topics.heartbeat("street")) == "No matching subscribers", "who is connected stays"
        alert = told(run.agents_port, street, street.ca_file)
        assert alert == "SSLV3_ALERT_CERTIFICATE_EXPIRED", "though it is the list that is expired"
        run.pki.renew_list()
        until(lambda: told(run.agents_port, street, street.ca_file) == "accepted")
        client.close()


def test_without_any_list_it_does_not_start(run: Run) -> None:
    run.pki.identities.agents.crl_file.unlink()
    with run.going():
        pass
    assert run.error is not None
    assert "Mosquitto must not run without" in str(run.error)


def test_killed_it_is_back_with_its_last_words_in_our_log(run: Run, said: Callable[[str], bool]) -> None:
    with run.going() as process:
        before = process.pid
        assert before is not None
        os.kill(before, signal.SIGKILL)
        until(lambda: process.pid not in {None, before} and listens(run.agents_port))
        assert said("mosquitto was killed by SIGKILL\n    20")
        assert run.announced == ["ready"]


def test_a_damaged_data_file_does_not_keep_it_from_starting(run: Run, said: Callable[[str], bool]) -> None:
    data = run.directory / "data"
    data.mkdir(parents=True)
    (data / "mosquitto.db").write_bytes(b"half a file, after a power cut")
    with run.going():
        assert run.announced == ["ready"]
        assert said("mosquitto.db cannot be read and was set aside")
    assert (data / "mosquitto.damaged").exists()


def test_at_its_memory_limit_for_ten_looks_it_starts_empty_and_says_what_to_do(
    run: Run, said: Callable[[str], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("provisioning.broker.config.MEMORY_LIMIT", 48 * 1024**2)
    # Nobody is to be cut off by the restart while still filling the memory.
    monkeypatch.setattr("provisioning.broker.process.FULL_LOOKS", 1_000_000)
    with run.going() as process:
        before = process.pid
        identity = run.pki.issue_agent("greedy")
        for size in (7_500_000, 500_000, 50_000):
            greedy = Client(identity, run.agents_port)
            for number in count():
                topic = topics.camera_status("greedy", f"made-up-{size}-{number}")
                if greedy.publish(topic, bytes(size), retain=True) != "No matching subscribers":
                    break
            assert greedy.ended is not None, "who asks for more is disconnected"
            greedy.close()
        monkeypatch.setattr("provisioning.broker.process.FULL_LOOKS", 10)
        until(lambda: said("restarted empty after"))
        assert said("wayside-provision revoke")
        assert process.pid not in {None, before}
        center = Client(run.pki.issue("center"), run.services_port)
        center.subscribe(topics.camera_status("+", "+"))
        assert center.nothing_arrives()
        center.close()


def test_a_data_file_that_is_larger_than_its_memory_does_not_keep_it_from_starting(
    run: Run, said: Callable[[str], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    with run.going():
        greedy = Client(run.pki.issue_agent("greedy"), run.agents_port)
        for number in range(8):
            greedy.publish(topics.camera_status("greedy", f"made-up-{number}"), bytes(7_500_000), retain=True)
        greedy.close()
    monkeypatch.setattr("provisioning.broker.config.MEMORY_LIMIT", 48 * 1024**2)
    run.stop.clear()
    run.announced.clear()
    with run.going():
        assert run.announced == ["ready"]
        assert said("mosquitto.db cannot be read and was set aside")


def test_a_taken_port_is_named_after_five_tries(run: Run, said: Callable[[str], bool]) -> None:
    with socket.create_server(("127.0.0.1", run.services_port)), run.going():
        until(lambda: run.error is not None)
    assert f"cannot listen on 127.0.0.1:{run.services_port}: Address already in use" in str(run.error)
    assert "5th death within 60 s" in str(run.error)
    assert said("started again in 0.02 s")
    assert said("started again in 0.16 s")
    assert run.announced == []


def test_a_configuration_that_mosquitto_refuses_is_quoted(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provisioning.broker.config.MAX_INFLIGHT", "1024\nno_such_setting 1")
    with run.going():
        until(lambda: run.error is not None)
    assert "mosquitto ended with code 3\n" in str(run.error)
    assert re.search(r"""Unknown configuration variable ["']no_such_setting["']""", str(run.error))


def test_a_release_that_was_installed_meanwhile_is_told_in_its_own_words(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package was updated beside the running broker; the next start, here after a death, finds the other one."""
    program = tmp_path / "sbin/mosquitto"
    program.parent.mkdir()
    program.symlink_to(mosquittos.installed().path)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    plugin = tmp_path / "lib/mosquitto_acl_file.so"
    with run.going() as process:
        plugin.parent.mkdir()
        plugin.touch()
        program.unlink()
        program.write_text("#!/bin/sh\necho mosquitto version 2.9.1\necho started with $2 >&2\nexit 9\n")
        program.chmod(0o755)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        until(lambda: run.error is not None)
    assert f"started with {run.directory}/mosquitto.conf" in str(run.error)
    assert f"plugin_load agents {plugin}\n" in (run.directory / "mosquitto.conf").read_text()


def test_an_absent_program_says_how_to_install_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provisioning.broker.mosquitto.PROGRAM", "mosquitto-that-is-nowhere")
    with run.going():
        pass
    assert "apt-get install mosquitto" in str(run.error)


PROGRAM = """
import sys
from pathlib import Path
from provisioning.broker.process import run
from provisioning.home.home import Home
sys.exit(run(Home.open(Path(sys.argv[1])), lambda word: print(word, flush=True)))
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    agents, services, enrolment = free_ports(3)
    return Home.create(
        tmp_path / "home",
        HomeConfig.model_validate(
            {
                "name": "office",
                "host": "127.0.0.1",
                "listen": "127.0.0.1",
                "agents_port": agents,
                "services_port": services,
                "enrolment_port": enrolment,
                "account": "root" if os.geteuid() == 0 else "anybody",
            }
        ),
    )


@contextmanager
def program(home: Home) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(home.directory)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_both(home: Home, number: signal.Signals) -> None:
    with program(home) as process:
        assert listens(home.config.agents_port)
        process.send_signal(number)
        assert process.wait(LONG_S) == 0
    assert not listens(home.config.agents_port)


def test_mosquitto_does_not_outlive_a_parent_that_was_killed(home: Home) -> None:
    with program(home) as process:
        process.kill()
        process.wait(LONG_S)
        until(lambda: not listens(home.config.agents_port))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_root_does_not_run_another_accounts_broker(home: Home) -> None:
    config = home.config.model_copy(update={"account": "mosquitto"})
    other = Home(home.directory, config, home.identities, home.seal_key, home.vault, home.now_ms)
    with pytest.raises(BrokerError, match="run this as mosquitto"):
        broker_process.run(other, lambda _: None)
