"""Nothing is lost and nothing counted twice, with a real broker and a real agent process, both killed on the way.

folder ──▶ agent (process) ──mTLS──▶ Mosquitto (process) ──▶ an archive in a dict
"""

import signal
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue

import cv2
import pytest

from edge_agent.errors import BrokerError
from edge_agent.health.pauses import Pauses
from edge_agent.spool import ledger
from edge_agent.spool.database import reading
from edge_agent.uplink.mqtt import Acknowledged, Connected, Disconnected, MqttEvent, PahoLink
from provisioning.contracts.config import processes
from provisioning.contracts.wire import topics
from provisioning.contracts.wire.messages import Ledger, PictureState
from provisioning.pki.identities import Identity
from tests.edge_agent.premises import Archive, running
from tests.edge_agent.world import edge_config, flat, replay_camera
from tests.support.exchange import Exchange
from tests.support.pki import Pki
from tests.support.waiting import LONG_S, until

pytestmark = pytest.mark.peer

PICTURES = 150
ALL = 2 * PICTURES
"""Of both cameras."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Exchange]:
    made = Exchange(tmp_path)
    made.start()
    yield made
    made.kill()


@pytest.fixture
def archive(site: Exchange) -> Iterator[Archive]:
    made = Archive(site)
    yield made
    made.close()


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("street")
    for number in range(PICTURES):
        (folder / f"{number:04}.png").write_bytes(cv2.imencode(".png", flat(number % 256, 64, 36))[1].tobytes())
    return folder


def edge(folder: Path, street: Path, site: Exchange, **sections: object) -> processes.EdgeConfig:
    settings: dict[str, object] = {
        "broker": site.section("street").model_dump(),
        "window": {"resend_after_s": 1.0},
        "redactor": {"overflow": "block"},
        "heartbeat_s": 1.0,
    }
    return edge_config(folder, replay_camera("gate", street), replay_camera("yard", street), **(settings | sections))


def ledger_of(settings: processes.EdgeConfig) -> Ledger:
    with reading(settings.spool.directory) as db:
        return ledger.total(ledger.tally(db))


def settled(settings: processes.EdgeConfig, archive: Archive) -> bool:
    return len(archive.rows) == ALL and ledger_of(settings).in_flight == 0


def test_everything_is_archived_once(tmp_path: Path, street: Path, site: Exchange, archive: Archive) -> None:
    settings = edge(tmp_path, street, site)
    with running(tmp_path, settings) as agent:
        until(lambda: settled(settings, archive))
        agent.send_signal(signal.SIGTERM)
        assert agent.wait(LONG_S) == 0
    final = ledger_of(settings)
    assert final.balanced
    assert (final.selected, final.spooled, final.archived, final.dropped) == (ALL, ALL, ALL, {})
    assert archive.deliveries.keys() == archive.rows.keys()  # on the line at least once: what is late is sent again


def test_a_broker_killed_and_restarted_empty_loses_nothing(
    tmp_path: Path, street: Path, site: Exchange, archive: Archive
) -> None:
    settings = edge(tmp_path, street, site)
    with running(tmp_path, settings):
        for share in (0.2, 0.5):
            until(lambda share=share: len(archive.rows) > share * ALL)  # type: ignore[misc] # a default binds the loop's value
            site.kill()
            site.start()
        until(lambda: settled(settings, archive), patience_s=90)
    final = ledger_of(settings)
    assert final.balanced
    assert (final.archived, final.dropped) == (ALL, {})


def test_an_agent_killed_three_times_loses_nothing_and_repeats_nothing(
    tmp_path: Path, street: Path, site: Exchange, archive: Archive
) -> None:
    settings = edge(tmp_path, street, site)
    for share in (0.1, 0.4, 0.7):
        with running(tmp_path, settings) as agent:
            until(lambda share=share: len(archive.rows) > share * ALL)  # type: ignore[misc] # the same
            agent.kill()
            agent.wait()
    with running(tmp_path, settings):
        until(lambda: settled(settings, archive) and "duplicate" in ledger_of(settings).dropped)
    final = ledger_of(settings)
    assert final.balanced
    assert final.archived == ALL
    assert final.spooled == ALL
    assert set(final.dropped) <= {"duplicate", "interrupted"}
    assert final.selected == ALL + sum(final.dropped.values())


def test_what_the_archive_does_not_confirm_stays_and_is_sent_again(
    tmp_path: Path, street: Path, site: Exchange, archive: Archive
) -> None:
    settings = edge(tmp_path, street, site, window={"resend_after_s": 1.0, "max_messages": 8})
    archive.acknowledges = False
    with running(tmp_path, settings):
        until(lambda: max(archive.deliveries.values(), default=0) > 2)  # again, and again
        assert ledger_of(settings).archived == 0
        archive.acknowledges = True
        until(lambda: settled(settings, archive), patience_s=90)
    assert ledger_of(settings).archived == ALL


def test_an_intake_that_comes_later_gets_everything(tmp_path: Path, street: Path, site: Exchange) -> None:
    settings = edge(tmp_path, street, site)
    with running(tmp_path, settings):
        until(lambda: "no intake listens" in (tmp_path / "agent.log").read_text())
        archive = Archive(site)
        until(lambda: settled(settings, archive))
        archive.close()
    assert ledger_of(settings).balanced


def test_a_leak_pauses_its_camera_and_no_other(tmp_path: Path, street: Path, site: Exchange, archive: Archive) -> None:
    settings = edge(tmp_path, street, site)
    archive.verdict = lambda payload: PictureState.LEAK if b'"camera_id":"gate"' in payload else PictureState.KEPT
    with running(tmp_path, settings):
        until(lambda: Pauses(settings.spool.directory).is_paused("gate"))
        until(lambda: _archived(settings, "yard") == PICTURES)
    assert _archived(settings, "gate") < PICTURES
    assert ledger_of(settings).balanced


def _archived(settings: processes.EdgeConfig, camera_id: str) -> int:
    with reading(settings.spool.directory) as db:
        return ledger.tally(db)[camera_id].archived


def test_an_agent_under_another_name_is_told_and_keeps_its_pictures(
    tmp_path: Path, street: Path, site: Exchange, archive: Archive
) -> None:
    settings = edge(tmp_path, street, site, broker=site.section("avenue").model_dump())
    with running(tmp_path, settings):
        until(lambda: "forbids agent street to publish" in (tmp_path / "agent.log").read_text())
        until(lambda: ledger_of(settings).spooled == ALL)
    assert archive.rows == {}
    final = ledger_of(settings)
    assert (final.archived, final.in_flight, final.balanced) == (0, ALL, True)


def foreign_identity(folder: Path) -> Identity:
    return Pki(folder / "foreign").issue_agent("street")


class TestLink:
    """The link alone."""

    @staticmethod
    def wait_for(events: "SimpleQueue[MqttEvent]", kind: type[MqttEvent]) -> MqttEvent:
        while True:
            try:
                event = events.get(timeout=LONG_S)
            except Empty:
                pytest.fail(f"no {kind.__name__}")
            if isinstance(event, kind):
                return event

    def test_connects_publishes_and_hears_what_the_broker_did(self, site: Exchange) -> None:
        events: SimpleQueue[MqttEvent] = SimpleQueue()
        link = PahoLink(site.section("street"), "street", events.put)
        self.wait_for(events, Connected)
        mid = link.publish(topics.snapshots("street"), b"x", expiry_s=1)
        assert self.wait_for(events, Acknowledged) == Acknowledged(mid, 0x10, "No matching subscribers")
        forged = link.publish(topics.snapshots("avenue"), b"x")
        assert self.wait_for(events, Acknowledged) == Acknowledged(forged, 0x87, "Not authorized")
        site.kill()
        assert isinstance(self.wait_for(events, Disconnected), Disconnected)
        link.close()

    def test_leaves_no_thread_and_no_event_behind(self, site: Exchange) -> None:
        identity = site.section("street")
        before = set(threading.enumerate())
        for _ in range(5):
            events: SimpleQueue[MqttEvent] = SimpleQueue()
            link = PahoLink(identity, "street", events.put)
            self.wait_for(events, Connected)
            link.close()
            assert events.empty()
        assert set(threading.enumerate()) <= before

    def test_a_second_agent_of_the_same_name_is_named_as_the_cause(self, site: Exchange) -> None:
        identity = site.section("street")
        events: SimpleQueue[MqttEvent] = SimpleQueue()
        first = PahoLink(identity, "street", events.put)
        self.wait_for(events, Connected)
        second = PahoLink(identity, "street", lambda _: None)
        lost = self.wait_for(events, Disconnected)
        assert isinstance(lost, Disconnected)
        assert "another agent" in lost.cause
        first.close()
        second.close()

    # paho leaves the socket of a failed handshake to the garbage collector.
    @pytest.mark.filterwarnings("ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning")
    @pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
    def test_what_does_not_fit_is_an_error_with_a_remedy(self, site: Exchange, tmp_path: Path) -> None:
        good = site.section("street")
        dial = partial(PahoLink, agent_id="street", report=lambda _: None)
        with pytest.raises(BrokerError, match=r"cannot be reached.*check host and port"):
            dial(good.model_copy(update={"port": 1}))
        with pytest.raises(BrokerError, match="not there"):
            dial(good.model_copy(update={"cert_file": tmp_path / "nowhere.crt"}))
        from_elsewhere = foreign_identity(tmp_path)
        with pytest.raises(BrokerError, match=r"not trusted.*ca_file"):
            dial(good.model_copy(update={"ca_file": from_elsewhere.ca_file}))
        with pytest.raises(BrokerError, match=r"not trusted.*host"):
            dial(good.model_copy(update={"host": "127.1"}))  # the same address under a name that is not in it
        with pytest.raises(BrokerError, match="no usable certificate"):
            dial(good.model_copy(update={"key_file": from_elsewhere.key_file}))

    @pytest.mark.filterwarnings("ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning")
    @pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
    def test_a_clock_that_is_wrong_is_told_as_such(self, tmp_path: Path) -> None:
        exchange = Exchange(tmp_path)
        exchange.pki = Pki(tmp_path / "later", now=datetime.now(UTC) + timedelta(days=30))
        exchange.start()
        try:
            with pytest.raises(BrokerError, match=r"not yet valid by this machine.s clock.*set the clock"):
                PahoLink(exchange.section("street"), agent_id="street", report=lambda _: None)
        finally:
            exchange.stop()

    def test_a_certificate_of_another_authority_is_refused(self, site: Exchange, tmp_path: Path) -> None:
        good = site.section("street")
        foreign = foreign_identity(tmp_path)
        events: SimpleQueue[MqttEvent] = SimpleQueue()
        broker = good.model_copy(update={"cert_file": foreign.cert_file, "key_file": foreign.key_file})
        link = PahoLink(broker, "street", events.put)
        assert isinstance(self.wait_for(events, Disconnected), Disconnected)
        link.close()
