"""Asks the camera network by UDP, and collects answers for a few seconds.

Each host that is asked by itself has a socket of its own, so that a flood of one hides no answer of another. Those that
are asked as a group share one.
"""

import ipaddress
import selectors
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from provisioning.discover import ws_discovery
from provisioning.discover.ws_discovery import GarbageError, ProbeMatch
from provisioning.errors import DiscoveryError

MAX_DEVICES: Final = 512
MAX_ANSWERS: Final = 4096
"""Limit of a group's answers; a flood ends the listening."""
_MAX_EACH: Final = 8
"""Limit of answers from one host: cameras repeat themselves, and endless repetition must not fill the list."""
_TIMES: Final = 2
"""Number of times that the question is sent, each with its own id: a datagram may be lost, and a group's answer in the
flood of another host (SOAP-over-UDP 1.1 repeats for the same reason)."""
_TTL: Final = 1
Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """Answer of one host: its description of itself, or the reason why that is unreadable."""

    host: str
    match: ProbeMatch | None
    trouble: str = ""


@dataclass(slots=True)
class _Listening:
    """Describes the open question of one socket."""

    target: Place
    left: int
    """Number of datagrams that are still read."""


def probe_devices(
    targets: Sequence[Place], interfaces: Sequence[str], wait_s: float, new_id: Callable[[], str]
) -> list[ProbeAnswer]:
    """Asks every target twice from every interface (none: as the kernel routes), and listens for `wait_s` in all.

    It ends before if every host that was asked by itself has described itself, or answers without end.

    Raises:
        DiscoveryError: an interface's address is none of this machine's, nothing can be sent, or it is too much to ask.
    """
    places = [(target, interface) for target in targets for interface in interfaces or ("",)]
    if len(places) > MAX_DEVICES:
        raise DiscoveryError(f"--onvif: {len(places)} questions, at most {MAX_DEVICES} at a time: ask for a part")
    answers: dict[str, ProbeAnswer] = {}
    counts: Counter[str] = Counter()
    asked: list[str] = []
    with ExitStack() as opened, selectors.DefaultSelector() as waiting:
        for target, interface in places:
            left = MAX_ANSWERS if _is_group(target) else _MAX_EACH
            waiting.register(opened.enter_context(_open(interface)), selectors.EVENT_READ, _Listening(target, left))
        for _ in range(_TIMES):
            asked.append(new_id())
            for key in waiting.get_map().values():
                _send(_socket(key), key.data.target, ws_discovery.probe(asked[-1]))
            ends_s = time.monotonic() + wait_s / _TIMES
            while waiting.get_map():
                left_s = ends_s - time.monotonic()
                ready = waiting.select(max(0.0, left_s))
                if not ready and left_s <= 0:
                    break  # and nothing that came is unread, however long this process stood still
                for key, _ in ready:
                    listening: _Listening = key.data
                    is_described = _take(_socket(key), asked, answers, counts)
                    listening.left -= 1
                    if not listening.left or (is_described and not _is_group(listening.target)):
                        waiting.unregister(key.fileobj)
    return [answers[host] for host in sorted(answers, key=_order)]


def _socket(key: selectors.SelectorKey) -> socket.socket:
    assert isinstance(key.fileobj, socket.socket)  # noqa: S101 - as they were registered
    return key.fileobj


def _is_group(target: Place) -> bool:
    return ipaddress.IPv4Address(target[0]).is_multicast


def _open(interface: str) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, struct.pack("b", _TTL))
        if interface:
            made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
        made.bind((interface, 0))
    except OSError as error:
        made.close()
        raise DiscoveryError(
            f"--interface {interface}: cannot be asked from ({error.strerror or error}): give an IPv4 address of this"
            " machine on the camera network; `ip -4 addr` lists them"
        ) from error
    return made


def _send(asking: socket.socket, target: Place, question: bytes) -> None:
    try:
        asking.sendto(question, target)
    except OSError as error:
        raise DiscoveryError(
            f"{target[0]}:{target[1]}: cannot be asked ({error.strerror or error}): is this machine on the camera"
            " network? Give its address there with --interface"
        ) from error


def _take(asking: socket.socket, asked: Sequence[str], answers: dict[str, ProbeAnswer], counts: Counter[str]) -> bool:
    """Reads one datagram; returns True if its host describes itself in it."""
    try:
        datagram, (host, _) = asking.recvfrom(ws_discovery.MAX_ANSWER_BYTES + 1)
    except OSError:
        return False  # an ICMP error of its target, or nothing after all
    counts[host] += 1
    if counts[host] > _MAX_EACH or (host not in answers and len(answers) >= MAX_DEVICES):
        return False
    try:
        answers[host] = ProbeAnswer(host, ws_discovery.parse(datagram, *asked))
    except GarbageError as error:
        answers.setdefault(host, ProbeAnswer(host, None, f"it answers what cannot be read: {error}"))
        return False
    return True


def _order(host: str) -> tuple[int, ...]:
    return tuple(int(part) for part in host.split("."))
