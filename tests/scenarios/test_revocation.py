"""An agent is revoked while it publishes: it is out within seconds, and its neighbour loses nothing.

```
street ──every 50 ms──▶ Mosquitto ◀── watched by ── broker process ◀── agents.crl ◀── Home.revoke("street")
avenue ──every 50 ms──▶     │                          restarts it
                            └──▶ an archive that acknowledges
```
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from provisioning.broker import process as broker_process
from provisioning.broker.process import BrokerProcess
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import PictureState
from provisioning.files import durable
from provisioning.home.home import Home, HomeConfig
from provisioning.pki.authority import new_key, private_pem, public_bytes
from provisioning.pki.identities import Identity
from tests.support import mosquittos
from tests.support.box import Box
from tests.support.mqtt_client import Client, told
from tests.support.pki import HOST
from tests.support.ports import free_ports
from tests.support.tap import Tap
from tests.support.waiting import LONG_S, until

pytestmark = pytest.mark.peer

LIMIT_S = 60.0
"""What the product promises."""
EVERY_S = 0.05
BEFORE_S, AFTER_S = 2.0, 5.0


@pytest.fixture
def home(tmp_path: Path) -> Home:
    mosquittos.installed()
    agents, services, enrolment = free_ports(3)
    config = HomeConfig(
        name="office",
        host=HOST,
        listen=HOST,
        agents_port=agents,
        services_port=services,
        enrolment_port=enrolment,
        account="root",
    )
    made = Home.create(tmp_path / "home", config)
    made.register.add_site("crossing", "Crossing", None, None)
    return made


def enrol(home: Home, agent_id: str, folder: Path) -> Identity:
    """What enrolment does, without its network."""
    home.register.add_agent(agent_id, "crossing")
    code, _ = home.register.new_code(agent_id, 3_600_000)
    key = new_key()
    certificate = home.register.enrol(
        code,
        site_id="crossing",
        agent_id=agent_id,
        key_sha256=sha256(public_bytes(key.public_key())).hexdigest(),
        secrets_key="0" * 64,
        sign=lambda: home.sign(agent_id, key.public_key()),
    )
    folder.mkdir()
    return Identity(
        agent_id,
        home.identities.services.ca_file,
        durable.write(folder / "agent.crt", certificate.pem.encode()),
        durable.write(folder / "agent.key", private_pem(key)),
    )


@contextmanager
def running(home: Home, log_file: Path) -> Iterator[None]:
    """The broker of a home, watched."""
    stop, ready = threading.Event(), threading.Event()
    with log_file.open("ab") as log:
        place, listeners = broker_process.directory(home), broker_process.listeners(home)
        process = BrokerProcess(place, listeners, home.identities, log=log)
        thread = threading.Thread(target=process.watch, args=(stop, lambda _: ready.set()))
        thread.start()
        try:
            assert ready.wait(LONG_S)
            yield
        finally:
            stop.set()
            thread.join(LONG_S)


class Steady:
    """Publishes every 50 ms until the broker will not have it, and knows when that was."""

    def __init__(self, client: Client, topic: str) -> None:
        self._client = client
        self._topic = topic
        self.verdicts: list[str] = []
        self.ended_s: float | None = None
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        while True:
            verdict = self._client.publish(self._topic)
            self.verdicts.append(verdict)
            if verdict not in {"Success", "No matching subscribers"}:
                self.ended_s = time.monotonic()
                return
            time.sleep(EVERY_S)


@contextmanager
def feeding(box: Box, kept: list[str]) -> Iterator[None]:
    """A picture every 50 ms."""
    enough = threading.Event()

    def feed() -> None:
        while not enough.wait(EVERY_S):
            kept.extend(box.keep(1))

    thread = threading.Thread(target=feed)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join(LONG_S)


def test_out_within_seconds_and_nobody_else_loses_a_picture(
    home: Home, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    street, avenue = (enrol(home, name, tmp_path / name) for name in ("street", "avenue"))
    port = home.config.agents_port
    kept: list[str] = []
    with running(home, tmp_path / "mosquitto.log"):
        archive = Tap(
            home.identities.identity("cluster"),
            home.config.services_port,
            [topics.snapshots_shared("test")],
            archive=PictureState.KEPT,
        )
        box = Box(tmp_path / "avenue", avenue, port)
        box.start()
        client = Client(street, port, client_id="street")
        steady = Steady(client, topics.heartbeat("street"))
        with feeding(box, kept):
            until(lambda: box.ledger.archived > 0)
            time.sleep(BEFORE_S)
            assert steady.ended_s is None

            began_s = time.monotonic()
            assert len(home.revoke("street", "stolen")) == 1
            steady.thread.join(LIMIT_S)
            assert steady.ended_s is not None
            silent_s = steady.ended_s - began_s
            until(lambda: told_or_down(port, street) == "SSLV3_ALERT_CERTIFICATE_REVOKED")
            out_s = time.monotonic() - began_s

            before = box.ledger.archived
            until(lambda: box.ledger.archived > before)
            back_s = time.monotonic() - began_s
            time.sleep(AFTER_S)
        until(lambda: box.spool.messages == 0)
        final, resent = box.ledger, box.publisher.heartbeat().resent
        box.stop()
        archive.close()
        client.close()

    said = f"silent after {silent_s:.2f} s, out after {out_s:.2f} s; its neighbour archives again after {back_s:.2f} s"
    sys.stdout.write(f"\n{said}; {final.archived} pictures, {resent} of them sent twice\n")
    for name, value in {"silent_s": silent_s, "out_s": out_s, "back_s": back_s, "resent": resent}.items():
        record_property(name, value)
    assert max(silent_s, out_s) < LIMIT_S
    arrived = {codec.decode_snapshot(payload)[0].observation_id for payload in archive.on("/snapshots")}
    assert arrived == set(kept)
    assert (final.archived, final.dropped, final.in_flight) == (len(kept), {}, 0)


def told_or_down(port: int, identity: Identity) -> str:
    """What it is told; for some milliseconds nobody listens."""
    try:
        return told(port, identity, identity.ca_file)
    except OSError as error:
        return str(error)
