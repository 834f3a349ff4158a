"""A restart of the agent: nobody is told gone who is there, nothing is believed that ran out, and nobody storms."""

from dataclasses import replace

import pytest

from edge_agent.gb28181.devices.events import CatalogTaken, Forget, Keep, Offline, Online, Restored
from edge_agent.gb28181.devices.registrations import Gone, Registration
from edge_agent.gb28181.devices.settings import Device
from edge_agent.gb28181.manscdp.catalog_items import CatalogItem
from provisioning.sip.peer import Peer
from tests.edge_agent.gb28181.scripted import CHANNEL, EPOCH_MS, ID, PEER, Scripted, Site, cmd_type, keepalive, status

TCP = Peer("tcp", PEER.host, 40001, -1)
ITEMS = (CatalogItem(CHANNEL, name="gate", is_online=True), CatalogItem("34020000001310000002", name="yard"))


def _remembered(site: Site) -> Registration:
    (kept,) = site.told(Keep)[-1:]
    assert isinstance(kept, Keep)
    return kept.registration


def _before(*, peer: Peer = PEER, at_s: float = 1000.0, catalog_s: float = 1000.0) -> Restored:
    """What a run remembers of a device that registered then."""
    site = Site(at_s=at_s)
    device = Scripted(site)
    device.log_in()
    device.keep_alive()
    kept = replace(_remembered(site), peer=peer)
    return Restored(kept, ID, ITEMS, EPOCH_MS + round(catalog_s * 1000))


def test_who_was_registered_is_there_at_once_and_never_gone() -> None:
    site = Site(restored=[_before()], at_s=1100)
    assert site.endpoint.is_there(ID)
    route = site.endpoint.route(ID)
    assert route is not None
    assert route.peer == PEER
    device = Scripted(site)
    for _ in range(5):
        site.pass_s(60)
        assert status(device.keep_alive()[0]) == 200
    assert site.told(Offline) == []


def test_one_that_does_not_come_back_is_told_gone_when_it_is_overdue() -> None:
    site = Site(restored=[_before()], at_s=1100)
    site.pass_s(179)
    assert site.told(Offline) == []
    site.pass_s(2)
    assert site.told(Offline) == [Offline(ID, Gone.SILENT)]


def test_from_another_host_the_remembered_registration_is_worth_nothing() -> None:
    site = Site(restored=[_before()], at_s=1100)
    thief = Scripted(site, peer=Peer("udp", "192.0.2.99", 5060))
    assert status(thief.keep_alive()[0]) == 403


def test_one_over_tcp_is_there_and_reached_once_it_has_come_back() -> None:
    site = Site(restored=[_before(peer=TCP)], at_s=1100)
    assert site.endpoint.is_there(ID)
    assert site.endpoint.route(ID) is None
    peer = site.connect(1)
    assert status(Scripted(site, peer=peer).keep_alive()[0]) == 200
    (online,) = site.told(Online)
    assert isinstance(online, Online)
    assert online.registration.peer == peer
    assert site.endpoint.route(ID) is not None


def test_what_ran_out_meanwhile_is_forgotten() -> None:
    site = Site(restored=[_before()], at_s=1000 + 3600)
    assert site.told(Forget) == [Forget(ID)]
    assert not site.endpoint.is_there(ID)
    assert status(Scripted(site).keep_alive()[0]) == 403


def test_what_the_configuration_has_no_more_is_forgotten() -> None:
    site = Site(Device("34020000001180000009"), restored=[_before()], at_s=1100)
    assert site.told(Forget) == [Forget(ID)]


def test_a_fresh_list_is_not_asked_for_again_and_an_old_one_is() -> None:
    for catalog_s, expected in ((1000.0, False), (1000.0 - 3600, True)):
        site = Site(restored=[_before(catalog_s=catalog_s)], at_s=1100)
        Scripted(site).keep_alive()
        sent = {(text.split()[0], cmd_type(text)) for text in site.pass_s(4)}
        assert (("MESSAGE", "Catalog") in sent) is expected
        assert (("MESSAGE", "DeviceInfo") in sent) is expected
        assert ("SUBSCRIBE", "Catalog") in sent  # the device's dialog is not ours any more


def test_news_change_the_remembered_list() -> None:
    site = Site(restored=[_before()], at_s=1100)
    device = Scripted(site)
    device.keep_alive()
    item = f"<Item><DeviceID>{CHANNEL}</DeviceID><Event>OFF</Event></Item>"
    head = f"<CmdType>Catalog</CmdType><SN>1</SN><DeviceID>{ID}</DeviceID><SumNum>1</SumNum>"
    device.say(f"<Notify>{head}<DeviceList>{item}</DeviceList></Notify>", "NOTIFY")
    (taken,) = site.told(CatalogTaken)
    assert isinstance(taken, CatalogTaken)
    assert [(channel.name, channel.is_online) for channel in taken.channels] == [("gate", False), ("yard", None)]


def test_a_list_alone_may_be_remembered() -> None:
    site = Site(restored=[Restored(None, ID, ITEMS, EPOCH_MS + 1_000_000)], at_s=1100)
    assert not site.endpoint.is_there(ID)
    Scripted(site).log_in()
    assert {cmd_type(text) for text in site.pass_s(4)} == {"DeviceStatus", "Catalog", "Alarm"}  # clock, subscriptions


def test_registering_again_after_a_restart_is_an_arrival() -> None:
    site = Site(restored=[_before()], at_s=1100)
    Scripted(site).log_in()
    assert len(site.told(Online)) == 1


def test_a_thousand_come_back_without_a_storm() -> None:
    ids = [f"3402000000118{number:07d}" for number in range(1000)]
    hosts = [Peer("udp", f"198.51.100.{number % 250}", 5060 + number) for number in range(1000)]
    template = _before().registration
    assert template is not None
    restored = [
        Restored(replace(template, device_id=device_id, peer=peer), device_id, ITEMS, EPOCH_MS + 1_000_000)
        for device_id, peer in zip(ids, hosts, strict=True)
    ]
    site = Site(*[Device(each) for each in ids], restored=restored, at_s=1100)
    assert site.endpoint.online() == 1000
    devices = [Scripted(site, device_id, peer) for device_id, peer in zip(ids, hosts, strict=True)]
    for device in devices:
        assert status(device.say(keepalive(device.device_id))[0]) == 200
    assert site.told(Offline) == []
    first_second = site.pass_s(2.0)
    assert len(first_second) < 120  # and not 2,000 subscriptions at once


@pytest.mark.parametrize("life_s", [60, 120])
def test_a_short_life_is_not_cut_shorter_by_a_restart(life_s: int) -> None:
    site = Site(at_s=1000)
    Scripted(site).log_in(expires=life_s)
    later = Site(restored=[Restored(_remembered(site), ID)], at_s=1000 + life_s / 2)
    later.pass_s(life_s / 2 + 29)
    assert later.told(Offline) == []
