"""The contract of every broker, on the real thing: what custody and access need of it, whoever made it.

```
street, avenue ──mTLS──▶ [Mosquitto | FlashMQ] ──$share/NAME──▶ two intakes
guest ──#, guesses──▶      └──archived──▶ street, and nobody else
```

Mosquitto is the first on the path (`PATH=FOLDER:$PATH` tries another); what it does beyond this contract is in
`tests/provisioning/broker` and `tests/scenarios/test_broker_*`, `test_intake_group.py`.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provisioning.contracts.wire import topics
from provisioning.contracts.wire.topics import MAX_MESSAGE_BYTES
from tests.edge_agent.premises import Archive
from tests.support.box import Box
from tests.support.exchange import Exchange
from tests.support.flashmq import FlashMq
from tests.support.mqtt_client import NOT_AUTHORIZED, Client, told
from tests.support.waiting import until

pytestmark = pytest.mark.peer

TAKEN = {"Success", "No matching subscribers"}
GROUP = "a-secret"
PICTURES = 60
Join = Callable[..., Client]


@pytest.fixture(
    params=[
        pytest.param(Exchange, id="mosquitto"),
        pytest.param(FlashMq, id="flashmq", marks=pytest.mark.unpackaged),
    ]
)
def exchange(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Exchange]:
    made: Exchange = request.param(tmp_path)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def join(exchange: Exchange) -> Iterator[Join]:
    """Connect somebody where he belongs."""
    clients: list[Client] = []

    def join(name: str, **options: object) -> Client:
        clients.append(Client(exchange.identity(name), exchange.port_of(name), **options))  # type: ignore[arg-type]
        return clients[-1]

    yield join
    for client in clients:
        client.close()


def test_a_client_is_who_its_certificate_says_and_of_the_authority_of_its_listener(
    exchange: Exchange, join: Join
) -> None:
    street = exchange.identity("street")
    assert told(exchange.port, street, street.ca_file) == "accepted"
    assert told(exchange.port, None, street.ca_file) != "accepted"
    assert told(exchange.services_port, street, street.ca_file) != "accepted"
    assert told(exchange.port, exchange.identity("cluster"), street.ca_file) != "accepted"
    box = join("street", client_id="street")
    thief = join("avenue", client_id="street")  # has its own name instead, or is refused
    assert thief.publish(topics.heartbeat("avenue")) in TAKEN or thief.ended is not None
    assert box.publish(topics.heartbeat("street")) in TAKEN
    assert box.ended is None, "nobody ends another's session"


def test_each_uses_its_own_topics_alone(join: Join) -> None:
    street, avenue, cluster, center = join("street"), join("avenue"), join("cluster"), join("center")
    for topic in (topics.snapshots("avenue"), topics.archived("street"), topics.roster(), "elsewhere"):
        assert street.publish(topic) == NOT_AUTHORIZED, topic
    assert center.publish(topics.archived("street")) == NOT_AUTHORIZED
    assert street.publish(topics.heartbeat("street")) in TAKEN, "the connection goes on"
    for topic in (topics.archived("street"), topics.archived("+"), "wayside/#", "#", topics.observed("+")):
        avenue.subscribe(topic)
    street.subscribe(topics.archived("street"))
    assert cluster.publish(topics.archived("street"), b"ack") == "Success"
    assert street.wait_for(1) == [(topics.archived("street"), b"ack")]
    assert avenue.nothing_arrives()


def test_intakes_share_the_pictures_and_a_guest_in_other_groups_takes_none(join: Join) -> None:
    guest, intakes = join("guest"), [join("cluster") for _ in range(2)]
    for group in ("intake", "cluster", "0" * 32):
        guest.subscribe(topics.snapshots_shared(group))
    for intake in intakes:
        intake.subscribe(topics.snapshots_shared(GROUP))
    sent = [b"%d" % number for number in range(200)]
    assert set(join("street").publish_many(topics.snapshots("street"), sent)) == {"Success"}
    until(lambda: sum(len(each.received) for each in intakes) >= len(sent), "every picture came")
    assert sorted(payload for each in intakes for _, payload in each.received) == sorted(sent), "to one of them"
    assert all(each.received for each in intakes)
    assert guest.nothing_arrives()


def test_the_largest_message_passes_and_a_state_waits_for_its_reader_over_a_restart(
    exchange: Exchange, join: Join
) -> None:
    cluster, agent = join("cluster"), join("street")
    cluster.subscribe(topics.snapshots_shared(GROUP))
    assert agent.publish(topics.snapshots("street"), bytes(MAX_MESSAGE_BYTES)) == "Success"
    assert agent.publish(topics.snapshots("street"), b"next") == "Success"
    assert len(cluster.wait_for(2)[0][1]) == MAX_MESSAGE_BYTES
    assert agent.publish(topics.camera_status("street", "east"), b"online", retain=True) in TAKEN
    exchange.stop()
    exchange.start()
    center = join("center")
    center.subscribe(topics.camera_status("+", "+"))
    assert center.wait_for(1) == [(topics.camera_status("street", "east"), b"online")]


def test_over_a_restart_and_a_kill_nothing_is_lost_and_only_what_was_sent_again_comes_twice(
    exchange: Exchange, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    archive = Archive(exchange)
    box = Box(tmp_path / "box", exchange.identity("street"), exchange.port, resend_after_s=1.0)
    kept = box.keep(PICTURES)
    box.start()
    until(lambda: len(archive.rows) > PICTURES / 10, "some are archived")
    exchange.stop()
    exchange.start()
    kept += box.keep(PICTURES)
    until(lambda: len(archive.rows) > PICTURES, "more are archived")
    exchange.kill()
    exchange.start()
    kept += box.keep(PICTURES)
    until(lambda: box.spool.messages == 0, "everything is archived", patience_s=120)
    final, resent = box.ledger, box.publisher.heartbeat().resent
    box.stop()
    archive.close()
    twice = archive.deliveries.total() - len(kept)
    record_property("resent", resent)
    record_property("delivered twice", twice)
    assert archive.rows.keys() == set(kept)
    assert (final.archived, final.dropped, final.in_flight) == (3 * PICTURES, {}, 0)
    assert twice <= resent
