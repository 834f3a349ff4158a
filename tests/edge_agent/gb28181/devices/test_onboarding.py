"""What a device is asked once it is there, in which order, and how often; and what becomes of its answers."""

from edge_agent.gb28181.devices.events import CatalogMissed, CatalogTaken, InfoTaken, Offline, StatusTaken
from edge_agent.gb28181.devices.onboarding import CLOCK_EVERY_S
from edge_agent.gb28181.devices.registrations import Gone
from edge_agent.gb28181.devices.settings import Device
from edge_agent.gb28181.manscdp.multipart import AnswerOutcome
from provisioning.sip.edition import Version
from provisioning.sip.peer import Peer
from tests.edge_agent.gb28181.corpus_file import corpus
from tests.edge_agent.gb28181.scripted import CHANNEL, ID, OTHER, PEER, REALM, Scripted, Site, cmd_type, header, sn

HOUR_S = 3600


def _catalog(number: int, *, total: int = 1, channel: str = CHANNEL) -> str:
    item = f"<Item><DeviceID>{channel}</DeviceID><Name>gate</Name><Parental>0</Parental><Status>ON</Status></Item>"
    head = f"<CmdType>Catalog</CmdType><SN>{number}</SN><DeviceID>{ID}</DeviceID><SumNum>{total}</SumNum>"
    return f'<Response>{head}<DeviceList Num="1">{item}</DeviceList></Response>'


def _status(number: int, time: str) -> str:
    head = f"<CmdType>DeviceStatus</CmdType><SN>{number}</SN><DeviceID>{ID}</DeviceID><Result>OK</Result>"
    return f"<Response>{head}<Online>ONLINE</Online><Status>OK</Status><DeviceTime>{time}</DeviceTime></Response>"


def _answering(site: Site, device: Scripted, seconds: float) -> list[str]:
    """Each request, once, in its order; all answered 200, and catalogs with a list."""
    seen: list[str] = []
    for _ in range(int(seconds / 0.1)):
        for request in site.pass_s(0.1):
            device.answer(request, 200, "Expires: 600")
            seen.append(f"{request.split()[0]} {cmd_type(request)}")
            if cmd_type(request) == "Catalog" and request.startswith("MESSAGE"):
                device.say(_catalog(sn(request)))
    return seen


def test_a_new_device_is_asked_step_by_step_and_each_thing_once() -> None:
    site = Site()
    device = Scripted(site)
    device.log_in()
    assert site.pass_s(0.9) == []  # some do not listen right after their registration
    assert _answering(site, device, 5) == [
        "MESSAGE DeviceInfo",
        "MESSAGE DeviceStatus",
        "MESSAGE Catalog",
        "SUBSCRIBE Catalog",
        "SUBSCRIBE Alarm",
    ]
    (taken,) = site.told(CatalogTaken)
    assert isinstance(taken, CatalogTaken)
    assert (taken.outcome, taken.announced) == (AnswerOutcome.COMPLETE, 1)
    assert [channel.key for channel in taken.channels] == [(ID, CHANNEL)]


def test_requests_bear_what_devices_look_at() -> None:
    site = Site()
    device = Scripted(site)
    device.log_in()
    requests = [request for request in site.pass_s(3) if cmd_type(request) == "Catalog"]
    query, subscription = requests[0], next(each for each in requests if each.startswith("SUBSCRIBE"))
    assert query.startswith(f"MESSAGE sip:{ID}@{PEER.host}:{PEER.port} SIP/2.0\r\n")
    assert (header(query, "Via") or "").startswith("SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK")
    assert (header(query, "From") or "").startswith(f"<sip:34020000002000000001@{REALM}>;tag=")
    assert header(query, "To") == f"<sip:{ID}@{REALM}>"
    assert header(query, "Content-Type") == "Application/MANSCDP+xml"
    assert header(subscription, "Contact") == "<sip:34020000002000000001@192.0.2.1:5060>"
    assert (header(subscription, "Event") or "").startswith("Catalog;id=")
    assert header(subscription, "Expires") == "600"


def test_a_renewal_within_the_hour_asks_for_the_clock_alone_and_after_it_for_all() -> None:
    site = Site()
    device = Scripted(site)
    device.log_in()
    _answering(site, device, 5)
    site.at_s += 1000  # its subscriptions aside
    device.log_in()
    assert {each for each in _answering(site, device, 5) if "MESSAGE" in each} == {"MESSAGE DeviceStatus"}
    site.at_s += HOUR_S - 1000
    device.log_in()
    asked = [each for each in _answering(site, device, 5) if each.startswith("MESSAGE")]
    assert {"MESSAGE DeviceInfo", "MESSAGE DeviceStatus", "MESSAGE Catalog"} == set(asked)
    assert asked.count("MESSAGE Catalog") == asked.count("MESSAGE DeviceInfo") == 1


def test_a_device_is_asked_for_its_clock_every_ten_minutes_while_it_is_there() -> None:
    site = Site()
    device = Scripted(site)
    device.log_in()
    _answering(site, device, 5)
    for _ in range(3):
        for _ in range(int(CLOCK_EVERY_S / 50)):
            device.keep_alive()
            site.at_s += 50
        assert _answering(site, device, 5).count("MESSAGE DeviceStatus") == 1
    device.log_in(expires=0)
    site.at_s += 2 * CLOCK_EVERY_S
    assert not any("DeviceStatus" in each for each in _answering(site, device, 5))


def test_on_guard_where_it_is_configured() -> None:
    site = Site(Device(ID, set_guard=True), Device(OTHER))
    device, other = Scripted(site), Scripted(site, OTHER, Peer("udp", "192.0.2.11", 5060))
    device.log_in()
    other.log_in()
    guards = [request for request in site.pass_s(3) if "<GuardCmd>SetGuard</GuardCmd>" in request]
    assert {header(request, "To") for request in guards} == {f"<sip:{ID}@{REALM}>"}


def test_hundreds_of_devices_at_one_moment_are_asked_in_turn() -> None:
    ids = [f"3402000000118{number:07d}" for number in range(300)]
    site = Site(*[Device(each) for each in ids])
    for number, device_id in enumerate(ids):
        device = Scripted(site, device_id, Peer("udp", f"198.51.100.{number % 250}", 5060 + number))
        device.log_in()
        device.keep_alive()
    first_s: dict[str | None, float] = {}
    packets = 0
    for _ in range(100):
        for text in site.pass_s(0.1):
            packets += 1
            if cmd_type(text) == "DeviceInfo":
                first_s.setdefault(header(text, "To"), site.at_s)
    assert len(first_s) == 300
    begun = sorted(first_s.values())
    assert begun[-1] - begun[0] > 5.9
    assert max(sum(each <= at_s < each + 1 for at_s in begun) for each in begun) <= 60
    assert packets < 300 * 50  # nobody answers, and everything is repeated


def test_a_device_that_goes_away_meanwhile_is_asked_no_more() -> None:
    site = Site()
    device = Scripted(site)
    device.log_in()
    under_way = {header(text, "Via") for text in site.pass_s(2)}
    assert under_way
    device.log_in(expires=0)
    assert {header(text, "Via") for text in site.pass_s(3)} <= under_way  # repeats, and nothing new


def test_a_list_that_does_not_come_is_asked_for_again_ten_minutes_later() -> None:
    site = Site()
    device = Scripted(site)
    device.log_in(expires=86400)
    device.keep_alive()
    asked: list[str] = []
    for number in range(2000):
        for request in site.pass_s(0.4):
            device.answer(request, 200, "Expires: 600")
            asked.append(f"{request.split()[0]} {cmd_type(request)}")
        if number % 100 == 0:
            device.keep_alive()
    assert site.told(CatalogMissed) == [CatalogMissed(ID, AnswerOutcome.SILENT)]
    assert asked.count("MESSAGE Catalog") == 2


def test_a_query_that_is_refused_is_over_at_once() -> None:
    site = Site()
    device = Scripted(site)
    device.log_in()
    for request in site.pass_s(3):
        device.answer(request, 488)
    assert site.told(CatalogMissed) == [CatalogMissed(ID, AnswerOutcome.REFUSED)]


def test_an_error_in_the_body_is_a_refusal_too() -> None:
    site = Site()
    device = Scripted(site)
    device.log_in()
    query = next(request for request in site.pass_s(3) if cmd_type(request) == "Catalog")
    head = f"<CmdType>Catalog</CmdType><SN>{sn(query)}</SN><DeviceID>{ID}</DeviceID>"
    device.say(f"<Response>{head}<Result>ERROR</Result></Response>")
    assert site.told(CatalogMissed) == [CatalogMissed(ID, AnswerOutcome.REFUSED)]
    device.say(f"<Response>{head}<Result>OK</Result></Response>", "MESSAGE", "X-Another: 1")
    assert site.told() == []


def test_an_answer_before_the_200_is_an_answer() -> None:
    site = Site()
    device = Scripted(site)
    device.log_in()
    query = next(request for request in site.pass_s(1.9 + 0.7) if cmd_type(request) == "Catalog")
    device.say(_catalog(sn(query)))
    device.answer(query, 200)
    site.pass_s(2)
    assert len(site.told(CatalogTaken)) == 1


def test_the_clock_of_a_device_is_measured() -> None:
    site = Site()
    device = Scripted(site)
    device.log_in()
    query = next(request for request in site.pass_s(2.5) if cmd_type(request) == "DeviceStatus")
    asked_s = site.at_s
    site.at_s += 0.2
    device.say(_status(sn(query), "2026-11-24T00:18:22"))
    (taken,) = site.told(StatusTaken)
    assert isinstance(taken, StatusTaken)
    assert taken.status.is_online
    assert taken.skew_ms is not None
    assert taken.bound_ms is not None
    its_s = 18 * 60 + 22 + 0.5  # after midnight in Beijing, which is second 0 of these tests
    assert abs(taken.skew_ms / 1000 - (its_s - asked_s)) <= taken.bound_ms / 1000
    assert taken.bound_ms < 2000


def test_a_clock_that_says_nothing_is_not_measured() -> None:
    site = Site()
    device = Scripted(site)
    device.log_in()
    site.endpoint._queries.ask_status(ID, Version.V2016, site.now)
    device.say(_status(1, ""))
    device.say(_status(1, "yesterday"), "MESSAGE", "X-Other: 1")
    assert [(each.skew_ms, each.bound_ms) for each in site.told(StatusTaken) if isinstance(each, StatusTaken)] == [
        (None, None)
    ] * 2


def test_corpus_answers_reach_the_events() -> None:
    site = Site()
    device = Scripted(site)
    device.log_in()
    device.say(corpus("device-info.xml"))
    device.say(corpus("device-status.xml"))
    assert len(site.told(InfoTaken, StatusTaken)) == 2


def test_a_device_that_moves_is_greeted_anew() -> None:
    site = Site()
    device = Scripted(site)
    device.log_in()
    _answering(site, device, 5)
    moved = Scripted(site, peer=Peer("udp", "192.0.2.77", 5060))
    moved.log_in()
    assert _answering(site, moved, 5) == ["MESSAGE DeviceStatus", "SUBSCRIBE Catalog", "SUBSCRIBE Alarm"]


def test_a_probe_that_cannot_be_sent_is_no_error() -> None:
    site = Site()
    peer = site.connect(1)
    device = Scripted(site, peer=peer)
    device.log_in()
    site.hang_up(peer)
    assert site.told(Offline) == [Offline(ID, Gone.CLOSED)]
    assert site.pass_s(400) == []
