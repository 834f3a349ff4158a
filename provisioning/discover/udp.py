"""Asks the camera network by UDP, and collects answers for a few seconds."""

import selectors
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from provisioning.discover import ws_discovery
from provisioning.discover.ws_discovery import GarbageError, ProbeMatch
from provisioning.errors import DiscoveryError

MAX_DEVICES: Final = 512
MAX_ANSWERS: Final = 4096
"""Limit of all answers; a flood ends the waiting."""
_MAX_EACH: Final = 8
"""Limit of answers from one host: cameras repeat themselves, and endless repetition must not fill the list."""
_TIMES: Final = 2
"""Number of times that the question is sent, each with its own id: a datagram may be lost, and an answer in the flood
of another host (SOAP-over-UDP 1.1 repeats for the same reason)."""
_TTL: Final = 1
Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """Answer of one host: its description of itself, or the reason why that is unreadable."""

    host: str
    match: ProbeMatch | None
    trouble: str = ""


def probe_devices(
    targets: Sequence[Place], interfaces: Sequence[str], wait_s: float, new_id: Callable[[], str]
) -> list[ProbeAnswer]:
    """Asks every target twice from every interface (none: as the kernel routes), and listens for `wait_s` in all.

    Raises:
        DiscoveryError: an interface's address is none of this machine's, or nothing can be sent.
    """
    answers: dict[str, ProbeAnswer] = {}
    counts: Counter[str] = Counter()
    asked: list[str] = []
    with selectors.DefaultSelector() as waiting:
        sockets = [_open(interface) for interface in interfaces or ("",)]
        try:
            for each in sockets:
                waiting.register(each, selectors.EVENT_READ)
            began_s = time.monotonic()
            for turn in range(1, _TIMES + 1):
                asked.append(new_id())
                for each in sockets:
                    _send(each, targets, ws_discovery.probe(asked[-1]))
                ends_s = began_s + wait_s * turn / _TIMES
                while (left_s := ends_s - time.monotonic()) > 0 and counts.total() < MAX_ANSWERS:
                    for key, _ in waiting.select(left_s):
                        assert isinstance(key.fileobj, socket.socket)  # noqa: S101 - registered above
                        _take(key.fileobj, asked, answers, counts)
        finally:
            for each in sockets:
                each.close()
    return [answers[host] for host in sorted(answers, key=_order)]


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


def _send(asking: socket.socket, targets: Sequence[Place], question: bytes) -> None:
    for target in targets:
        try:
            asking.sendto(question, target)
        except OSError as error:
            raise DiscoveryError(
                f"{target[0]}:{target[1]}: cannot be asked ({error.strerror or error}): is this machine on the camera"
                " network? Give its address there with --interface"
            ) from error


def _take(asking: socket.socket, asked: Sequence[str], answers: dict[str, ProbeAnswer], counts: Counter[str]) -> None:
    try:
        datagram, (host, _) = asking.recvfrom(ws_discovery.MAX_ANSWER_BYTES + 1)
    except OSError:
        return  # an ICMP error of one target, or nothing after all: the others are listened to
    counts[host] += 1
    if counts[host] > _MAX_EACH or (host not in answers and len(answers) >= MAX_DEVICES):
        return
    try:
        answers[host] = ProbeAnswer(host, ws_discovery.parse(datagram, *asked))
    except GarbageError as error:
        answers.setdefault(host, ProbeAnswer(host, None, f"it answers what cannot be read: {error}"))


def _order(host: str) -> tuple[int, ...]:
    return tuple(int(part) for part in host.split("."))
