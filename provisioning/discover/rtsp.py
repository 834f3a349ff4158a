"""Finds RTSP servers at addresses: sends OPTIONS (RFC 2326, 10.1) without a password, and reads a bounded answer."""

import re
import socket
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final

from provisioning.discover.ws_discovery import plain
from provisioning.errors import DiscoveryError

PORT: Final = 554
MAX_HOSTS: Final = 1024
_MAX_BYTES: Final = 4096
_AT_ONCE: Final = 64
_STATUS: Final = re.compile(r"RTSP/1\.\d (\d{3})")
_SERVER: Final = re.compile(r"^(?:Server|WWW-Authenticate):[ \t]*([^\r\n]{1,256})", re.IGNORECASE | re.MULTILINE)
_MAIN_STREAMS: Final = {
    "hikvision": "/Streaming/Channels/101",
    "dahua": "/cam/realmonitor?channel=1&subtype=0",
    "uniview": "/unicast/c1/s0/live",
    "axis": "/axis-media/media.amp",
}
"""Paths of the main stream by maker, from manuals that name just one. A proposal, which `wayside-edge check` tries."""


@dataclass(frozen=True, slots=True)
class RtspServer:
    """A server that answered. `trouble` is set if that was no RTSP."""

    host: str
    port: int
    software: str = ""
    asks_password: bool = False
    trouble: str = ""


def places(text: str) -> list[tuple[str, int]]:
    """Parses `10.0.0.5`, `10.0.0.5:8554` or `10.0.0.0/24` into hosts with ports.

    Raises:
        DiscoveryError: none of these, or more than 1,024 hosts.
    """
    place, _, port = text.partition(":")
    try:
        network = ip_network(place, strict=False)
        number = int(port) if port else PORT
    except ValueError as error:
        raise DiscoveryError(f"--rtsp {text}: give HOST, HOST:PORT or NETWORK/BITS, in IPv4 numbers") from error
    if network.version != 4 or not 0 < number < 65536 or network.num_addresses > MAX_HOSTS + 2:
        raise DiscoveryError(f"--rtsp {text}: an IPv4 network of at most {MAX_HOSTS} hosts (/22), and a port to 65535")
    return [(str(host), number) for host in network.hosts()]


def probe(targets: Iterable[tuple[str, int]], timeout_s: float) -> list[RtspServer]:
    """Asks each host, many at once. Hosts without a server are left out."""
    asked = list(dict.fromkeys(targets))
    if not asked:
        return []
    with ThreadPoolExecutor(min(_AT_ONCE, len(asked))) as pool:
        return [
            each for each in pool.map(lambda target: _ask(target[0], target[1], timeout_s), asked) if each is not None
        ]


def read(host: str, port: int, answer: bytes) -> RtspServer:
    """Reads an answer. Never raises: its content is foreign."""
    text = answer[:_MAX_BYTES].decode("latin-1")
    status = _STATUS.match(text)
    if status is None:
        return RtspServer(host, port, trouble="something listens there that speaks no RTSP")
    software = ", ".join(plain(each) for each in _SERVER.findall(text)[:2])
    return RtspServer(host, port, software, asks_password=status[1] in {"401", "403"})


def main_stream(words: Sequence[str]) -> str:
    """Returns the path of the main stream by a maker's name among these words; empty without one."""
    text = " ".join(words).casefold()
    return next((path for maker, path in _MAIN_STREAMS.items() if maker in text), "")


def _ask(host: str, port: int, timeout_s: float) -> RtspServer | None:
    question = f"OPTIONS rtsp://{host}:{port}/ RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: wayside-provision\r\n\r\n"
    answer = b""
    try:
        with socket.create_connection((host, port), timeout_s) as line:
            line.sendall(question.encode())
            while b"\r\n\r\n" not in answer and len(answer) < _MAX_BYTES and (part := line.recv(_MAX_BYTES)):
                answer += part
    except OSError:  # refused, silent or broken off: without an answer there is no server
        return read(host, port, answer) if answer else None
    return read(host, port, answer)
