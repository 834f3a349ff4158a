"""The contract of every channel, on the real thing: a webhook receiver, a mail relay, an SMS gateway.

Message ──prepare──▶ Parcel ──deliver──▶ [receiver | relay | gateway]   what came of it: an Outcome
"""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest

from center.notify.channels.base import Channel, Refusal
from center.notify.lifecycle import AttemptVerdict
from tests.support import notify_world as world
from tests.support.mail_relay import PASSWORD, Relay, RudeRelay
from tests.support.mas_gateway import SECRET, Gateway
from tests.support.notify_world import parcel_of
from tests.support.ports import free_port
from tests.support.rude_http import Act
from tests.support.webhook_receiver import KEY_TEXT, Receiver

pytestmark = pytest.mark.anyio
GREETING, OK, GO_ON = b"220 relay", b"250 OK", b"354 go on"
UP_TO_TEXT = (GREETING, OK, OK, OK, GO_ON)
HANGS_S, PATIENT_S = 3.0, 60.0
"""Time limits: where it alone ends the attempt, with room for all that comes before; and where it ends nothing."""
"""Greeting, EHLO, MAIL, RCPT, DATA: then comes the text."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Peer(Protocol):
    """The other side, and how to make it misbehave."""

    channel: Channel
    secrets: tuple[str, ...]

    def taken(self) -> list[str]: ...
    def ids(self) -> list[str]: ...


@dataclass
class WebhookPeer:
    channel: Channel
    receiver: Receiver
    secrets: tuple[str, ...] = (KEY_TEXT,)

    def taken(self) -> list[str]:
        return [body.decode() for _, body in self.receiver.letters]

    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.receiver.letters]


@dataclass
class MailPeer:
    channel: Channel
    relay: Relay
    secrets: tuple[str, ...] = (PASSWORD, world.ADDRESS)

    def taken(self) -> list[str]:
        return [letter.get_content() for _, letter in self.relay.mail]

    def ids(self) -> list[str]:
        return [str(letter["Message-ID"]) for _, letter in self.relay.mail]


@dataclass
class SmsPeer:
    channel: Channel
    gateway: Gateway
    secrets: tuple[str, ...] = (SECRET, world.MOBILE)

    def taken(self) -> list[str]:
        return [each.content for each in self.gateway.taken]

    def ids(self) -> list[str]:
        return []


KINDS = ("webhook", "mail", "sms")


@pytest.fixture(params=KINDS)
def peer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Peer]:
    match request.param:
        case "webhook":
            with Receiver() as receiver:
                yield WebhookPeer(world.channel(world.webhook(tmp_path, receiver.url)), receiver)
        case "mail":
            with Relay() as relay:
                yield MailPeer(world.channel(world.mail(tmp_path, relay.port)), relay)
        case _:
            with Gateway() as gateway:
                yield SmsPeer(world.channel(world.sms(tmp_path, gateway.url)), gateway)


async def test_what_is_handed_over_says_camera_time_with_zone_rule_and_path(peer: Peer) -> None:
    outcome = await peer.channel.deliver(parcel_of(peer.channel))
    assert outcome.verdict is AttemptVerdict.TAKEN
    (text,) = peer.taken()
    for said in ("3号机位", "2026-11-18 19:06:40 +08:00", "电动车进梯", "/alarms/17"):
        assert said in text


async def test_the_same_parcel_again_carries_the_same_id(peer: Peer) -> None:
    for number in (1, 1, 2):
        await peer.channel.deliver(parcel_of(peer.channel, number))
    if peer.ids():
        first, again, other = peer.ids()
        assert first == again != other
        assert parcel_of(peer.channel).parcel_id in first
    else:  # no field for it: that is why an unknown outcome is tried once more at most
        assert peer.channel.terms.most_possible == 2


async def test_who_is_not_listed_gets_nothing(peer: Peer) -> None:
    assert peer.channel.prepare(world.message(), "stranger") == Refusal("not_listed")


async def test_a_recipient_is_shown_masked(peer: Peer) -> None:
    shown = "".join(peer.channel.recipients.values())
    assert world.MOBILE not in shown
    assert world.ADDRESS not in shown


async def test_nothing_that_can_be_printed_holds_a_secret(peer: Peer) -> None:
    parcel = parcel_of(peer.channel)
    outcome = await peer.channel.deliver(parcel)
    for text in (repr(parcel), repr(outcome), repr(peer.channel.terms), repr(peer.channel)):
        assert not any(secret in text for secret in peer.secrets)


Make = Callable[[Path, int], Channel]
NOBODY: dict[str, Make] = {
    "webhook": lambda folder, port: world.channel(world.webhook(folder, f"http://127.0.0.1:{port}/hook")),
    "mail": lambda folder, port: world.channel(world.mail(folder, port)),
    "sms": lambda folder, port: world.channel(world.sms(folder, f"http://127.0.0.1:{port}/sms")),
}
UNKNOWN_HOST: dict[str, Callable[[Path], Channel]] = {
    "webhook": lambda folder: world.channel(world.webhook(folder, "https://nobody.invalid/hook")),
    "mail": lambda folder: world.channel(world.mail(folder, 25, host="nobody.invalid", security="starttls")),
    "sms": lambda folder: world.channel(world.sms(folder, "https://nobody.invalid/sms")),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_where_nobody_listens_it_was_certainly_not_taken(kind: str, tmp_path: Path) -> None:
    channel = NOBODY[kind](tmp_path, free_port())
    outcome = await channel.deliver(parcel_of(channel))
    assert (outcome.verdict, outcome.code) == (AttemptVerdict.NOT_TAKEN, "unreachable")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_name_that_nobody_knows_is_certainly_not_reached(kind: str, tmp_path: Path) -> None:
    channel = UNKNOWN_HOST[kind](tmp_path)
    outcome = await channel.deliver(parcel_of(channel))
    assert outcome.verdict is AttemptVerdict.NOT_TAKEN


@dataclass(frozen=True)
class Case:
    """How an HTTP peer misbehaves, and what that means for each kind."""

    act: Act
    webhook: AttemptVerdict
    sms: AttemptVerdict
    hangs: bool = False
    """True: it ends by the channel's time limit alone."""


U, N, T, K = AttemptVerdict.UNKNOWN, AttemptVerdict.NOT_TAKEN, AttemptVerdict.THROTTLED, AttemptVerdict.TAKEN
HTTP_CASES = (
    Case(Act.HANG_UP_BEFORE, U, U),  # from here it looks like the next
    Case(Act.HANG_UP_AFTER, U, U),
    Case(Act.SILENT_AFTER, U, U, hangs=True),
    Case(Act.DRIP_AFTER, U, U, hangs=True),
    Case(Act.FAULT_AFTER, U, U),
    Case(Act.GARBAGE_AFTER, K, U),  # a webhook's answer is its status
    Case(Act.HUGE_AFTER, K, U),
    Case(Act.REDIRECT, N, N),
    Case(Act.NOT_FOUND, N, N),
    Case(Act.SLOW_DOWN, T, T),
)


@pytest.mark.parametrize("case", HTTP_CASES, ids=lambda case: case.act.name)
@pytest.mark.parametrize("kind", ["webhook", "sms"])
async def test_however_an_http_peer_misbehaves_it_has_an_outcome(kind: str, case: Case, tmp_path: Path) -> None:
    peer: Receiver | Gateway = Receiver() if kind == "webhook" else Gateway()
    make: Any = world.webhook if kind == "webhook" else world.sms
    with peer:
        peer.script.append(case.act)
        channel = world.channel(make(tmp_path, peer.url, timeout_s=HANGS_S if case.hangs else PATIENT_S))
        outcome = await channel.deliver(parcel_of(channel))
        assert outcome.verdict is (case.webhook if kind == "webhook" else case.sms), outcome
        assert peer.requests == 1  # no redirect was followed, nothing was sent twice
        assert peer.poured < 16 * 1024 * 1024


@dataclass(frozen=True)
class MailCase:
    """What a relay says, how it ends, and what that means."""

    script: tuple[bytes, ...]
    end: str
    verdict: AttemptVerdict
    hangs: bool = False


MAIL = {
    "hangs up at once": MailCase((), "hang_up", N),
    "garbage in place of a greeting": MailCase((b"\xff\x00 what",), "hang_up", N),
    "busy": MailCase((b"421 later",), "hang_up", T),
    "refuses the sender": MailCase((GREETING, OK, b"550 no"), "hang_up", AttemptVerdict.REFUSED),
    "refuses the recipient": MailCase((GREETING, OK, OK, b"550 no such user"), "hang_up", AttemptVerdict.REFUSED),
    "recipient greylisted": MailCase((GREETING, OK, OK, b"450 later"), "hang_up", N),
    "refuses the text": MailCase((GREETING, OK, OK, OK, b"554 no"), "hang_up", AttemptVerdict.REFUSED),
    "hangs up before the text": MailCase((GREETING, OK, OK), "hang_up", N),
    "hangs up after the text": MailCase(UP_TO_TEXT, "hang_up", U),
    "says nothing after the text": MailCase(UP_TO_TEXT, "silent", U, hangs=True),
    "drips after the text": MailCase(UP_TO_TEXT, "drip", U, hangs=True),
    "answers the text without end": MailCase(UP_TO_TEXT, "endless", U),
    "greets without end": MailCase((), "endless", N),
    "takes the text and says 250": MailCase((*UP_TO_TEXT, OK), "hang_up", K),
    "garbage after the text": MailCase((*UP_TO_TEXT, b"?"), "hang_up", U),
    "says 451 after the text": MailCase((*UP_TO_TEXT, b"451 later"), "hang_up", N),
    "a line without end after the text": MailCase((*UP_TO_TEXT, b"2" * 100_000), "hang_up", U),
}


@pytest.mark.parametrize("name", sorted(MAIL))
async def test_however_a_relay_misbehaves_it_has_an_outcome(name: str, tmp_path: Path) -> None:
    case = MAIL[name]
    with RudeRelay(case.script, end=case.end) as relay:
        channel = world.channel(world.mail(tmp_path, relay.port, timeout_s=HANGS_S if case.hangs else PATIENT_S))
        outcome = await channel.deliver(parcel_of(channel))
        assert outcome.verdict is case.verdict, outcome
        assert relay.poured < 16 * 1024 * 1024


@pytest.mark.parametrize(
    ("security", "script"), [("tls", ()), ("starttls", (GREETING, b"250 STARTTLS", b"220 go"))], ids=["tls", "starttls"]
)
async def test_a_handshake_that_does_not_end_is_ended(security: Any, script: tuple[bytes, ...], tmp_path: Path) -> None:
    # Each byte comes in time, so that no limit of a single read is ever passed.
    with RudeRelay(script, end="tls drip") as relay:
        config = world.mail(tmp_path, relay.port, security=security, timeout_s=HANGS_S)
        channel = world.channel(config)
        assert (await channel.deliver(parcel_of(channel))).verdict is AttemptVerdict.NOT_TAKEN


async def test_a_relay_without_starttls_gets_nothing_not_even_a_login(tmp_path: Path) -> None:
    secret = world.secret(tmp_path, "mail.password", PASSWORD)
    with RudeRelay((GREETING, b"250-relay\r\n250 AUTH PLAIN", OK)) as relay:
        config = world.mail(tmp_path, relay.port, security="starttls", username="wayside", password_file=secret)
        channel = world.channel(config)
        outcome = await channel.deliver(parcel_of(channel))
        assert (outcome.verdict, outcome.code) == (AttemptVerdict.NOT_TAKEN, "no_tls_or_login")
    assert not any(b"AUTH" in line or b"MAIL" in line for line in relay.heard)


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_mail_goes_encrypted_to_a_relay_that_is_believed(security: Any, tmp_path: Path) -> None:
    pki = world.Pki(tmp_path / "pki", "localhost")
    secret = world.secret(tmp_path, "mail.password", PASSWORD)
    with Relay(pki.server, implicit=security == "tls") as relay:
        config = world.mail(
            tmp_path, relay.port, security=security, ca_file=pki.ca_file, username="wayside", password_file=secret
        )
        channel = world.channel(config)
        assert (await channel.deliver(parcel_of(channel))).verdict is AttemptVerdict.TAKEN
        ((recipients, letter),) = relay.mail
        assert recipients == [world.ADDRESS]
        assert not letter.is_multipart()
        assert letter.get_content_type() == "text/plain"
        assert letter["Auto-Submitted"] == "auto-generated"

        stranger = world.channel(config.model_copy(update={"ca_file": None}))
        outcome = await stranger.deliver(parcel_of(stranger))
        assert (outcome.verdict, outcome.code) == (AttemptVerdict.NOT_TAKEN, "tls_failed")

        wrong = world.secret(tmp_path, "other.password", "wrong")
        mistaken = world.channel(config.model_copy(update={"password_file": wrong}))
        assert (await mistaken.deliver(parcel_of(mistaken))).verdict is AttemptVerdict.NOT_TAKEN
        assert len(relay.mail) == 1


async def test_a_webhook_goes_encrypted_to_a_receiver_that_is_believed(tmp_path: Path) -> None:
    pki = world.Pki(tmp_path / "pki", "localhost")
    with Receiver(pki.server) as receiver:
        config = world.webhook(tmp_path, receiver.url, ca_file=pki.ca_file)
        channel = world.channel(config)
        assert (await channel.deliver(parcel_of(channel))).verdict is AttemptVerdict.TAKEN
        for change in ({"ca_file": None}, {"url": receiver.url.replace("localhost", "127.0.0.1")}):
            stranger = world.channel(config.model_copy(update=change))
            outcome = await stranger.deliver(parcel_of(stranger))
            assert (outcome.verdict, outcome.code) == (AttemptVerdict.NOT_TAKEN, "tls_failed")
        assert (len(receiver.alarms), receiver.forged) == (1, 0)


async def test_a_gateways_certificate_of_another_name_is_believed_by_that_name_alone(tmp_path: Path) -> None:
    pki = world.Pki(tmp_path / "pki", "mas.example")
    with Gateway() as gateway:
        gateway.tls = pki.server
        gateway._server.socket = pki.server.wrap_socket(
            gateway._server.socket, server_side=True, do_handshake_on_connect=False
        )
        config = world.sms(tmp_path, gateway.url, ca_file=pki.ca_file)
        for tls_name, verdict in (("mas.example", AttemptVerdict.TAKEN), (None, N), ("other.example", N)):
            channel = world.channel(config.model_copy(update={"tls_name": tls_name}))
            outcome = await channel.deliver(parcel_of(channel))
            assert outcome.verdict is verdict, outcome


@pytest.mark.parametrize("kind", ["webhook", "sms"])
async def test_a_name_that_resolves_to_this_machine_is_not_connected_to(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The configuration refuses `localhost`; it cannot refuse a name that leads there, today or tomorrow.
    found = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_facts: [found])
    peer: Receiver | Gateway = Receiver() if kind == "webhook" else Gateway()
    make: Any = world.webhook if kind == "webhook" else world.sms
    with peer:
        channel = world.channel(make(tmp_path, f"https://inside.example:{peer.port}/hook", allow_loopback=False))
        outcome = await channel.deliver(parcel_of(channel))
        assert (outcome.verdict, outcome.code) == (AttemptVerdict.NOT_TAKEN, "forbidden_address")
        assert peer.connections == 0


async def test_a_proxy_of_the_environment_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    with Receiver() as receiver:
        channel = world.channel(world.webhook(tmp_path, receiver.url))
        assert (await channel.deliver(parcel_of(channel))).verdict is AttemptVerdict.TAKEN


async def test_a_receiver_refuses_what_another_key_signed(tmp_path: Path) -> None:
    other = world.secret(tmp_path, "other.key", "whsec_" + "QUJD" * 10)
    with Receiver() as receiver:
        channel = world.channel(world.webhook(tmp_path, receiver.url).model_copy(update={"key_file": other}))
        assert (await channel.deliver(parcel_of(channel))).code == "http_401"
        assert (receiver.forged, receiver.alarms) == (1, {})


async def test_a_receiver_sees_when_it_was_signed(tmp_path: Path) -> None:
    with Receiver() as receiver:
        channel = world.channel(world.webhook(tmp_path, receiver.url), lambda: 1_795_000_123_456)
        await channel.deliver(parcel_of(channel))
        ((headers, _),) = receiver.letters
        assert headers["webhook-timestamp"] == "1795000123"
