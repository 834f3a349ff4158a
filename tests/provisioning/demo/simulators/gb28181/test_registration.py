"""Registering: the challenge, the refresh, refusal and rest, and each way to do it wrong."""

import pytest

from provisioning.demo.simulators.gb28181 import moments
from provisioning.demo.simulators.gb28181.faults import DeviceFault
from tests.provisioning.demo.simulators.gb28181.scripted_platform import (
    DEVICE_ID,
    NONCE,
    PASSWORD,
    PLATFORM_ID,
    REALM,
    WALL_S,
    Desk,
    accept,
    challenge,
    control,
    header,
    reply,
    response_of,
)

URI = f"sip:{PLATFORM_ID}@{REALM}"


def test_a_device_registers_through_a_challenge() -> None:
    desk = Desk()
    (first,) = desk.connect()
    assert first.startswith(f"REGISTER {URI} SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10:5061;rport;branch=z9hG4bK")
    assert (header(first, "From").split(";")[0], header(first, "To")) == (f"<sip:{DEVICE_ID}@{REALM}>",) * 2
    assert (header(first, "CSeq"), header(first, "X-GB-Ver"), header(first, "Expires")) == ("1 REGISTER", "2.0", "3600")
    assert header(first, "Authorization") == ""
    (second,) = desk.tell(challenge(first))
    assert header(second, "CSeq") == "2 REGISTER"
    assert header(second, "Call-ID") == header(first, "Call-ID")
    assert f'response="{response_of(PASSWORD, URI)}"' in header(second, "Authorization")
    assert not desk.device.is_registered
    assert desk.tell(accept(second)) == []
    assert desk.device.is_registered
    assert (desk.counts.registrations, desk.counts.challenges, desk.counts.refusals) == (1, 1, 0)


def test_it_refreshes_before_it_runs_out_with_the_nonce_it_has() -> None:
    desk = Desk(heartbeat_s=1e6)
    desk.register()
    assert desk.wait(0.69 * 3600) == []
    (refresh,) = desk.next(0.21 * 3600)
    assert f'nonce="{NONCE}"' in header(refresh, "Authorization")
    assert desk.device.is_registered
    desk.tell(accept(refresh))
    assert (desk.counts.registrations, desk.counts.refreshes) == (1, 1)


def test_a_stale_nonce_is_no_refusal() -> None:
    desk = Desk(heartbeat_s=1e6)
    desk.register()
    (refresh,) = desk.next()
    (again,) = desk.tell(challenge(refresh, nonce="new", more=", stale=true, algorithm=MD5"))
    assert f'response="{response_of(PASSWORD, URI, "new")}"' in header(again, "Authorization")
    desk.tell(accept(again))
    assert (desk.counts.refreshes, desk.counts.refusals) == (1, 0)


def test_stale_for_ever_is_a_refusal() -> None:
    desk = Desk()
    (asked,) = desk.connect()
    for _ in range(2):
        (asked,) = desk.tell(challenge(asked, more=", stale=true, algorithm=MD5"))
    assert desk.tell(challenge(asked, more=", stale=true, algorithm=MD5")) == []
    assert desk.counts.refusals == 1


def test_refused_it_rests_and_each_rest_is_longer() -> None:
    desk = Desk(retry_s=60)
    (asked,) = desk.connect()
    rests = []
    for _ in range(5):
        (asked,) = desk.tell(challenge(asked))
        assert desk.tell(challenge(asked)) == []  # the digest was not good enough
        rests.append(desk.device.due_s - desk.now.mono_s)
        (asked,) = desk.wait(rests[-1])
    assert desk.counts.refusals == 5
    for rest, doubled in zip(rests, (60, 120, 240, 480, 480), strict=True):
        assert 0.75 * doubled <= rest <= 1.25 * doubled


def test_retry_after_is_kept() -> None:
    desk = Desk(retry_s=1)
    (asked,) = desk.connect()
    desk.tell(reply(asked, 503, "Retry-After: 90"))
    assert desk.wait(89) == []
    assert len(desk.wait(1)) == 1


def test_min_expires_is_taken() -> None:
    desk = Desk(expires_s=60)
    (asked,) = desk.connect()
    (again,) = desk.tell(reply(asked, 423, "Min-Expires: 3600"))
    assert header(again, "Expires") == "3600"


def test_nobody_there() -> None:
    desk = Desk(retry_s=60)
    (asked,) = desk.connect()
    assert desk.wait(31.9) == [asked] * 10  # 0.5 s, 1 s, 2 s, then every 4 s
    assert desk.counts.registers_unanswered == 0
    desk.wait(0.2)
    assert (desk.counts.registers_unanswered, desk.counts.repeats) == (1, 10)
    (again,) = desk.next(80)
    assert header(again, "Call-ID") == header(asked, "Call-ID")
    assert header(again, "CSeq") == "2 REGISTER"


def test_it_leaves_with_expires_0() -> None:
    desk = Desk()
    desk.register()
    desk.device.leave(desk.now)
    (leaving,) = desk.said()
    assert header(leaving, "Expires") == "0"
    desk.tell(reply(leaving, 200))
    assert desk.counts.unregistrations == 1
    assert desk.wait(1e5) == []


def test_its_clock_follows_the_date() -> None:
    desk = Desk(skew_s=-3600)
    assert desk.device.clock.wall_s(desk.now) == WALL_S - 3600
    (first,) = desk.connect()
    (second,) = desk.tell(challenge(first))
    desk.tell(accept(second, f"Date: {moments.text(WALL_S + 5)}.250"))
    assert desk.device.clock.wall_s(desk.now) == WALL_S + 5.25


def test_boot_registers_anew() -> None:
    desk = Desk()
    desk.register()
    said = desk.tell(control("<TeleBoot>Boot</TeleBoot>"))
    assert said[0].startswith("SIP/2.0 200")
    assert not desk.device.is_registered
    assert header(desk.wait(1)[0], "CSeq") == "1 REGISTER"


def test_wrong_password() -> None:
    desk = Desk(DeviceFault.WRONG_PASSWORD)
    (second,) = desk.tell(challenge(desk.connect()[0]))
    assert response_of(PASSWORD, URI) not in second


def test_own_nonce() -> None:
    desk = Desk(DeviceFault.OWN_NONCE)
    (first,) = desk.connect()
    assert 'nonce="' in header(first, "Authorization")
    assert desk.tell(challenge(first)) == []
    assert desk.counts.refusals == 1


@pytest.mark.parametrize(("more", "answers"), [(", algorithm=MD5", 1), ("", 0)])
def test_silent_without_algorithm(more: str, answers: int) -> None:
    desk = Desk(DeviceFault.SILENT_WITHOUT_ALGORITHM)
    assert len(desk.tell(challenge(desk.connect()[0], more=more))) == answers


def test_uri_of_address() -> None:
    desk = Desk(DeviceFault.URI_OF_ADDRESS)
    (second,) = desk.tell(challenge(desk.connect()[0]))
    assert 'uri="sip:192.0.2.1:5060"' in second
    assert response_of(PASSWORD, "sip:192.0.2.1:5060") in second
    assert second.startswith(f"REGISTER {URI} ")


def test_no_expires() -> None:
    assert "xpires" not in Desk(DeviceFault.NO_EXPIRES).connect()[0]


def test_unregisters_first() -> None:
    desk = Desk(DeviceFault.UNREGISTERS_FIRST)
    (first,) = desk.connect()
    (second,) = desk.tell(challenge(first))
    assert [header(first, "Expires"), header(second, "Expires")] == ["0", "0"]
    (third,) = desk.tell(accept(second))
    assert (header(third, "Expires"), desk.device.is_registered) == ("3600", False)
    desk.tell(accept(third))
    assert (desk.device.is_registered, desk.counts.registrations) == (True, 1)


def test_contact_private() -> None:
    assert header(Desk(DeviceFault.CONTACT_PRIVATE).connect()[0], "Contact") == f"<sip:{DEVICE_ID}@192.168.3.99:5060>"


def test_never_refreshes() -> None:
    desk = Desk(DeviceFault.NEVER_REFRESHES, heartbeat_s=1e6)
    desk.register()
    assert desk.wait(3599) == []
    desk.wait(2)
    assert not desk.device.is_registered


def test_versions() -> None:
    assert header(Desk(gb_version="3.0").connect()[0], "X-GB-Ver") == "3.0"
    assert "X-GB-Ver" not in Desk(gb_version="").connect()[0]
