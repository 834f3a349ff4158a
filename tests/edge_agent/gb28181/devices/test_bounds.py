"""What strangers and time can fill is bounded: agendas, buckets, lists of strangers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.gb28181.devices.events import Event, RecordsTaken
from edge_agent.gb28181.devices.queries import DeviceQueries
from edge_agent.gb28181.devices.registrations import (
    IllegalRegistrationEventError,
    NotRegisteredError,
    Registration,
    Registrations,
)
from edge_agent.gb28181.devices.request_factory import RequestFactory
from edge_agent.gb28181.devices.request_sender import RequestSender
from edge_agent.gb28181.devices.subscriptions import Subscriptions, Topic
from edge_agent.gb28181.devices.unregistered import MAX_STRANGERS, UnknownDevices
from edge_agent.gb28181.manscdp.catalog_items import CatalogItem
from provisioning.sip.edition import Version
from provisioning.sip.moment import Now
from provisioning.sip.peer import Peer
from provisioning.sip.timers import Agenda
from tests.edge_agent.gb28181.beijing import Beijing
from tests.edge_agent.gb28181.scripted import CHANNEL, EPOCH_MS, ID, PEER

NOW = Now(0.0, EPOCH_MS)


def test_what_was_put_off_comes_later_and_what_was_brought_forward_earlier() -> None:
    agenda: Agenda[str] = Agenda()
    agenda.plan("a", 10)
    agenda.plan("b", 20)
    agenda.plan("a", 30)
    agenda.plan("b", 5)
    assert agenda.get_timer() == 5
    assert agenda.take_due(10) == ["b"]
    assert agenda.take_due(29) == []
    assert (agenda.at_s("a"), agenda.at_s("b"), len(agenda)) == (30, None, 1)
    assert agenda.take_due(30) == ["a"]
    assert (agenda.get_timer(), len(agenda)) == (None, 0)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.integers(0, 50)), max_size=40))
def test_an_agenda_is_what_a_plain_table_would_be(steps: list[tuple[str, int | None]]) -> None:
    agenda: Agenda[str] = Agenda()
    table: dict[str, float] = {}
    for now_s, (key, at_s) in enumerate(steps):
        if at_s is None:
            agenda.cancel(key)
            table.pop(key, None)
        else:
            agenda.plan(key, at_s)
            table[key] = at_s
        due = {each for each, due_s in table.items() if due_s <= now_s}
        assert set(agenda.take_due(now_s)) == due
        for each in due:
            del table[each]
        timer = agenda.get_timer()
        assert not table or (timer is not None and timer <= min(table.values()))


def test_strangers_are_bounded_and_their_words_plain() -> None:
    strangers = UnknownDevices()
    for number in range(MAX_STRANGERS + 5):
        strangers.knocked(f"device-{number}", PEER, "NVR\x00\x1b[31m", "unknown", 1000 + number)
    known = strangers.listing()
    assert len(known) == MAX_STRANGERS
    assert (known[0].device_id, known[-1].device_id) == ("device-5", f"device-{MAX_STRANGERS + 4}")
    assert {each.software for each in known} == {"NVR"}
    odd = strangers.knocked("<b>\n", Peer("tcp", "192.0.2.1", 1, 2), "\n", "unknown", 1)
    assert (odd.device_id, odd.software, odd.transport) == ("?", "", "tcp")


def test_a_step_that_the_table_does_not_have_is_named() -> None:
    table = Registrations({ID: 60.0})
    registration = Registration(ID, PEER, Version.V2016, EPOCH_MS, EPOCH_MS + 60_000)
    assert table.restore(registration, NOW)
    with pytest.raises(IllegalRegistrationEventError, match="RESTORE in state RESTORED"):
        table.restore(registration, NOW)
    with pytest.raises(NotRegisteredError):
        Registrations({ID: 60.0}).held(ID)


def test_without_a_way_to_a_device_nothing_is_begun() -> None:
    own = RequestFactory("34020000002000000001", "3402000000", lambda digits: "0" * digits)
    outgoing = RequestSender(own, lambda _: None)
    subscriptions = Subscriptions(own, lambda _: None, lambda *_: None, lambda: 1)
    subscriptions.begin(ID, Topic.ALARM, Version.V2016)
    assert (len(subscriptions), subscriptions.get_timer()) == (0, None)
    events: list[Event] = []
    enquiries = DeviceQueries("34020000002000000001", Beijing(), outgoing.message, events.append)
    enquiries.ask_catalog(ID, Version.V2016, NOW)
    assert enquiries.get_timer() is None
    query = enquiries.ask_records(ID, CHANNEL, (EPOCH_MS, EPOCH_MS + 1000), Version.V2016, NOW)
    (taken,) = events
    assert isinstance(taken, RecordsTaken)
    assert taken.query == query
    enquiries.restore(ID, [CatalogItem(CHANNEL, name="gate")], EPOCH_MS)
    assert not enquiries.is_stale(ID, NOW)
    assert enquiries.is_stale(ID, Now(0.0, EPOCH_MS - 1))  # a clock that went back
