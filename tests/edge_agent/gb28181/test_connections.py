"""Connections that do not take what they are sent, and packets for those that are gone."""

import asyncio
from typing import Any

from edge_agent.gb28181.connections import ConnectionLimits, Connections
from provisioning.sip.peer import Peer

HERE = ("192.0.2.10", 40001)


class _Heard:
    def __init__(self) -> None:
        self.said: list[str] = []

    def datagram(self, data: bytes, peer: Peer) -> None:
        self.said.append(f"datagram {peer.host}")

    def made(self, peer: Peer) -> None:
        self.said.append(f"made {peer.connection}")

    def stream(self, data: bytes, peer: Peer) -> None:
        self.said.append(f"stream {peer.connection}")

    def lost(self, peer: Peer) -> None:
        self.said.append(f"lost {peer.connection}")


class _Stuck(asyncio.Transport):
    """A device that reads nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.unread = 0
        self.is_aborted = self.is_closed = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return HERE if name == "peername" else default

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.unread += len(data)

    def get_write_buffer_size(self) -> int:
        return self.unread

    def is_closing(self) -> bool:
        return self.is_aborted or self.is_closed

    def abort(self) -> None:
        self.is_aborted = True

    def close(self) -> None:
        self.is_closed = True


def test_who_takes_nothing_is_cut_off_at_a_megabyte() -> None:
    heard = _Heard()
    connections, stuck = Connections(heard, ConnectionLimits(4, 4)), _Stuck()
    peer = connections.arrived(stuck)
    assert peer == Peer("tcp", *HERE, 1)
    for _ in range(2000):
        connections.send(b"x" * 1024, peer)
    assert stuck.is_aborted
    assert stuck.unread <= 1024 * 1024 + 1024
    connections.left(peer)
    assert heard.said == ["made 1", "lost 1"]


def test_what_goes_to_nobody_goes_nowhere() -> None:
    connections, stuck = Connections(_Heard(), ConnectionLimits(4, 4)), _Stuck()
    peer = connections.arrived(stuck)
    assert peer is not None
    connections.hang_up(peer)
    connections.send(b"late", peer)
    assert (stuck.is_closed, stuck.unread) == (True, 0)
    for nobody in (Peer("tcp", "192.0.2.10", 1, 99), Peer("udp", "192.0.2.10", 1)):
        connections.send(b"late", nobody)
        connections.hang_up(nobody)
    connections.close()
    assert stuck.is_aborted


def test_one_too_many_is_shut_out_and_counted() -> None:
    heard = _Heard()
    connections = Connections(heard, ConnectionLimits(2, 1))
    first, second = _Stuck(), _Stuck()
    assert connections.arrived(first) is not None
    assert connections.arrived(second) is None
    assert (second.is_aborted, connections.shut_out, heard.said) == (True, 1, ["made 1"])
