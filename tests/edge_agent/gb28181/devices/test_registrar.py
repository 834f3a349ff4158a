"""REGISTER: every way in that devices know, and no other. The digests in the corpus are over the first nonce given."""

import pytest

from edge_agent.gb28181.devices.events import Forget, Keep, Knocked, Moved, Offline, Online, TurnedAway
from edge_agent.gb28181.devices.registrar import ANSWER_S, UNANSWERED
from edge_agent.gb28181.devices.registrations import Gone
from edge_agent.gb28181.devices.settings import Device
from provisioning.net import digest
from provisioning.sip.edition import Version
from provisioning.sip.peer import Peer
from tests.edge_agent.gb28181.corpus_file import corpus
from tests.edge_agent.gb28181.scripted import (
    ID,
    OTHER,
    PEER,
    PLATFORM,
    REALM,
    Scripted,
    Site,
    header,
    parameter,
    status,
)

ELSEWHERE = Peer("udp", "192.0.2.77", 5060)


def _challenged() -> Site:
    """A site that has given its first nonce, to the device of the corpus."""
    site = Site()
    assert status(Scripted(site).register()[0]) == 401
    site.told()
    return site


def test_the_challenge_has_what_devices_ask_for() -> None:
    answer = Scripted(Site()).register()[0]
    challenge = header(answer, "WWW-Authenticate") or ""
    assert status(answer) == 401
    assert challenge.startswith(f'Digest realm="{REALM}", qop="auth", nonce="')
    assert "algorithm=MD5" in challenge  # Dahua never answers without it
    assert "stale" not in challenge
    assert header(answer, "X-GB-Ver") == "3.0"
    assert parameter(header(answer, "To") or "", "tag")


@pytest.mark.parametrize(
    "name",
    [
        "login.sip",
        "login-uri-host-port.sip",
        "login-qop.sip",
        "login-qop-null.sip",
        "login-unquoted-upper.sip",
        "login-gbk-name.sip",
        "login-from-alone-in-contact.sip",
        "login-2022.sip",
        "login-no-expires.sip",
        "login-contact-expires.sip",
    ],
)
def test_who_knows_the_password_is_let_in(name: str) -> None:
    site = _challenged()
    answer = site.hear(corpus(name))[0]
    assert status(answer) == 200
    kept, online = site.told(Keep, Online)
    assert isinstance(kept, Keep)
    assert isinstance(online, Online)
    assert kept.registration == online.registration
    assert online.registration.peer == PEER  # and not the private address in its Contact
    assert site.endpoint.is_there(ID)
    life_s = 120 if name == "login-contact-expires.sip" else 3600
    assert online.registration.expires_at_ms == site.now.wall_ms + life_s * 1000
    assert header(answer, "Expires") == str(life_s)
    assert header(answer, "Contact") == f"<sip:{ID}@192.168.1.64:5060>;expires={life_s}"
    assert header(answer, "Date") == "2026-11-24T00:16:40.000"
    assert header(answer, "X-GB-Ver") == "3.0"
    assert online.registration.version is (Version.V2022 if "2022" in name else Version.V2016)


@pytest.mark.parametrize("name", ["login-wrong-password.sip", "login-wrong-user.sip"])
def test_who_does_not_is_asked_again_and_named(name: str) -> None:
    site = _challenged()
    answer = site.hear(corpus(name))[0]
    assert status(answer) == 401
    assert "stale" not in answer
    (away,) = site.told(TurnedAway)
    assert isinstance(away, TurnedAway)
    assert (away.device_id, away.host) == (ID, PEER.host)
    assert "user name or password" in away.why
    assert not site.endpoint.is_there(ID)
    assert site.tally("wrong") == 1


def test_a_nonce_of_the_devices_own_is_refused_as_often_as_it_comes() -> None:
    site = _challenged()
    for number in range(20):
        site.at_s += 1
        answer = site.hear(corpus("login-own-nonce.sip").replace(b"branch=z9hG4bK-a2", b"branch=z9-%d" % number))[0]
        assert status(answer) == 401
        assert "stale=true" in answer
    away = site.told(Keep, Online, TurnedAway)
    assert len(away) == 18  # not where an old one is sent once, or twice
    assert {each.why for each in away if isinstance(each, TurnedAway)} == {
        "it logs in with a nonce of its own and heeds no challenge: it cannot be let in; renew its firmware"
    }
    assert site.tally("stale") == 20


def test_a_nonce_that_is_too_old_is_stale_and_the_next_one_good() -> None:
    site = _challenged()
    site.at_s += 301
    answer = site.hear(corpus("login.sip"))[0]
    assert (status(answer), "stale=true" in answer) == (401, True)
    device = Scripted(site)
    assert status(device.register(authorization=device.digest(answer))[0]) == 200
    assert site.told(TurnedAway) == []
    assert not site.endpoint._registrar._stale


def test_a_nonce_is_good_for_the_address_that_it_was_given_to() -> None:
    site = _challenged()
    assert "stale=true" in site.hear(corpus("login.sip"), ELSEWHERE)[0]


def test_one_that_was_used_is_not_used_again() -> None:
    site = _challenged()
    assert status(site.hear(corpus("login.sip"))[0]) == 200
    again = corpus("login.sip").replace(b"z9hG4bK-a2", b"z9hG4bK-a3")
    assert "stale=true" in site.hear(again)[0]
    assert site.endpoint.is_there(ID)  # which is no word against the registration that holds


def test_five_wrong_passwords_lock_this_device_at_this_address_for_a_minute() -> None:
    site = Site()
    guesser, device = Scripted(site, peer=ELSEWHERE), Scripted(site)
    guesser.password = "admin12345"
    assert [status(guesser.log_in()) for _ in range(6)] == [401] * 5 + [403]
    assert "too many wrong passwords" in str(site.told(TurnedAway)[-1])
    assert status(device.log_in()) == 200  # itself, at its own address
    guesser.password = device.password
    assert status(guesser.log_in()) == 403
    site.at_s += 60
    assert status(guesser.log_in()) == 200
    assert site.told(Moved)


def test_a_right_password_wipes_the_wrong_ones_out() -> None:
    site = Site()
    device = Scripted(site)
    for _ in range(3):
        device.password = "wrong"
        assert [status(device.log_in()) for _ in range(4)] == [401] * 4
        device.password = "Passw0rd-28181"
        assert status(device.log_in()) == 200


def test_a_device_without_a_password_here_is_refused_and_not_let_in() -> None:
    site = Site()
    site.password = None
    assert status(Scripted(site).register()[0]) == 403
    assert site.tally("refused") == 1


def test_a_device_that_takes_the_challenge_for_success_and_waits_is_told_with_what_to_do() -> None:
    site = Site()
    Scripted(site).register()
    site.pass_s(ANSWER_S - 1)
    assert site.told(TurnedAway) == []
    site.pass_s(2)
    assert site.told(TurnedAway) == [TurnedAway(ID, PEER.host, UNANSWERED)]
    site.pass_s(3600)
    assert site.told(TurnedAway) == []


def test_one_that_heeds_no_challenge_is_told_however_often_it_registers() -> None:
    site = Site()
    for _ in range(10):
        Scripted(site).register()
        site.pass_s(5)
    assert site.told(TurnedAway) == [TurnedAway(ID, PEER.host, UNANSWERED)] * 2


def test_one_that_logs_in_late_is_let_in_and_not_told_of() -> None:
    site = Site()
    Scripted(site).register()
    site.pass_s(ANSWER_S - 1)
    assert status(Scripted(site).log_in()) == 200
    site.pass_s(2 * ANSWER_S)
    assert site.told(TurnedAway) == []


def test_a_stranger_is_refused_and_listed() -> None:
    site = Site()
    answer = site.hear(corpus("login-stranger.sip"), ELSEWHERE)[0]
    assert (status(answer), "WWW-Authenticate" in answer) == (403, False)
    site.at_s += 60
    site.hear(corpus("login-stranger.sip").replace(b"z9hG4bK-a2", b"z9hG4bK-a3"), ELSEWHERE)
    knocks = site.told(Knocked)
    assert len(knocks) == 2
    (stranger,) = site.endpoint.strangers()
    assert (stranger.device_id, stranger.host, stranger.times) == ("34020000001180000099", ELSEWHERE.host, 2)
    assert stranger.software == "SomeMaker NVR-8"
    assert stranger.last_ms == site.now.wall_ms


def test_a_stranger_who_was_adopted_is_none_any_more() -> None:
    site = Site(Device(OTHER))
    Scripted(site, ID).register()
    assert [each.device_id for each in site.endpoint.strangers()] == [ID]
    adopting = Site(Device(ID))
    Scripted(adopting, "nobody").register()
    Scripted(adopting).log_in()
    assert [each.device_id for each in adopting.endpoint.strangers()] == ["nobody"]


def test_taking_leave_before_ever_having_come_is_no_fault() -> None:
    site = _challenged()
    answer = site.hear(corpus("login-expires-0.sip"))[0]
    assert (status(answer), header(answer, "Expires")) == (200, "0")
    assert site.told(Keep, Online, Offline, Forget, TurnedAway) == []
    assert status(Scripted(site).log_in()) == 200
    assert site.tally("unregistered") == 1


def test_a_device_that_takes_leave_is_gone() -> None:
    site = Site()
    device = Scripted(site)
    device.log_in()
    site.told()
    assert status(device.log_in(expires=0)) == 200
    assert site.told(Forget, Offline) == [Forget(ID), Offline(ID, Gone.UNREGISTERED)]
    assert status(device.keep_alive()[0]) == 403


def test_an_absurdly_long_life_is_cut_to_a_day() -> None:
    site = Site()
    answer = Scripted(site).log_in(expires=4_000_000_000)
    assert header(answer, "Expires") == "86400"


def test_no_date_where_something_else_sets_the_clocks() -> None:
    site = Site(send_date=False)
    assert header(Scripted(site).log_in(), "Date") is None


def test_a_device_without_a_contact_is_let_in_all_the_same() -> None:
    site = _challenged()
    raw = b"".join(line for line in corpus("login.sip").splitlines(keepends=True) if not line.startswith(b"Contact"))
    answer = site.hear(raw)[0]
    assert (status(answer), header(answer, "Contact")) == (200, None)


def test_renewing_is_no_arrival() -> None:
    site = Site()
    device = Scripted(site)
    device.log_in()
    site.told()
    site.at_s += 1800
    device.log_in()
    (kept,) = site.told(Keep, Online, Moved)
    assert isinstance(kept, Keep)
    assert kept.registration.expires_at_ms == site.now.wall_ms + 3_600_000


def test_from_another_host_with_the_password_the_address_is_replaced() -> None:
    site = Site()
    Scripted(site).log_in()
    site.told()
    moved = Scripted(site, peer=ELSEWHERE)
    moved.log_in()
    assert [type(event) for event in site.told(Keep, Moved, Online)] == [Keep, Moved]
    assert status(Scripted(site).keep_alive()[0]) == 403  # where it was
    route = site.endpoint.route(ID)
    assert route is not None
    assert route.peer == ELSEWHERE


def test_another_port_of_the_same_host_is_the_same_device() -> None:
    site = Site()
    Scripted(site).log_in()
    site.told()
    Scripted(site, peer=Peer("udp", PEER.host, 61000)).log_in()
    assert [type(event) for event in site.told(Keep, Moved, Online)] == [Keep]


def test_via_udp_over_tcp_is_answered_on_the_connection() -> None:
    site = Site()
    peer = site.connect(1)
    assert status(Scripted(site, peer=peer).register()[0]) == 401
    site.hear(corpus("login-via-udp-on-tcp.sip"), peer)
    assert site.out[-1][1] == peer
    assert status(site.out[-1][0]) == 200
    assert header(site.out[-1][0], "Via") is not None
    assert f"rport={peer.port}" in (header(site.out[-1][0], "Via") or "")


def test_a_repeated_register_is_answered_as_before_and_not_done_twice() -> None:
    site = _challenged()
    first = site.hear(corpus("login.sip"))
    assert site.hear(corpus("login.sip")) == first
    assert len(site.told(Online)) == 1
    assert site.tally("repeated") == 1


def test_the_platforms_id_is_nobodys() -> None:
    site = Site()
    assert status(Scripted(site, PLATFORM).register()[0]) == 403


def test_devices_that_all_come_at_one_moment_do_not_push_each_other_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "MAX_USED", 4)
    ids = [f"3402000000118{number:07d}" for number in range(20)]
    site = Site(*[Device(each) for each in ids])
    devices = [Scripted(site, device_id, Peer("udp", PEER.host, 6000 + n)) for n, device_id in enumerate(ids)]
    challenges = [device.register()[0] for device in devices]
    for device, challenge in zip(devices, challenges, strict=True):
        assert status(device.register(authorization=device.digest(challenge))[0]) == 200
