"""The outbox of events on both databases: marks with their events, two bounded lanes, counts that add up."""

import json

import pytest
from sqlalchemy import select

from center.audit.log import Audit
from center.database.store import AuditEntry, Store
from center.events_out.composing import EventComposer
from center.events_out.outbox import Addressed, EventDrop, EventOutbox, OutboxLane
from center.events_out.schema import Event
from provisioning.contracts.config.events_out import EventKind
from tests.center.conftest import BOTH, Clock
from tests.center.events_out.rig import mqtt
from tests.center.street import NOW_MS, observation


def event(number: int) -> Event:
    return EventComposer("/wayside").observation(observation("cam-1", NOW_MS + number, number % 3)[0], "north")


def addressed(kind: EventKind, *numbers: int, receiver: str = "city") -> list[Addressed]:
    return [Addressed(receiver, kind, event(number)) for number in numbers]


def outbox_of(store: Store, clock: Clock, **others: object) -> EventOutbox:
    return EventOutbox(store, Audit(store, clock), (mqtt(**others), mqtt(id="other")), clock)


def waiting(outbox: EventOutbox) -> list[int]:
    return [json.loads(each.payload)["data"]["captured_at_ms"] - NOW_MS for each in outbox.heads("city", 100)]


@BOTH
def test_the_oldest_observations_give_way_by_name_and_alarms_do_not(store: Store, clock: Clock) -> None:
    outbox = outbox_of(store, clock, max_waiting=3, max_waiting_kept=2, give_up_after_h=1, give_up_kept_after_h=10)
    outbox.post(addressed(EventKind.ALARM, 1), {("", "alarms"): "1"})
    outbox.post(addressed(EventKind.OBSERVATION, *range(10, 17)), {("", "commits/0"): "7"})
    assert outbox.marks("") == {"alarms": "1", "commits/0": "7"}
    assert waiting(outbox) == [1, 14, 15, 16]
    clock.now_ms += 2 * 3_600_000
    outbox.expire()
    assert waiting(outbox) == [1]
    outbox.post(addressed(EventKind.CAMERA_STATE, 2, 3), {})
    assert waiting(outbox) == [2, 3]
    clock.now_ms += 11 * 3_600_000
    outbox.expire()
    expected = {
        EventDrop.OUTBOX_FULL: 4, EventDrop.EXPIRED: 3, EventDrop.KEPT_FULL: 1, EventDrop.KEPT_EXPIRED: 2,
    }  # fmt: skip
    assert (waiting(outbox), +outbox.dropped["city"]) == ([], expected)
    outbox.recover()
    audited = select(AuditEntry.detail).where(AuditEntry.action == "events.sent")
    with store.transaction() as session:
        details = [json.loads(each) for each in session.scalars(audited)]
    assert sum(sum(each["dropped"].values()) for each in details) == 10
    assert {each["receiver"] for each in details} == {"city"}


@BOTH
def test_what_is_settled_leaves_and_what_was_dropped_meanwhile_is_counted_once(store: Store, clock: Clock) -> None:
    outbox = outbox_of(store, clock, max_waiting=4)
    outbox.post(addressed(EventKind.OBSERVATION, 1, 2, 3, 4), {})
    under_way = outbox.heads("city", 4)
    outbox.post(addressed(EventKind.OBSERVATION, 5, 6), {})
    outbox.settle("city", under_way[:3], under_way[3:])
    assert waiting(outbox) == [5, 6]
    assert outbox.sent["city"] == {EventKind.OBSERVATION: 1}
    assert +outbox.dropped["city"] == {EventDrop.OUTBOX_FULL: 2, EventDrop.REFUSED: 1}
    assert {lane: each.events for (_, lane), each in outbox.backlog().items()} == {OutboxLane.BULK: 2}


@pytest.mark.parametrize(
    ("others", "says"),
    [
        ({"topic_prefix": "wayside/1/agents"}, "topics of agents"),
        ({"home_assistant": "homeassistant"}, "needs camera_state"),
        ({"host": "broker.example", "username": "u", "password_file": "p"}, "readable on the way"),
        ({"username": "u"}, "go together"),
        ({"cert_file": "a", "key_file": "b"}, "switches off"),
    ],
)
def test_a_section_that_would_leak_or_collide_is_refused(others: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        mqtt(**others)


def test_a_receiver_is_given_nothing_by_default() -> None:
    made = mqtt(districts=())
    assert (made.kinds, made.districts, made.whole_centre, made.home_assistant) == ((), (), False, None)
