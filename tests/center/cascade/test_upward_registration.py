"""Registering with a superior: digest, renewal, keepalives, back-off, and what a superior may not make us do."""

import pytest

from center.cascade.superior_link import KEEPALIVES, LinkEvent
from center.cascade.upward_registration import FIRST_PAUSE_S, LONGEST_PAUSE_S, RegistrationFault
from provisioning.sip.transactions import LIFE_S
from tests.center.cascade.above import OWN, SUPERIOR, Above


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_the_password_is_proved_and_never_sent(algorithm: str) -> None:
    above = Above()
    above.algorithm = algorithm
    first = above.connect()
    assert first.headers.get("Authorization") is None
    assert first.headers.get("X-GB-Ver") == "2.0"
    assert first.uri == f"sip:{SUPERIOR}@3402000000"
    proved = above.challenge(first)
    assert above.is_right(proved)
    above.answer(proved, 200, ("Expires", "3600"))
    assert above.link.registration.is_registered
    assert above.events == [LinkEvent(None)]
    assert not any(b"Up-28181-secret" in raw for raw in above.raw)


def test_of_two_digests_the_stronger_is_taken() -> None:
    above = Above()
    first = above.connect()
    above.answer(
        first,
        401,
        ("WWW-Authenticate", 'Digest realm="r", nonce="m", algorithm=MD5'),
        ("WWW-Authenticate", 'Digest realm="r", nonce="s", algorithm=SHA-256'),
    )
    assert 'nonce="s"' in (above.request().headers.get("Authorization") or "")


def test_a_digest_that_is_not_known_is_named() -> None:
    above = Above()
    above.algorithm = "SM3"
    above.answer(above.connect(), 401, ("WWW-Authenticate", above.challenge_text("n")))
    assert above.requests() == []
    assert above.link.registration.fault is RegistrationFault.DIGEST_UNKNOWN


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_password_is_named_and_tried_again_after_a_pause(status: int) -> None:
    above = Above(password="wrong")
    proved = above.challenge(above.connect())
    assert not above.is_right(proved)
    above.answer(proved, status, ("WWW-Authenticate", above.challenge_text("n2")))
    assert above.requests() == []
    assert above.link.registration.fault is RegistrationFault.WRONG_PASSWORD
    assert above.pass_s(FIRST_PAUSE_S - 1) == []
    assert [each.method for each in above.pass_s(1.2)] == ["REGISTER"]


def test_a_stale_nonce_is_answered_again_but_not_for_ever() -> None:
    above = Above()
    requests, answered = [above.connect()], 0
    while requests and answered < 20:
        text = above.challenge_text(f"n{answered}") + ", stale=true"
        above.answer(requests[0], 401, ("WWW-Authenticate", text))
        requests, answered = above.requests(), answered + 1
    assert answered == 4
    assert above.link.registration.fault is RegistrationFault.WRONG_PASSWORD


def test_a_challenge_to_anything_else_is_not_answered() -> None:
    """Nobody gets a digest of ours for a nonce of his own choice by challenging a keepalive."""
    above = Above()
    above.register()
    (keepalive, *_) = above.pass_s(61)
    above.answer(keepalive, 401, ("WWW-Authenticate", above.challenge_text("chosen")))
    assert all(each.headers.get("Authorization") is None for each in above.requests())


def test_pauses_double_up_to_five_minutes() -> None:
    above = Above()
    above.answer(above.connect(), 403)
    at_s = []
    for _ in range(8):
        (request,) = above.pass_s(LONGEST_PAUSE_S + 1)[:1]
        at_s.append(request.headers.get("CSeq"))
        above.answer(request, 503)
    assert above.link.registration.status == 503
    assert above.pass_s(LONGEST_PAUSE_S - 1) == []


def test_no_answer_is_repeated_for_32_s_and_then_named() -> None:
    above = Above()
    above.connect()
    above.pass_s(33)
    assert above.link.registration.fault is RegistrationFault.NO_ANSWER
    assert above.link.counts["sent", "repeat"] == 10


def test_it_is_renewed_before_it_ends_under_one_call_id() -> None:
    above = Above()
    above.expires = "1000"
    above.register()
    renewed = [each for each in above.pass_s(801, answered=200) if each.method == "REGISTER"]
    assert len(renewed) == 1
    assert above.link.registration.is_registered
    assert above.events == [LinkEvent(None)]


def test_a_longer_life_is_asked_for_where_the_superior_wants_one() -> None:
    above = Above(expires_s=300)
    above.answer(above.connect(), 423, ("Min-Expires", "3600"))
    assert above.request().headers.get("Expires") == "3600"


@pytest.mark.parametrize("least", ["", "no", "-1", "300", "9" * 30])
def test_a_senseless_life_is_not_asked_for(least: str) -> None:
    above = Above(expires_s=300)
    above.answer(above.connect(), 423, ("Min-Expires", least))
    assert above.requests() == []
    assert above.link.registration.fault is RegistrationFault.REFUSED


def test_a_redirection_leads_nowhere() -> None:
    above = Above()
    above.answer(above.connect(), 302, ("Contact", "<sip:34020000002000000009@203.0.113.9:5060>"))
    assert above.requests() == []
    assert above.link.registration.fault is RegistrationFault.REDIRECTED


def test_three_keepalives_without_an_answer_register_again_at_once() -> None:
    above = Above()
    above.register()
    sent = above.pass_s(60 * KEEPALIVES + 33)
    methods = [each.method for each in sent]
    assert methods.index("REGISTER") > 0
    assert above.events[1] == LinkEvent(RegistrationFault.KEEPALIVE_LOST)


@pytest.mark.parametrize("status", [403, 404])
def test_a_superior_that_has_forgotten_us_is_registered_with_at_once(status: int) -> None:
    above = Above()
    above.register()
    (keepalive,) = above.pass_s(60)
    above.answer(keepalive, status)
    assert [each.method for each in above.pass_s(0)] == ["REGISTER"]


def test_a_keepalive_that_is_answered_now_and_then_is_enough() -> None:
    above = Above()
    above.register()
    for _ in range(6):
        above.pass_s(60 * (KEEPALIVES - 1))
        above.pass_s(60, answered=200)
    assert above.link.registration.is_registered


def test_a_tcp_connection_over_which_nothing_comes_back_is_given_up() -> None:
    """It may be dead for a quarter of an hour before the system says so."""
    above = Above(transport="tcp")
    above.register()
    assert not above.link.hangs_up()
    above.pass_s(60 * KEEPALIVES + 33)
    assert above.link.hangs_up()
    above.link.disconnected(RegistrationFault.CONNECTION_LOST, above.now)
    assert above.link.registration.fault is RegistrationFault.KEEPALIVE_LOST
    assert (above.link.registration.get_timer() or 0) <= above.at_s
    assert above.connect().method == "REGISTER"
    above.pass_s(33)
    assert above.link.hangs_up()


def test_a_superior_that_cannot_be_reached_is_tried_after_a_pause() -> None:
    above = Above(transport="tcp")
    pauses = []
    for _ in range(7):
        above.link.disconnected(RegistrationFault.UNREACHABLE, above.now)
        pauses.append(round((above.link.registration.get_timer() or 0) - above.at_s))
    assert pauses == [10, 20, 40, 80, 160, 300, 300]


def test_the_registration_ends_when_the_centre_does() -> None:
    above = Above()
    above.register()
    above.link.close(above.now)
    request = above.request()
    assert (request.method, request.headers.get("Expires")) == ("REGISTER", "0")
    proved = above.challenge(request)
    assert proved.headers.get("Expires") == "0"
    above.answer(proved, 200)
    assert above.link.is_idle
    assert not above.link.registration.is_registered


def test_a_loop_ends_the_registration_until_it_is_gone() -> None:
    above = Above()
    above.register()
    above.link.block(above.now)
    request = above.request()
    assert request.headers.get("Expires") == "0"
    above.answer(request, 200)
    assert above.events[-1] == LinkEvent(RegistrationFault.LOOP)
    assert above.pass_s(3600) == []
    assert above.link.registration.fault is RegistrationFault.LOOP
    above.link.unblock(above.now)
    assert above.request().headers.get("Expires") == "86400"


def test_a_late_answer_to_a_registration_that_was_given_up_grants_nothing() -> None:
    above = Above()
    request = above.connect()
    above.link.block(above.now)
    above.answer(request, 200, ("Expires", "3600"))
    assert not above.link.registration.is_registered


@pytest.mark.parametrize("is_answered", [True, False])
def test_what_becomes_of_the_farewell_says_nothing_of_a_registration_begun_since(*, is_answered: bool) -> None:
    above = Above()
    above.register()
    above.link.block(above.now)
    farewell = above.request()
    above.link.unblock(above.now)
    first = above.request()
    if is_answered:
        above.answer(farewell, 401, ("WWW-Authenticate", above.challenge_text("n8")))
        assert above.requests() == []
    above.answer(above.challenge(first, "n9"), 200, ("Expires", "3600"))
    above.pass_s(LIFE_S + 1)
    assert above.link.registration.is_registered
    assert above.events[-2:] == [LinkEvent(RegistrationFault.LOOP), LinkEvent(None)]


def test_the_superiors_clock_is_not_believed() -> None:
    above = Above()
    proved = above.challenge(above.connect())
    above.answer(proved, 200, ("Expires", "3600"), ("Date", "2031-01-01T00:00:00.000"))
    above.take()
    assert above.ask("MESSAGE", _status()).status == 200
    (answer,) = above.requests()
    assert f"<DeviceTime>at {above.now.wall_ms}</DeviceTime>".encode() in answer.body


def _status() -> bytes:
    return f"<Query><CmdType>DeviceStatus</CmdType><SN>1</SN><DeviceID>{OWN}</DeviceID></Query>".encode()
