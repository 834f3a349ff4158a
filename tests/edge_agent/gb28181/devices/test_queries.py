"""Queries for recordings: one a device at a time, each answered once whatever happens."""

import pytest

from edge_agent.gb28181.devices.events import CatalogTaken, RecordsTaken
from edge_agent.gb28181.devices.queries import MAX_WAITING, TooManyQueriesError
from edge_agent.gb28181.endpoint import NotThereError
from edge_agent.gb28181.manscdp.multipart import AnswerOutcome
from provisioning.sip.edition import Version
from tests.edge_agent.gb28181.scripted import CHANNEL, EPOCH_MS, ID, Scripted, Site, cmd_type, sn

DAY = (EPOCH_MS, EPOCH_MS + 86_400_000)
SECOND = "34020000001310000002"


def _registered() -> tuple[Site, Scripted]:
    site = Site()
    device = Scripted(site)
    device.log_in(expires=86400)
    for request in site.pass_s(5):
        device.answer(request, 200, "Expires: 600")
    site.told()
    return site, device


def _ask(site: Site, channel: str = CHANNEL) -> int:
    return site.endpoint.query_records(ID, channel, DAY, site.now)


def _sent(site: Site) -> list[str]:
    return [text for text in site._drain() if cmd_type(text) == "RecordInfo"]


def _records(number: int, first: int, *, total: int, channel: str = CHANNEL) -> str:
    times = f"<StartTime>2026-11-24T{first:02d}:00:00</StartTime><EndTime>2026-11-24T{first:02d}:30:00</EndTime>"
    item = f"<Item><DeviceID>{channel}</DeviceID>{times}<Type>time</Type></Item>"
    head = f"<CmdType>RecordInfo</CmdType><SN>{number}</SN><DeviceID>{channel}</DeviceID><SumNum>{total}</SumNum>"
    return f'<Response>{head}<RecordList Num="1">{item}</RecordList></Response>'


def _taken(site: Site) -> list[tuple[int, str, int, AnswerOutcome]]:
    return [
        (each.query, each.channel_id, len(each.records.recordings), each.records.outcome)
        for each in site.told(RecordsTaken)
        if isinstance(each, RecordsTaken)
    ]


def test_a_list_in_two_messages() -> None:
    site, device = _registered()
    query = _ask(site)
    (request,) = _sent(site)
    assert "<StartTime>2026-11-24T00:00:00</StartTime>" in request
    assert "<EndTime>2026-11-25T00:00:00</EndTime>" in request
    device.answer(request, 200)
    device.say(_records(sn(request), 8, total=2))
    device.say(_records(sn(request), 9, total=2))
    site.pass_s(2)
    assert _taken(site) == [(query, CHANNEL, 2, AnswerOutcome.COMPLETE)]


def test_the_next_is_asked_when_the_first_is_over() -> None:
    site, device = _registered()
    queries = [_ask(site), _ask(site, SECOND)]
    (first,) = _sent(site)
    assert f"<DeviceID>{CHANNEL}</DeviceID>" in first
    device.answer(first, 200)
    site.told()
    device.say(_records(sn(first), 8, total=1))
    second = next(text for text in site.pass_s(2) if cmd_type(text) == "RecordInfo")
    assert f"<DeviceID>{SECOND}</DeviceID>" in second
    device.answer(second, 486)
    assert _taken(site) == [
        (queries[0], CHANNEL, 1, AnswerOutcome.COMPLETE),
        (queries[1], SECOND, 0, AnswerOutcome.REFUSED),
    ]


def test_an_error_in_the_body_ends_it() -> None:
    site, device = _registered()
    query = _ask(site)
    (request,) = _sent(site)
    head = f"<CmdType>RecordInfo</CmdType><SN>{sn(request)}</SN><DeviceID>{CHANNEL}</DeviceID>"
    device.say(f"<Response>{head}<Result>ERROR</Result></Response>")
    assert _taken(site) == [(query, CHANNEL, 0, AnswerOutcome.REFUSED)]
    device.say(f"<Response>{head}<Result>ERROR</Result></Response>", "MESSAGE", "X-Again: 1")
    assert _taken(site) == []


def test_a_recorder_that_says_nothing_is_not_waited_for_for_ever() -> None:
    site, device = _registered()
    query = _ask(site)
    for _ in range(5):
        for request in site.pass_s(30):
            device.answer(request, 200)
        device.keep_alive()
    assert _taken(site) == [(query, CHANNEL, 0, AnswerOutcome.SILENT)]


def test_a_device_that_goes_away_answers_everything_with_nothing() -> None:
    site, device = _registered()
    queries = [_ask(site), _ask(site, SECOND)]
    site.told()
    device.log_in(expires=0)
    assert _taken(site) == [
        (queries[0], CHANNEL, 0, AnswerOutcome.SILENT),
        (queries[1], SECOND, 0, AnswerOutcome.SILENT),
    ]


def test_only_so_many_wait() -> None:
    site, _ = _registered()
    for _ in range(MAX_WAITING + 1):  # one is under way
        _ask(site)
    with pytest.raises(TooManyQueriesError, match="wait already"):
        _ask(site)


def test_an_answer_that_nobody_asked_for_is_nobodys() -> None:
    site, device = _registered()
    device.say(_records(77, 8, total=1))
    assert _taken(site) == []


def test_nobody_is_asked_who_is_not_there() -> None:
    site = Site()
    with pytest.raises(NotThereError, match="not registered"):
        _ask(site)


def test_a_list_that_is_asked_for_twice_is_asked_for_once() -> None:
    site, device = _registered()
    site.endpoint._queries.ask_catalog(ID, Version.V2016, site.now)
    site.endpoint._queries.ask_catalog(ID, Version.V2016, site.now)
    requests = [text for text in site._drain() if cmd_type(text) == "Catalog"]
    assert len(requests) <= 1  # the greeting's may be open still
    assert site.told(CatalogTaken) == []
    device.keep_alive()
