"""SIP messages of a platform as a capture file, and what TShark reads in them."""

import shutil
import struct
import subprocess
from collections import Counter
from collections.abc import Sequence
from ipaddress import IPv4Address
from pathlib import Path
from typing import NamedTuple

import pytest

from provisioning.sip.peer import Peer
from tests.support.rtp_capture import framed, record, start
from tests.support.waiting import LONG_S

_PEERS = range(40_000, 50_000)
"""Ports that peers get in a file: to 33435 and some above it a datagram is a *possible traceroute* to TShark."""
_PSH_ACK = 0x5018
_WINDOW = 65_535
_ALL = "|"


class Dissected(NamedTuple):
    """One frame, as TShark reads it; empty where it finds no such thing. TShark repairs in silence: compare it all."""

    protocols: str
    method: str
    status: str
    call_id: str
    cseq: str
    cseq_method: str
    from_tag: str
    branch: str
    body_bytes: str
    """By Content-Length."""
    media_port: str
    words: str
    """Texts of XML elements, in their order."""
    remarks: str
    """Down to notes; malformed parts are among them."""

    def layers(self) -> list[str]:
        """Names of what it found inside each other."""
        return self.protocols.split(":")


_FIELDS = (
    "frame.protocols",
    "sip.Method",
    "sip.Status-Code",
    "sip.Call-ID",
    "sip.CSeq.seq",
    "sip.CSeq.method",
    "sip.from.tag",
    "sip.Via.branch",
    "sip.Content-Length",
    "sdp.media.port",
    "xml.cdata",
    "_ws.expert.message",
)


def write_messages(path: Path, port: int, messages: Sequence[tuple[bytes, Peer]]) -> None:
    """Writes each as one datagram, or one segment of its connection; peers are told apart by a port of the file's."""
    ports = dict(zip(dict.fromkeys(peer for _, peer in messages), _PEERS, strict=False))
    sequence: Counter[Peer] = Counter()
    with path.open("wb") as file:
        file.write(start())
        for number, (data, peer) in enumerate(messages):
            if peer.transport == "udp":
                protocol, payload = 17, struct.pack(">HHHH", port, ports[peer], 8 + len(data), 0) + data
            else:
                head = struct.pack(">HHIIHHHH", port, ports[peer], 1 + sequence[peer], 1, _PSH_ACK, _WINDOW, 0, 0)
                protocol, payload = 6, head + data
                sequence[peer] += len(data)
            file.write(record(number / 1000, framed(protocol, payload, IPv4Address(peer.host))))


def dissected(path: Path, port: int) -> list[Dissected]:
    """Every frame. The port is told to be SIP's, and `Application/MANSCDP+xml` to be XML."""
    program = shutil.which("tshark")
    if program is None:
        pytest.skip("tshark is not installed: apt-get install tshark")
    command = [program, "-n", "-r", str(path), "-d", f"udp.port=={port},sip", "-d", f"tcp.port=={port},sip"]
    command += ["-d", "media_type==application/manscdp+xml,xml"]
    command += ["-T", "fields", "-E", "separator=/t", "-E", f"aggregator={_ALL}"]
    for name in _FIELDS:
        command += ["-e", name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONG_S, check=True)
    return [Dissected(*line.split("\t")) for line in done.stdout.splitlines()]
