"""A camera's thread ─▶ MediaSessions ─▶ dialogs ─▶ a device, and a real socket that the media come to."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from edge_agent.errors import LoginIgnored, NoPicture, NotFound, Silent, SourceError, Unreachable, WrongCredentials
from edge_agent.gb28181.devices.events import Forget, Keep, Online, TurnedAway
from edge_agent.gb28181.devices.registrar import NOT_OURS, UNANSWERED
from edge_agent.gb28181.devices.registrations import Registration
from edge_agent.gb28181.sessions.invite import Span
from edge_agent.sources.gb28181.ports import NoPortError
from provisioning.net.digest import REFUSED_LOGIN
from provisioning.sip.edition import Version
from tests.edge_agent.gb28181.corpus_file import CORPUS
from tests.edge_agent.gb28181.line import CHANNEL, DEVICE, EPOCH_MS, PEER, TCP_PEER
from tests.edge_agent.gb28181.switchboard import QUICK, Switchboard, accepting, source
from tests.support.ports import free_range
from tests.support.waiting import LONG_S

SDP = (CORPUS / "invite-200.sip").read_bytes().partition(b"\r\n\r\n")[2]
RTP = bytes([0x80, 96]) + bytes(10)
SPAN = Span(EPOCH_MS + 250, EPOCH_MS + 3_600_000)


@pytest.fixture
def first_port() -> int:
    return free_range(40).start


@pytest.fixture
def board(first_port: int) -> Iterator[Switchboard]:
    made = Switchboard(first_port, accepting(SDP))
    yield made
    made.sessions.close()


def _online(device_id: str) -> Online:
    return Online(Registration(device_id, PEER, Version.V2016, EPOCH_MS, EPOCH_MS + 3_600_000))


def invite_lines(board: Switchboard) -> list[str]:
    (invite,) = [request for request in board.sent if request.method == "INVITE"]
    return invite.body.decode().splitlines()


class TestOpened:
    def test_the_port_is_open_before_the_device_hears_of_it(self, board: Switchboard) -> None:
        came = []

        def script(its: Switchboard, request: object) -> None:
            (line,) = [each for each in invite_lines(its) if each.startswith("m=video ")]
            with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as device:
                device.sendto(RTP, ("127.0.0.1", int(line.split()[1])))  # media before the 200
            its.script = accepting(SDP)
            its.script(its, its.sent[-1])

        board.script = script
        with board.sessions.open("gate", source()) as session:
            media = session.media
            assert media.sock is not None
            came.append(media.sock.recv(2048))
            assert media.advertised == f"127.0.0.1:{media.sock.getsockname()[1]}"
            assert (media.transport, media.ssrc, media.remote) == ("udp", 200_000_001, (PEER.host, 0))
            assert (media.started_at_ms, media.ended_at_ms, media.ended()) == (None, None, None)
            assert session.cause() is None
        assert came == [RTP]
        assert board.methods() == ["INVITE", "ACK", "BYE"]

    def test_one_that_registered_over_tcp_connects_to_a_listener(self, board: Switchboard) -> None:
        board.line.peer = TCP_PEER
        with board.sessions.open("gate", source()) as session:
            assert session.media.transport == "tcp_passive"
            assert session.media.sock is not None
            with socket.create_connection(session.media.sock.getsockname()) as device:
                ours, _ = session.media.sock.accept()
                device.sendall(RTP)
                assert ours.recv(100) == RTP
                ours.close()
            address = session.media.sock.getsockname()
        assert "a=setup:passive" in invite_lines(board)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)

    def test_a_device_of_2022_is_asked_by_its_number_and_every_one_in_its_turn(self, board: Switchboard) -> None:
        board.speaks, board.turn_s = Version.V2022, 0.1
        began_s = time.monotonic()
        with board.sessions.open("gate", source()):
            assert time.monotonic() - began_s >= 0.1
        assert "a=streamnumber:0" in invite_lines(board)

    def test_a_transport_that_is_set_is_taken(self, board: Switchboard) -> None:
        board.line.peer = TCP_PEER
        with board.sessions.open("gate", source(transport="udp", stream=1)) as session:
            assert session.media.transport == "udp"
        assert "a=streamnumber:1" in invite_lines(board)

    @pytest.mark.parametrize(
        ("seen", "said", "remote"),
        [
            ("192.0.2.10", b"192.0.2.10", ("192.0.2.10", 15060)),
            ("8.8.8.8", b"192.168.1.64", ("8.8.8.8", 15060)),  # its own network's, seen through NAT
            ("192.168.1.10", b"192.168.1.64", ("192.168.1.64", 15060)),  # a recorder's other interface
            ("192.168.1.10", b"127.0.0.1", ("192.168.1.10", 15060)),
            ("fe80::1%eth0", b"no address", ("fe80::1%eth0", 15060)),
        ],
    )
    def test_tcp_active_goes_where_the_device_can_be_reached(
        self, board: Switchboard, seen: str, said: bytes, remote: tuple[str, int]
    ) -> None:
        board.line.peer = type(PEER)("udp", seen, 5060)
        board.script = accepting(SDP.replace(b"192.0.2.10", said))
        with board.sessions.open("gate", source(transport="tcp_active")) as session:
            assert session.media.sock is None
            assert session.media.remote == remote
            assert session.media.advertised == (f"[{remote[0]}]:15060" if ":" in remote[0] else f"{remote[0]}:15060")
        lines = invite_lines(board)
        assert "m=video 9 TCP/RTP/AVP 96 98 97" in lines
        assert "a=setup:active" in lines

    @pytest.mark.parametrize(
        ("said", "remote"),
        [(b"192.0.2.10", ("192.0.2.10", 0)), (b"192.0.2.99", None), (b"127.0.0.1", ("192.0.2.10", 0))],
    )
    def test_a_device_that_names_another_sender_may_send_from_anywhere(
        self, board: Switchboard, said: bytes, remote: tuple[str, int] | None
    ) -> None:
        board.script = accepting(SDP.replace(b"192.0.2.10", said))
        with board.sessions.open("gate", source()) as session:
            assert session.media.remote == remote

    def test_tcp_active_without_a_port_is_told(self, board: Switchboard) -> None:
        board.script = accepting(b"")
        with (
            pytest.raises(NoPicture, match="names no port to fetch its media from"),
            board.sessions.open("gate", source(transport="tcp_active")),
        ):
            raise AssertionError
        assert board.methods() == ["INVITE", "ACK", "BYE"]

    def test_recordings_are_dated_from_the_second_that_was_asked_for(self, board: Switchboard) -> None:
        with board.sessions.open("gate", source(), SPAN) as session:
            assert session.media.started_at_ms == EPOCH_MS
            assert session.media.ended_at_ms == EPOCH_MS + 3_600_000
        assert f"t={EPOCH_MS // 1000} {EPOCH_MS // 1000 + 3600}" in invite_lines(board)


class TestRefused:
    @pytest.mark.parametrize(
        ("status", "kind", "told"),
        [
            (404, NotFound, "has no such channel"),
            (403, WrongCredentials, "refuses us"),
            (401, WrongCredentials, "refuses us"),
            (480, Unreachable, "the channel is off"),
            (481, NoPicture, "asked again too soon"),
            (486, NoPicture, "is busy"),
            (600, NoPicture, "is busy"),
            (488, NoPicture, "set `transport` or `stream`"),
            (500, NoPicture, "refuses"),
        ],
    )
    def test_the_camera_says_why(self, board: Switchboard, status: int, kind: type[SourceError], told: str) -> None:
        board.script = accepting(INVITE=status)
        with pytest.raises(kind, match=told) as caught, board.sessions.open("gate", source()):
            raise AssertionError
        assert str(caught.value).startswith(f"camera gate: device {DEVICE}, channel {CHANNEL}, ")
        assert f"({status})" in str(caught.value)
        assert not board.sessions._calls
        assert not len(board.sessions._held)

    def test_nothing_heard(self, board: Switchboard) -> None:
        board.script = accepting(INVITE=0, CANCEL=0)
        late = threading.Timer(0.05, board.pass_s, [10.1])
        late.start()
        with (
            pytest.raises(Unreachable, match="did not answer the INVITE within 10 s"),
            board.sessions.open("gate", source()),
        ):
            raise AssertionError
        late.join()
        assert board.methods() == ["INVITE", "CANCEL"]

    def test_a_device_that_is_not_registered(self, board: Switchboard) -> None:
        board.is_there = False
        with pytest.raises(Silent, match=f"device {DEVICE} is not registered"), board.sessions.open("gate", source()):
            raise AssertionError
        assert board.sent == []

    @pytest.mark.parametrize(
        ("why", "kind"), [(NOT_OURS, LoginIgnored), (UNANSWERED, LoginIgnored), (REFUSED_LOGIN, WrongCredentials)]
    )
    def test_a_device_that_is_turned_away_says_why(self, board: Switchboard, why: str, kind: type[SourceError]) -> None:
        board.is_there = False
        board.sessions.heard(TurnedAway(DEVICE, "192.0.2.10", why))
        with (
            pytest.raises(kind, match=f"device {DEVICE} at 192.0.2.10 wants .* turned away: {why}"),
            board.sessions.open("gate", source()),
        ):
            raise AssertionError
        board.sessions.heard(Keep(_online(DEVICE).registration))
        with pytest.raises(Silent), board.sessions.open("gate", source()):
            raise AssertionError

    def test_a_device_that_registers_meanwhile_is_invited_at_once(self, board: Switchboard) -> None:
        board.is_there = False

        def register() -> None:
            board.is_there = True
            board.sessions.heard(_online(DEVICE))

        registers = threading.Timer(0.05, register)
        registers.start()
        board.sessions._patience = replace(QUICK, online_s=LONG_S)
        with board.sessions.open("gate", source()):
            registers.join()

    def test_devices_that_come_wake_nobody_who_waits_for_another(
        self, board: Switchboard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        board.is_there = False
        looks: list[str] = []
        monkeypatch.setattr(board, "route", looks.append)

        def others_come() -> None:
            for number in range(2, 1002):
                board.sessions.heard(_online(f"340200000011800{number:05}"))

        others = threading.Timer(0.05, others_come)
        others.start()
        with pytest.raises(Silent), board.sessions.open("gate", source()):
            raise AssertionError
        others.join()
        assert len(looks) <= 2  # as it began to wait, and at the end

    def test_no_port(self, board: Switchboard) -> None:
        held: list[socket.socket] = []
        with pytest.raises(NoPortError):
            held.extend(board.sessions._ports.udp() for _ in range(9))
        with pytest.raises(NoPicture, match="no media port is free"), board.sessions.open("gate", source()):
            raise AssertionError
        assert board.sent == []
        for sock in held:
            sock.close()

    def test_a_second_session_of_the_same_is_not_asked_for(self, board: Switchboard) -> None:
        with board.sessions.open("gate", source()):
            board.sessions._last.clear()
            second = board.sessions.open("yard", source())
            with (
                pytest.raises(NoPicture, match=r"is not asked for media now: device .*: a session of it is open"),
                second,
            ):
                raise AssertionError
        assert board.methods() == ["INVITE", "ACK", "BYE"]

    def test_a_platform_that_gives_no_answer(self, board: Switchboard) -> None:
        board.sessions._patience = type(board.sessions._patience)(answer_s=0.05)
        board.script = accepting(INVITE=0)
        with pytest.raises(Unreachable, match="gave no answer in time"), board.sessions.open("gate", source()):
            raise AssertionError
        assert board.methods() == ["INVITE", "CANCEL"]


def test_other_news_are_none_of_a_cameras_business(board: Switchboard) -> None:
    board.sessions.heard(Forget(DEVICE))
    assert not board.sessions._calls
