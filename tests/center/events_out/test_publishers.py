"""Both ways to a receiver keep one contract, over a real Mosquitto and over the mock cluster of librdkafka."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from center.events_out.composing import EventComposer
from center.events_out.errors import ReceiverAwayError
from center.events_out.publisher import Publisher, QueuedEvent
from center.events_out.schema import CONTENT_TYPE, Event
from center.events_out.service import publisher_of
from provisioning.contracts.config.events_out import EventKind, KafkaReceiver
from tests.center.events_out.rig import rig
from tests.center.street import AGENT, NOW_MS, observation
from tests.support.event_brokers import PASSWORD, EventBroker, KafkaBroker, MosquittoBroker
from tests.support.ports import free_port
from tests.support.waiting import eventually

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.peer,
    # paho leaves a socket whose TLS handshake was given up to the garbage collector.
    pytest.mark.filterwarnings("ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning"),
]
LARGE = 2_000_000
"""Bytes beyond the limit of either broker."""


@pytest.fixture(scope="module", params=["mqtt", "kafka"])
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventBroker]:
    made = MosquittoBroker(tmp_path_factory.mktemp("broker")) if request.param == "mqtt" else KafkaBroker()
    yield made
    made.close()


@pytest.fixture
async def publisher(broker: EventBroker) -> AsyncIterator[Publisher]:
    made = publisher_of(broker.settings(timeout_s=60.0))
    yield made
    await made.close()


def queued(start: int, count: int, *, padding: int = 0) -> list[QueuedEvent]:
    """Events of two cameras, taking turns."""
    made = list[QueuedEvent]()
    for number in range(start, start + count):
        at_ms = NOW_MS + number
        event: Event = EventComposer("/wayside").observation(observation(f"cam-{1 + number % 2}", at_ms, 1)[0], "north")
        payload = event.model_dump_json().encode() + b" " * padding
        made.append(QueuedEvent(number, EventKind.OBSERVATION, event.subject, event.id, payload))
    return made


async def test_what_is_acknowledged_arrived_in_order_in_its_envelope(broker: EventBroker, publisher: Publisher) -> None:
    events = queued(0, 120)
    await publisher.open()
    assert (await publisher.publish(events)).results == ("",) * 120
    await eventually(lambda: len(_of(broker, events)) == 120)
    found = _of(broker, events)
    for subject in (f"{AGENT}/cam-1", f"{AGENT}/cam-2"):
        came = [each for each in found if each.event.subject == subject]
        assert [each.event.id for each in came] == [each.event_id for each in events if each.subject == subject]
        assert {each.topic for each in came} == {broker.topic(EventKind.OBSERVATION, subject)}
        assert {each.key for each in came} <= {subject, ""}
    assert {each.content_type for each in found} == {CONTENT_TYPE}
    assert {each.payload for each in found} == {each.payload for each in events}


async def test_one_that_never_acknowledges_is_given_up_and_gets_the_same_events_later(
    broker: EventBroker, publisher: Publisher
) -> None:
    events = queued(1000, 40)
    hasty = publisher_of(broker.settings(timeout_s=0.5))
    await publisher.open()
    with suppress(ReceiverAwayError):
        await hasty.open()
    broker.pause()
    try:
        stood = await hasty.publish(events)
        assert stood.fault
        assert len(stood.results) < len(events)
        with pytest.raises(ReceiverAwayError):
            await hasty.open()
        await hasty.close()
    finally:
        broker.resume()
    assert (await publisher.publish(events)).results == ("",) * 40
    await eventually(lambda: {each.event.id for each in _of(broker, events)} == {each.event_id for each in events})


async def test_an_event_that_is_too_large_is_refused_alone(broker: EventBroker, publisher: Publisher) -> None:
    first, last = queued(2000, 2)
    (large,) = queued(2010, 1, padding=LARGE)
    await publisher.open()
    published = await publisher.publish([first, large, last])
    assert [bool(reason) for reason in published.results] == [False, True, False]
    assert not published.fault
    await eventually(lambda: len(_of(broker, [first, last])) == 2)


async def test_one_that_is_away_says_why_and_names_no_secret(broker: EventBroker) -> None:
    port = free_port()
    where = {"servers": (f"127.0.0.1:{port}",)} if isinstance(broker.settings(), KafkaReceiver) else {"port": port}
    away = publisher_of(broker.settings(timeout_s=1.0, **where))
    with pytest.raises(ReceiverAwayError) as caught:
        await away.open()
    assert caught.value.facts["cause"]
    assert PASSWORD not in str(caught.value)
    await away.close()


def _of(broker: EventBroker, events: list[QueuedEvent]) -> list[Any]:
    ids = {each.event_id for each in events}
    return [each for each in broker.received() if each.event.id in ids]


async def test_mosquitto_forgets_what_it_retained_and_is_told_again(tmp_path: Path) -> None:
    broker = MosquittoBroker(tmp_path)
    receiver = broker.settings(kinds=("camera_state", "observation"), home_assistant="homeassistant", timeout_s=60.0)
    async with rig(tmp_path, receiver) as events:
        (sender,) = events.service.senders
        await _told(events, sender.turn)
        await eventually(lambda: len(broker.received()) == 2)
        documents = {topic: text for topic, text in broker.retained.items() if topic.startswith("homeassistant/")}
        assert len(documents) == 4
        states = [json.loads(each) for each in documents.values() if b"value_json.data.state" in each]
        assert {each["state_topic"] for each in states} == {
            f"wayside-events/camera_state/{AGENT}/{camera}" for camera in ("cam-1", "cam-2")
        }
        assert "online" in states[0]["options"]
        assert broker.retained["wayside-events/centre"] == b"online"
        broker.kill()
        broker.retained.clear()
        events.commit(6)
        await events.service.reader.read_observations()
        with pytest.raises(ReceiverAwayError):
            await sender.turn()
        assert len(events.queued(receiver.id)) == 6
        broker.start()
        events.pass_s(120)
        await _told(events, sender.turn)
        await eventually(lambda: len(broker.received()) == 2 + 2 + 6)
        assert len({each.event.id for each in broker.received()}) == 2 + 6
        assert {topic for topic in broker.retained if topic.startswith("homeassistant/")} == documents.keys()
        events.devices.removed(AGENT, "cam-2")
        await _told(events, sender.turn)
        await eventually(lambda: [each for each in broker.retained.values() if each == b""])
        (report,) = events.service.reports()
        assert (report.waiting, report.waiting_kept, report.fault) == (0, 0, "")
        assert report.sent == {EventKind.CAMERA_STATE: 5, EventKind.OBSERVATION: 6}
        await sender.close()
        await eventually(lambda: broker.retained["wayside-events/centre"] == b"offline")
    broker.close()


async def _told(events: Any, turn: Any) -> None:
    """Lets the sender connect, the states be read, and the sender send them."""
    await turn()
    await asyncio.to_thread(events.service.reader.read_states)
    await turn()


async def test_a_wrong_password_is_refused_with_its_cause(tmp_path: Path) -> None:
    broker = MosquittoBroker(tmp_path)
    wrong = tmp_path / "wrong"
    wrong.write_text("not-this-one")
    wrong.chmod(0o600)
    denied = publisher_of(broker.settings(password_file=wrong))
    with pytest.raises(ReceiverAwayError, match=r"(?i)authori|password") as caught:
        await denied.open()
    assert "not-this-one" not in str(caught.value)
    broker.close()
