"""What registered devices say, and what strangers do: answered, heard, counted."""

import pytest

from edge_agent.gb28181.devices.events import Alarmed, CatalogTaken, Forget, InfoTaken, Keep, Offline, Online
from edge_agent.gb28181.devices.registrations import Gone
from edge_agent.gb28181.devices.settings import Device
from provisioning.sip.edition import Version
from provisioning.sip.peer import Peer
from tests.edge_agent.gb28181.corpus_file import CORPUS, corpus
from tests.edge_agent.gb28181.scripted import (
    CHANNEL,
    EPOCH_MS,
    ID,
    PEER,
    REALM,
    Scripted,
    Site,
    cmd_type,
    header,
    keepalive,
    sn,
    status,
)

REBOUND = Peer("udp", PEER.host, 61000)
CAMERA = "34020000001320000001"
"""The device of the keepalives in the corpus."""


def _registered(*devices: Device) -> tuple[Site, Scripted]:
    site = Site(*devices)
    device = Scripted(site, devices[0].device_id if devices else ID)
    assert status(device.log_in()) == 200
    site.told()
    return site, device


def test_a_keepalive_is_answered_and_kept_in_mind() -> None:
    site, device = _registered()
    answer = device.keep_alive()
    assert [status(text) for text in answer] == [200]
    assert header(answer[0], "Content-Length") == "0"
    (kept,) = site.told(Keep)
    assert isinstance(kept, Keep)
    assert kept.registration.keeps_alive
    device.keep_alive()
    assert site.told(Keep) == []
    assert site.tally("keepalives") == 2


@pytest.mark.parametrize(
    "name",
    [
        "keepalive.sip",
        "keepalive-length-missing.sip",
        "keepalive-length-compact.sip",
        "keepalive-length-too-long.sip",
        "keepalive-length-0.sip",
        "keepalive-bare-line-feeds.sip",
        "keepalive-length-and-type-missing.sip",
    ],
)
def test_a_keepalive_is_one_however_it_is_written(name: str) -> None:
    site, _ = _registered(Device(CAMERA))
    assert [status(text) for text in site.hear(corpus(name))] == [200]
    assert site.tally("keepalives") == 1


def test_one_that_is_not_registered_is_told_to_and_a_stranger_that_there_is_no_such() -> None:
    site = Site()
    assert status(Scripted(site).keep_alive()[0]) == 403
    assert status(Scripted(site, "34020000001180000099").keep_alive()[0]) == 404
    assert site.tally("not_registered") == 1
    assert site.told(Online, Keep) == []


def test_a_keepalive_from_another_host_is_refused() -> None:
    site, _ = _registered()
    thief = Scripted(site, peer=Peer("udp", "192.0.2.99", 5060))
    assert status(thief.keep_alive()[0]) == 403
    route = site.endpoint.route(ID)
    assert route is not None
    assert route.peer == PEER


def test_requests_follow_the_port_that_keepalives_come_from() -> None:
    site, _ = _registered()
    Scripted(site, peer=REBOUND).keep_alive()
    (kept,) = site.told(Keep)
    assert isinstance(kept, Keep)
    assert kept.registration.peer == REBOUND
    site.endpoint._queries.ask_catalog(ID, Version.V2016, site.now)
    assert [peer for _, peer in site.endpoint.data_to_send()] == [REBOUND]


def test_a_large_answer_over_tcp_moves_no_device_that_is_reached_over_udp() -> None:
    site, _ = _registered()
    peer = site.connect(3)
    assert status(Scripted(site, peer=peer).say(corpus("device-info.xml"))[0]) == 200
    route = site.endpoint.route(ID)
    assert route is not None
    assert route.peer == PEER


def test_over_tcp_a_device_that_reconnects_and_only_keeps_alive_is_back() -> None:
    site = Site()
    first = site.connect(1)
    Scripted(site, peer=first).log_in()
    site.told()
    site.hang_up(first)
    assert site.told(Offline) == [Offline(ID, Gone.CLOSED)]
    assert site.endpoint.route(ID) is None
    second = site.connect(2)
    assert status(Scripted(site, peer=second).keep_alive()[0]) == 200
    assert len(site.told(Online)) == 1
    route = site.endpoint.route(ID)
    assert route is not None
    assert route.peer == second


def test_silence_is_noticed_and_ended() -> None:
    site, device = _registered()
    device.keep_alive()
    site.told()
    site.pass_s(181)
    assert site.told(Offline) == [Offline(ID, Gone.SILENT)]
    assert status(device.keep_alive()[0]) == 200
    assert len(site.told(Online)) == 1


def test_a_registration_that_is_not_renewed_runs_out_whatever_the_device_says() -> None:
    site = Site()
    device = Scripted(site)
    device.log_in(expires=120)
    site.told()
    for _ in range(3):
        site.pass_s(51)
        device.keep_alive()
    assert site.told(Forget, Offline) == [Forget(ID), Offline(ID, Gone.EXPIRED)]
    assert status(device.keep_alive()[0]) == 403


def test_a_device_that_never_keeps_alive_is_asked_and_stays_if_it_answers() -> None:
    site, device = _registered()
    for _ in range(3):
        for request in site.pass_s(181):
            device.answer(request, 200)
    assert site.told(Offline) == []
    site.pass_s(181 + 33)
    assert site.told(Offline) == [Offline(ID, Gone.SILENT)]


def test_a_device_is_known_by_its_address_where_it_does_not_say_its_id() -> None:
    site, device = _registered()
    speaks = device.request("MESSAGE", body=keepalive(ID)).replace(
        f"sip:{ID}@".encode(), b"sip:" + REALM.encode() + b"@"
    )
    assert [status(text) for text in site.hear(speaks)] == [200]
    assert [status(text) for text in site.hear(speaks, Peer("udp", "192.0.2.99", 1))] == [404]


def test_an_alarm_nobody_subscribed_to_is_answered_twice() -> None:
    site, _ = _registered()
    first, second = site.hear(corpus("alarm-unsubscribed.sip"))
    assert status(first) == 200
    assert second.startswith(f"MESSAGE sip:{ID}@192.0.2.10:5060 SIP/2.0")
    assert (cmd_type(second), sn(second)) == ("Alarm", 5)
    assert f"<DeviceID>{CHANNEL}</DeviceID>" in second
    assert "<Result>OK</Result>" in second
    (alarm,) = site.told(Alarmed)
    assert isinstance(alarm, Alarmed)
    assert (alarm.device_id, alarm.channel_id, alarm.alarm.kind) == (ID, CHANNEL, "moving_object")
    assert alarm.at_ms == EPOCH_MS + 36_000_000  # 10:00 in Beijing


def test_a_device_alarm_is_reset_after_it_so_that_the_next_one_comes() -> None:
    site, _ = _registered()
    answers = site.hear(corpus("alarm-needs-reset.sip"))
    assert [cmd_type(text) for text in answers] == ["", "Alarm", "DeviceControl"]
    assert "<AlarmCmd>ResetAlarm</AlarmCmd>" in answers[2]


def test_an_alarm_in_a_dialog_that_nobody_knows_is_heard_and_not_answered_twice() -> None:
    site, _ = _registered()
    answers = site.hear(corpus("alarm-notify-unknown-dialog.sip"))
    assert [status(text) for text in answers] == [200]
    assert len(site.told(Alarmed)) == 1
    assert site.tally("notifications") == 1


def test_the_same_from_a_device_that_is_not_registered_is_refused() -> None:
    site = Site()
    assert status(site.hear(corpus("alarm-notify-unknown-dialog.sip"))[0]) == 403
    assert site.told(Alarmed) == []


@pytest.mark.parametrize(
    ("name", "counted"),
    [
        ("mobile-position-2016.xml", "mobile_position"),
        ("mobile-position-2022.xml", "mobile_position"),
        ("person-event.xml", "person"),
        ("alarm-loitering.xml", "person"),
    ],
)
@pytest.mark.parametrize("method", ["MESSAGE", "NOTIFY"])
def test_where_somebody_is_is_answered_dropped_and_counted(name: str, counted: str, method: str) -> None:
    site, device = _registered()
    assert [status(text) for text in device.say(corpus(name), method)] == [200]
    assert site.told() == []
    assert site.tally(counted) == 1


def test_what_cannot_be_read_is_answered_and_counted() -> None:
    site, device = _registered()
    assert status(device.say("no XML at all")[0]) == 200
    assert status(device.say("")[0]) == 200
    assert status(device.say(b"\xff\x00\x01 nonsense")[0]) == 200
    assert site.tally("unreadable") == 3


def test_what_had_to_be_mended_is_counted() -> None:
    site, device = _registered()
    device.say(corpus("xml-unescaped-ampersand.xml"))
    assert site.tally("mended") == 1


def test_other_words_are_answered_and_counted() -> None:
    site, device = _registered()
    body = "<Query><CmdType>DeviceInfo</CmdType><SN>1</SN><DeviceID>x</DeviceID></Query>"
    assert status(device.say(body)[0]) == 200
    assert site.tally("other") == 1


def test_who_it_is_comes_unasked_too() -> None:
    site, device = _registered()
    device.say(corpus("device-info.xml"))
    (info,) = site.told(InfoTaken)
    assert isinstance(info, InfoTaken)
    assert info.device_id == ID


def test_news_of_channels_change_the_list() -> None:
    site, device = _registered()
    item = f"<Item><DeviceID>{CHANNEL}</DeviceID><Name>gate</Name><Event>ADD</Event><Status>ON</Status></Item>"
    head = f"<CmdType>Catalog</CmdType><SN>1</SN><DeviceID>{ID}</DeviceID><SumNum>1</SumNum>"
    body = f"<Notify>{head}<DeviceList>{item}</DeviceList></Notify>"
    device.say(body, "NOTIFY")
    (taken,) = site.told(CatalogTaken)
    assert isinstance(taken, CatalogTaken)
    assert [channel.key for channel in taken.channels] == [(ID, CHANNEL)]
    device.say(body, "NOTIFY", "X-Again: 1")
    assert site.told(CatalogTaken) == []  # no news


def test_an_end_of_media_that_concerns_no_session_is_answered() -> None:
    _, device = _registered()
    assert status(device.say(corpus("media-status-121.xml"))[0]) == 200
    other = corpus("media-status-121.xml").replace(b"121", b"122")
    assert status(device.say(other)[0]) == 200


def test_bodies_in_the_corpus_are_all_answered() -> None:
    site, device = _registered()
    files = sorted(CORPUS.glob("*.xml"))
    assert len(files) > 40
    for file in files:
        assert status(device.say(file.read_bytes())[0]) == 200, file.name
    assert site.endpoint.is_there(ID)
