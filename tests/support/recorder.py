"""Records, packet by packet, what wants to leave a network that a test made for its machines."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from tests.support.waiting import LONG_S

_PROGRAM = """
import ipaddress, socket, sys
own = ipaddress.ip_network(sys.argv[2])
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
wire.bind((sys.argv[1], 0))
print("listening", flush=True)
while True:
    data, _ = wire.recvfrom(65535)
    kind, body = data[12:14], data[14:]
    if kind == b"\\x08\\x00" and ipaddress.ip_address(body[16:20]) not in own:
        asked = body[40:80] if body[22:24] == b"\\x00\\x35" else b""
        print("ip", body[9], socket.inet_ntoa(body[16:20]), body[20:24].hex(), asked, flush=True)
    elif kind == b"\\x86\\xdd" and body[6] not in (0, 58):
        print("ip6", body[6], socket.inet_ntop(socket.AF_INET6, body[24:40]), body[40:44].hex(), flush=True)
"""
"""A program that prints each packet that wants to leave; ICMPv6 and hop-by-hop are the kernel's own."""


@contextmanager
def recorded(
    beside: Callable[[Sequence[str]], "subprocess.Popen[str]"], interface: str, own: str
) -> Iterator[list[str]]:
    """Lists, once the context ends, line by line what wanted to leave the network `own` by an interface.

    `beside` starts a process of this machine where the interface is.
    """
    recorder = beside([sys.executable, "-c", _PROGRAM, interface, own])
    left: list[str] = []
    try:
        assert recorder.stdout is not None
        assert recorder.stdout.readline() == "listening\n"
        yield left
        recorder.send_signal(signal.SIGTERM)
        left += recorder.stdout.read().splitlines()
    finally:
        recorder.kill()
        recorder.communicate(timeout=LONG_S)
