"""What the technician and the cameras see of a device, event by event."""

from dataclasses import replace

import pytest

from edge_agent.gb28181.devices.device_views import DeviceView, DeviceViews
from edge_agent.gb28181.devices.events import (
    Alarmed,
    CatalogMissed,
    CatalogTaken,
    Forget,
    InfoTaken,
    Keep,
    Knocked,
    Moved,
    Offline,
    Online,
    Restored,
    StatusTaken,
    TurnedAway,
)
from edge_agent.gb28181.devices.registrations import Gone, Registration
from edge_agent.gb28181.devices.unregistered import UnknownDevice
from edge_agent.gb28181.manscdp.alarms import Alarm
from edge_agent.gb28181.manscdp.catalog_items import CatalogItem
from edge_agent.gb28181.manscdp.channels import channels
from edge_agent.gb28181.manscdp.message_types import DeviceInfo, DeviceStatus
from edge_agent.gb28181.manscdp.multipart import AnswerOutcome
from edge_agent.gb28181.sessions.invite import DeviceRoute
from provisioning.sip.edition import Version
from provisioning.sip.peer import Peer
from tests.edge_agent.gb28181.scripted import CHANNEL, EPOCH_MS, ID, OTHER, PEER, PLATFORM

REGISTRATION = Registration(ID, PEER, Version.V2022, EPOCH_MS, EPOCH_MS + 60_000)
ITEMS = (CatalogItem(CHANNEL, name="gate"),)
CHANNELS = channels(ID, ITEMS, PLATFORM)
STATUS = DeviceStatus(True, True, None, "", "", ())


class _Reach:
    """A device over UDP is reached, one over TCP only there."""

    def is_there(self, device_id: str) -> bool:
        return True

    def route(self, device_id: str) -> DeviceRoute | None:
        return DeviceRoute(PEER, "192.0.2.1", 5060) if device_id == ID else None


def _views() -> DeviceViews:
    return DeviceViews((ID, OTHER), PLATFORM)


def test_a_device_comes_moves_and_goes() -> None:
    views = _views()
    views.apply(TurnedAway(ID, PEER.host, "wrong"), 1)
    assert views[ID].refused == "wrong"
    views.apply(Keep(REGISTRATION), 2)
    views.apply(Online(REGISTRATION), 2)
    there = views[ID]
    assert (there.is_there, there.is_reachable, there.host, there.since_ms, there.refused) == (
        True,
        True,
        PEER.host,
        2,
        "",
    )
    assert there.version.is_2022
    views.apply(Moved(replace(REGISTRATION, peer=Peer("tcp", "192.0.2.77", 1, 1))), 3)
    assert (views[ID].host, views[ID].transport, views[ID].is_there) == ("192.0.2.77", "tcp", True)
    views.apply(Offline(ID, Gone.SILENT), 4)
    assert (views[ID].is_there, views[ID].is_reachable, views[ID].since_ms) == (False, False, 4)
    assert "three of its keepalives" in views[ID].why
    views.apply(Forget(ID), 5)
    assert views[ID].expires_at_ms == 0
    assert views[OTHER] == DeviceView(OTHER)


@pytest.mark.parametrize("why", list(Gone))
def test_every_way_to_go_has_its_words(why: Gone) -> None:
    views = _views()
    views.apply(Offline(ID, why), 1)
    assert views[ID].why


def test_lists_and_their_troubles() -> None:
    views = _views()
    views.apply(CatalogMissed(ID, AnswerOutcome.REFUSED), 1)
    assert "refuses" in views[ID].catalog_trouble
    views.apply(CatalogTaken(ID, ITEMS, CHANNELS, 5, AnswerOutcome.STALLED, EPOCH_MS), 2)
    assert (views[ID].announced, views[ID].catalog_at_ms) == (5, EPOCH_MS)
    assert "broke off" in views[ID].catalog_trouble
    views.apply(CatalogTaken(ID, ITEMS, CHANNELS, 1, AnswerOutcome.COMPLETE, EPOCH_MS + 1), 3)
    assert views[ID].catalog_trouble == ""
    views.apply(CatalogTaken(ID, (), ()), 4)  # news: the list changes, its time does not
    assert (views[ID].channels, views[ID].catalog_at_ms) == ((), EPOCH_MS + 1)


def test_who_it_is_what_time_it_has_and_what_it_raised() -> None:
    views = _views()
    views.apply(InfoTaken(ID, DeviceInfo("n", "Maker", "M-1", "1.0", 4)), 1)
    views.apply(StatusTaken(ID, STATUS, -120, 600), 2)
    views.apply(StatusTaken(ID, STATUS, None, None), 3)
    views.apply(Alarmed(ID, CHANNEL, Alarm(4, 5, 2, None, ""), None), 4)
    views.apply(Alarmed(ID, CHANNEL, Alarm(4, 2, 2, None, ""), None), 5)
    seen = views[ID]
    assert (seen.manufacturer, seen.model, seen.firmware) == ("Maker", "M-1", "1.0")
    assert (seen.skew_ms, seen.bound_ms, seen.measured_at_ms) == (-120, 600, 2)
    assert (seen.alarms, seen.last_alarm, seen.last_alarm_at_ms) == (2, "tamper", 5)


def test_a_restart_begins_with_what_was_remembered() -> None:
    views = _views()
    before = {ID: DeviceView(ID, is_there=False, manufacturer="Maker", why="gone")}
    restored = [
        Restored(REGISTRATION, ID, ITEMS, EPOCH_MS),
        Restored(None, OTHER, (), 0),
    ]
    views.restore(before, restored, _Reach())
    assert (views[ID].is_there, views[ID].is_reachable, views[ID].manufacturer) == (True, True, "Maker")
    assert views[ID].channels == CHANNELS
    assert (views[OTHER].is_there, views[OTHER].is_reachable, views[OTHER].channels) == (True, False, None)
    assert {each.device_id for each in views.changed()} == {ID, OTHER}
    assert views.changed() == []


def test_what_concerns_no_configured_device_changes_nothing() -> None:
    views = _views()
    views.apply(Knocked(UnknownDevice("x", "h", 1, "udp", "", "unknown", 1, 1)), 1)
    views.apply(Forget("34020000001180000009"), 1)
    assert views.changed() == []
    assert set(views.all()) == set(views) == {ID, OTHER}
