"""Subscriptions: renewed in time, begun anew where a device has forgotten them, let alone where it refuses."""

from edge_agent.gb28181.devices.events import Alarmed, Offline, SubscriptionGivenUp
from edge_agent.gb28181.devices.subscriptions import FALLS, Topic
from provisioning.sip.peer import Peer
from tests.edge_agent.gb28181.corpus_file import corpus
from tests.edge_agent.gb28181.scripted import ID, Scripted, Site, cmd_type, header, status


def _greeted(answer: int = 200, *headers: str) -> tuple[Site, Scripted, list[str]]:
    """A device that is there; its SUBSCRIBEs, each once, answered so."""
    site = Site()
    device = Scripted(site)
    device.log_in()
    subscribed = _pass(site, device, 4, answer, *headers)
    return site, device, subscribed


def _pass(site: Site, device: Scripted, seconds: float, answer: int, *headers: str) -> list[str]:
    subscribed = []
    for number in range(round(seconds / 0.2)):
        for request in site.pass_s(0.2):
            if request.startswith("SUBSCRIBE"):
                subscribed.append(request)
                device.answer(request, answer, *headers)
            else:
                device.answer(request, 200)
        if number % 250 == 0:
            device.keep_alive()
    return subscribed


def test_both_are_begun_and_renewed_in_their_dialogs() -> None:
    site, device, first = _greeted(200, "Expires: 600")
    assert [cmd_type(request) for request in first] == ["Catalog", "Alarm"]
    assert _pass(site, device, 470, 200, "Expires: 600") == []
    again = _pass(site, device, 20, 200, "Expires: 600")
    assert [cmd_type(request) for request in again] == ["Catalog", "Alarm"]
    for before, after in zip(first, again, strict=True):
        assert header(after, "Call-ID") == header(before, "Call-ID")
        assert header(after, "CSeq") == "2 SUBSCRIBE"
        assert header(after, "To") == f"{header(before, 'To')};tag=d1"
        assert header(after, "Event") == header(before, "Event")


def test_a_shorter_time_that_a_device_grants_is_kept() -> None:
    site, device, _ = _greeted(200, "Expires: 60")
    assert len(_pass(site, device, 50, 200, "Expires: 60")) == 2


def test_an_absurdly_short_one_is_not_a_storm() -> None:
    site, device, _ = _greeted(200, "Expires: 1")
    assert len(_pass(site, device, 50, 200, "Expires: 1")) == 4  # every 24 s


def test_one_that_a_device_has_forgotten_is_begun_anew_at_once() -> None:
    site, device, first = _greeted(200, "Expires: 600")
    lost = _pass(site, device, 480, 481)
    anew = [request for request in lost if header(request, "CSeq") == "1 SUBSCRIBE"]
    assert len(lost) == 4
    assert len(anew) == 2
    assert {header(request, "Call-ID") for request in anew}.isdisjoint(header(request, "Call-ID") for request in first)


def test_a_device_that_refuses_is_asked_again_after_an_hour() -> None:
    site, device, first = _greeted(489)
    assert len(first) == 2
    assert _pass(site, device, 3500, 489) == []
    device.log_in()
    assert len(_pass(site, device, 150, 489)) == 2


def test_one_that_does_not_answer_is_asked_again_after_two_minutes() -> None:
    site = Site()
    device = Scripted(site)
    device.log_in()
    device.keep_alive()
    begun: dict[str | None, float] = {}
    for number in range(900):
        for request in site.pass_s(0.2):
            if request.startswith("SUBSCRIBE"):
                begun.setdefault(header(request, "Call-ID"), site.at_s)
            else:
                device.answer(request, 200)
        if number % 250 == 0:
            device.keep_alive()
    times = sorted(begun.values())
    assert len(times) == 4
    assert 150 < times[2] - times[0] < 155  # 32 s of trying, and two minutes


def test_one_that_the_device_ends_is_begun_again() -> None:
    site, device, first = _greeted(200, "Expires: 600")
    call_id = header(first[1], "Call-ID")
    ended = device.request("NOTIFY", "Subscription-State: terminated;reason=timeout").replace(
        b"Call-ID: NOTIFY-", f"Call-ID: {call_id}\r\nX-Was: ".encode()
    )
    assert status(site.hear(ended)[0]) == 200
    again = _pass(site, device, 121, 200, "Expires: 600")
    assert [cmd_type(request) for request in again] == ["Alarm"]
    unknown = device.request("NOTIFY", "Subscription-State: terminated")
    assert status(site.hear(unknown)[0]) == 200


def test_a_device_that_goes_away_is_not_subscribed_to_any_more() -> None:
    site, device, first = _greeted(200, "Expires: 600")
    device.log_in(expires=0)
    assert len(site.told(Offline)) == 1
    assert site.pass_s(1000) == []
    device.log_in()
    anew = [request for request in site.pass_s(3) if request.startswith("SUBSCRIBE")]
    assert {header(request, "Call-ID") for request in anew}.isdisjoint(header(request, "Call-ID") for request in first)


def test_an_answer_to_a_subscription_that_is_forgotten_means_nothing() -> None:
    site = Site()
    device = Scripted(site)
    device.log_in()
    request = next(text for text in site.pass_s(3) if text.startswith("SUBSCRIBE"))
    device.log_in(expires=0)
    device.answer(request, 200, "Expires: 600")
    site.pass_s(40)
    assert len(site.endpoint._subscriptions) == 0


def test_a_second_answer_is_a_stray() -> None:
    site, device, first = _greeted(200, "Expires: 600")
    assert len(site.endpoint._subscriptions) == 2
    device.answer(first[0], 481)
    assert len(site.endpoint._subscriptions) == 2
    assert site.tally("stray_answer") == 1


def test_a_provisional_answer_is_waited_through() -> None:
    site = Site()
    device = Scripted(site)
    device.log_in()
    request = next(text for text in site.pass_s(3) if text.startswith("SUBSCRIBE"))
    device.answer(request, 100)
    assert len(site.endpoint._subscriptions) == 0
    device.answer(request, 200)
    assert len(site.endpoint._subscriptions) == 1


def test_what_is_subscribed_to_comes_by_notify() -> None:
    site, _, _ = _greeted(200, "Expires: 600")
    site.told()
    site.hear(corpus("alarm-notify-unknown-dialog.sip"))
    assert [event.device_id for event in site.told(Alarmed) if isinstance(event, Alarmed)] == [ID]


class TestOneThatFallsOverASubscription:
    """Over TCP: its connection ends with each SUBSCRIBE for alarms, and its video with it."""

    def _visit(self, site: Site, number: int, falls_over: str) -> list[str]:
        """Connect, log in and stay for a minute, or until that subscription comes; the subscriptions that came."""
        peer: Peer = site.connect(number)
        device = Scripted(site, ID, peer)
        device.log_in()
        subscribed: list[str] = []
        for _ in range(60):
            for request in site.pass_s(1):
                if request.startswith("SUBSCRIBE"):
                    subscribed.append(cmd_type(request))
                    if subscribed[-1] == falls_over:
                        site.hang_up(peer)
                        return subscribed
                device.answer(request, 200)
            device.keep_alive()
        site.hang_up(peer)
        return subscribed

    def test_is_left_alone_after_the_second_time_and_that_is_said(self) -> None:
        site = Site()
        for number in range(FALLS):
            assert site.told(SubscriptionGivenUp) == []
            assert self._visit(site, number, "Alarm") == ["Catalog", "Alarm"]
        assert site.told(SubscriptionGivenUp) == [SubscriptionGivenUp(ID, Topic.ALARM)]
        for number in range(5):
            assert self._visit(site, FALLS + number, "Alarm") == ["Catalog"]
        assert site.told(SubscriptionGivenUp) == []

    def test_once_is_chance_and_an_answer_in_between_forgives_it(self) -> None:
        site = Site()
        for number in range(3 * FALLS):
            assert self._visit(site, number, "Alarm" if number % 2 else "") == ["Catalog", "Alarm"]
        assert site.told(SubscriptionGivenUp) == []
