"""What comes from anybody: methods, scanners, floods, cut texts, connections. Nothing of it makes it raise."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.gb28181 import endpoint
from edge_agent.gb28181.devices.events import Event, Offline
from edge_agent.gb28181.devices.registrations import Gone
from edge_agent.gb28181.devices.settings import Device
from edge_agent.gb28181.endpoint import INVITES_PER_S
from edge_agent.gb28181.sessions.invite import Accepted, ChannelFree, Invitation, PortFree, SessionEnded
from provisioning.sip.inbox import IDLE_S
from provisioning.sip.peer import Peer
from tests.edge_agent.gb28181.corpus_file import CORPUS, corpus
from tests.edge_agent.gb28181.scripted import CHANNEL, ID, OTHER, PEER, Scripted, Site, header, keepalive, status

SCANNER = Peer("udp", "198.51.100.9", 5060)
LIVE = Invitation(ID, CHANNEL, "udp", "192.0.2.1", 30000)


def _registered(peer: Peer = PEER, per_source: int = 1200) -> tuple[Site, Scripted]:
    site = Site(per_source=per_source)
    device = Scripted(site, peer=peer)
    device.log_in()
    site.told()
    return site, device


# --- methods


def test_options_says_what_is_understood() -> None:
    answer = Site().hear(corpus("scanner-options.sip"), SCANNER)[0]
    assert status(answer) == 200
    assert header(answer, "Allow") == "REGISTER, MESSAGE, NOTIFY, INFO, BYE, ACK, CANCEL, OPTIONS"


@pytest.mark.parametrize(("method", "said"), [("BYE", 481), ("INFO", 481), ("CANCEL", 481), ("PUBLISH", 405)])
def test_what_belongs_to_no_dialog_or_is_not_understood_is_refused(method: str, said: int) -> None:
    site, device = _registered()
    answer = site.hear(device.request(method), PEER)[0]
    assert status(answer) == said
    assert (header(answer, "Allow") is not None) == (said == 405)
    assert status(device.keep_alive()[0]) == 200


def test_a_robot_that_wants_to_telephone_is_refused() -> None:
    site = Site()
    assert status(site.hear(corpus("scanner-invite.sip"), SCANNER)[0]) == 405
    assert site.tally("unknown_method") == 1


def test_an_ack_is_not_answered() -> None:
    site, device = _registered()
    assert site.hear(device.request("ACK"), PEER) == []


@pytest.mark.parametrize("name", ["scanner-http.bin", "scanner-tls.bin"])
def test_what_is_no_sip_is_not_answered(name: str) -> None:
    site = Site()
    assert site.hear(corpus(name), SCANNER) == []
    peer = site.connect(1, SCANNER.host)
    assert site.hear(corpus(name), peer) == []
    assert site.closed == [peer]
    assert site.tally("malformed") == 2


# --- floods


def test_a_stranger_is_listened_to_so_often_a_minute() -> None:
    site = Site(Device(ID), per_source=60)
    robot = Scripted(site, "100", SCANNER)
    answered = sum(len(robot.register()) for _ in range(100))
    assert answered == 60 + 12  # and a share of the one device
    assert site.tally("flooded") == 28
    assert status(Scripted(site).register()[0]) == 401  # elsewhere nothing is the matter
    site.at_s += 60
    assert robot.register() != []


def test_over_tcp_he_is_hung_up_on() -> None:
    site = Site(Device(ID), per_source=60)
    peer = site.connect(1, SCANNER.host)
    robot = Scripted(site, "100", peer)
    assert len(site.hear(b"".join(robot.request("REGISTER") for _ in range(100)), peer)) == 72
    assert site.closed == [peer]
    assert site.hear(robot.request("REGISTER"), peer) == []


def test_what_comes_from_a_devices_host_and_is_not_its_own_word_is_counted_as_that_hosts() -> None:
    site, device = _registered(per_source=60)
    neighbour = Scripted(site, "100", Peer("udp", PEER.host, 6000))
    answered = sum(len(neighbour.register()) for _ in range(100))
    assert answered == 60 + 24 - 2  # what the device took before it was known
    assert status(device.keep_alive()[0]) == 200


def test_a_device_gone_mad_is_listened_to_so_often_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "PER_DEVICE_PER_MINUTE", 100.0)
    site, device = _registered()
    answered = sum(len(device.say("x")) for _ in range(110))
    assert answered == 100
    assert site.tally("flooded") == 10


# --- texts that are cut, and connections


def test_a_text_over_several_datagrams() -> None:
    site, device = _registered()
    text = device.request("MESSAGE", body=keepalive(ID))
    assert site.hear(text[:300]) == []
    assert status(site.hear(text[300:])[0]) == 200
    assert site.tally("keepalives") == 1


def test_one_whose_rest_does_not_come_is_read_as_it_is() -> None:
    site, device = _registered()
    text = device.request("MESSAGE", body=keepalive(ID))
    assert site.hear(text[:-120]) == []
    assert 200 in [status(answer) for answer in site.pass_s(1.1) if answer.startswith("SIP/2.0")]


def test_a_stream_byte_by_byte_and_pings_between_messages() -> None:
    site = Site()
    peer = site.connect(1)
    device = Scripted(site, peer=peer)
    text = b"\r\n\r\n" + device.request("REGISTER") + b"\r\n"
    answers = [answer for at in range(len(text)) for answer in site.hear(text[at : at + 1], peer)]
    assert [status(answer) for answer in answers] == [401]
    assert status(device.log_in()) == 200


def test_a_message_without_a_length_over_tcp_is_whole_after_a_pause() -> None:
    site = Site()
    peer = site.connect(1)
    device = Scripted(site, peer=peer)
    device.log_in()
    text = device.request("MESSAGE", "Content-Type: text/plain", body="hello")
    text = text.replace(b"Content-Length: 5\r\n", b"")
    assert site.hear(text, peer) == []
    assert [status(answer) for answer in site.pass_s(1.0) if answer.startswith("SIP/2.0")] == [200]


def test_a_pause_that_ended_in_more_bytes_means_nothing() -> None:
    site = Site()
    peer = site.connect(1)
    device = Scripted(site, peer=peer)
    device.log_in()
    first = device.request("MESSAGE", "Content-Type: text/plain", body="hello\r\n").replace(
        b"Content-Length: 7\r\n", b""
    )
    assert site.hear(first, peer) == []
    answers = site.hear(device.request("MESSAGE", body=keepalive(ID)), peer)
    assert [status(answer) for answer in answers] == [200, 200]


def test_a_connection_that_is_nobodys_is_closed_after_two_minutes() -> None:
    site, device = _registered()
    idle, used = site.connect(1, SCANNER.host), site.connect(2)
    other = Scripted(site, OTHER, used)
    other.log_in()
    for _ in range(3):
        for request in site.pass_s(IDLE_S):
            if request.startswith(("MESSAGE", "SUBSCRIBE")):
                other.answer(request, 200)
        device.keep_alive()
        other.keep_alive()
    assert site.closed == [idle]
    assert site.tally("idle") == 1
    site.hang_up(idle)  # and then its end is heard


def test_bytes_of_a_connection_that_is_forgotten_are_nobodys() -> None:
    site = Site()
    assert site.hear(b"REGISTER", Peer("tcp", PEER.host, 1, 99)) == []


def test_a_device_whose_connection_turns_to_nonsense_is_gone() -> None:
    site = Site()
    peer = site.connect(1)
    Scripted(site, peer=peer).log_in()
    site.told()
    site.hear(b"nonsense\r\n" * 10, peer)
    assert site.closed == [peer]
    assert site.told(Offline) == [Offline(ID, Gone.CLOSED)]


# --- sessions are passed on


def _sdp() -> str:
    return "v=0\r\no=- 0 0 IN IP4 192.0.2.10\r\ns=Play\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\nm=video 15060 RTP/AVP 96\r\n"


def _sessions(site: Site) -> list[Event]:
    return site.told(Accepted, SessionEnded, ChannelFree, PortFree)


def test_an_invitation_goes_to_where_the_device_is_and_its_end_too() -> None:
    site, device = _registered()
    session = site.endpoint.invite(LIVE, site.now)
    (invite,) = (text for text in site._drain() if text.startswith("INVITE"))
    assert invite.startswith(f"INVITE sip:{CHANNEL}@{PEER.host}:{PEER.port} SIP/2.0")
    (ack,) = device.answer(invite, 200, "Content-Type: application/sdp", body=_sdp())
    assert ack.startswith("ACK ")
    (accepted,) = _sessions(site)
    assert isinstance(accepted, Accepted)
    assert (accepted.session, accepted.port) == (session, 15060)
    assert not site.endpoint.is_idle()
    site.endpoint.picture(session, site.now)
    site.endpoint.late_media(session, site.now)
    site.endpoint.hang_up(session, site.now)
    (bye,) = (text for text in site._drain() if text.startswith("BYE"))
    device.answer(bye, 200)
    assert [type(event) for event in _sessions(site)] == [SessionEnded, ChannelFree]
    assert site.endpoint.is_idle()
    site.pass_s(33)
    assert [type(event) for event in _sessions(site)] == [PortFree]


def test_a_bye_of_the_device_is_answered_in_its_dialog() -> None:
    site, device = _registered()
    site.endpoint.invite(LIVE, site.now)
    (invite,) = (text for text in site._drain() if text.startswith("INVITE"))
    device.answer(invite, 200, "Content-Type: application/sdp", body=_sdp())
    bye = device.request("BYE").replace(b"Call-ID: BYE-", f"Call-ID: {header(invite, 'Call-ID')}\r\nX: ".encode())
    assert [status(text) for text in site.hear(bye)] == [200]
    assert any(isinstance(event, SessionEnded) for event in _sessions(site))


def test_when_a_device_goes_its_sessions_end() -> None:
    site, device = _registered()
    site.endpoint.invite(LIVE, site.now)
    device.log_in(expires=0)
    assert any(isinstance(event, SessionEnded) for event in _sessions(site))


def test_when_the_platform_stops_everybody_is_hung_up_on() -> None:
    site, device = _registered()
    site.endpoint.invite(LIVE, site.now)
    (invite,) = (text for text in site._drain() if text.startswith("INVITE"))
    device.answer(invite, 200, "Content-Type: application/sdp", body=_sdp())
    site.endpoint.close(site.now)
    assert [text.split()[0] for text in site._drain()] == ["BYE"]


def test_the_end_of_a_recording_reaches_its_session() -> None:
    site, device = _registered()
    device.say(corpus("media-status-121.xml"))
    assert _sessions(site) == []


def test_invitations_have_their_turns() -> None:
    site = Site()
    turns = [site.endpoint.invite_turn_s(site.now) for _ in range(30)]
    assert turns[0] == site.at_s
    assert turns[-1] == pytest.approx(site.at_s + 29 / INVITES_PER_S)


def test_what_is_known_can_be_asked() -> None:
    site, _ = _registered()
    assert site.endpoint.online() == 1
    assert not site.endpoint.version(ID).is_2022
    assert not site.endpoint.version(OTHER).is_2022
    assert site.endpoint.tallies()["registered"] == 1


# --- anything


_FILES = [path.read_bytes() for path in sorted(CORPUS.glob("*.sip"))]


@settings(max_examples=60)
@given(data=st.lists(st.binary(max_size=200) | st.sampled_from(_FILES), max_size=8), cut=st.integers(1, 400))
def test_whatever_comes_the_endpoint_goes_on(data: list[bytes], cut: int) -> None:
    site = Site(Device(ID), Device("34020000001320000001"))
    device = Scripted(site)
    device.log_in()
    peer = site.connect(1)
    for each in data:
        site.hear(each)
        site.hear(each[:cut])
        site.hear(each, SCANNER)
        site.hear(each[:cut], peer)
        site.hear(each[cut:], peer)
        site.pass_s(0.7)
    site.hang_up(peer)
    site.pass_s(400)
    assert status(device.register()[0]) in {200, 401, 403}
