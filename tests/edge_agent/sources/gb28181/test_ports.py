"""The range of ports that media come to."""

import socket
from contextlib import closing

import pytest

from edge_agent.sources.gb28181.media_socket import widen
from edge_agent.sources.gb28181.ports import MediaPorts, NoPortError
from tests.support.ports import free_range


def port_of(sock: socket.socket) -> int:
    return int(sock.getsockname()[1])


def test_even_ports_in_turn_and_one_that_was_let_go_comes_last() -> None:
    first, *_, last = free_range(8)
    ports = MediaPorts(first - 1, last, "127.0.0.1")
    seen = []
    for _ in range(5):
        with closing(ports.udp()) as sock:
            seen.append(port_of(sock))
    assert all(port % 2 == 0 and first <= port <= last for port in seen)
    assert len(set(seen)) >= 3  # another program may hold one
    assert seen[0] == seen[len(set(seen))]


def test_a_port_in_use_is_passed_over_and_no_port_left_says_what_to_do() -> None:
    first, *_, last = free_range(4)
    ports = MediaPorts(first, last, "127.0.0.1")
    held: list[socket.socket] = []
    with pytest.raises(NoPortError, match=r"2 even ports are in use: widen gb28181\.media_ports"):
        held.extend(ports.udp() for _ in range(3))
    assert len({port_of(sock) for sock in held}) == len(held) <= 2
    held.pop(0).close()
    ports.udp().close()
    for sock in held:
        sock.close()


def test_datagrams_have_a_wide_buffer_before_anything_reads_them() -> None:
    first, *_, last = free_range(4)
    with closing(MediaPorts(first, last, "127.0.0.1").udp()) as sock, socket.socket(type=socket.SOCK_DGRAM) as plain:
        default = plain.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        widen(plain)
        wide = plain.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == wide > default


def test_a_listener_takes_a_connection_and_its_port_is_free_at_once_after_it() -> None:
    first, *_, last = free_range(2)
    ports = MediaPorts(first, last, "127.0.0.1")
    for _ in range(2):
        with closing(ports.tcp()) as listener:
            with socket.create_connection(listener.getsockname()) as device:
                ours, _ = listener.accept()
                ours.close()  # ours first: its side is left in TIME_WAIT
                assert device.recv(1) == b""
            with pytest.raises(NoPortError):
                ports.tcp()


def test_an_address_that_is_not_ours_is_told() -> None:
    with pytest.raises(NoPortError, match=r"^media port 30000 cannot be opened"):
        MediaPorts(30000, 30001, "192.0.2.1").udp()
