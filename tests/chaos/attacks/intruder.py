"""Somebody with the certificate of one captured agent, and somebody with no more than a way to the SIP port."""

import hashlib
import json
import socket
import time
from typing import Final

import cv2
import numpy as np

from provisioning.contracts import ids
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import (
    ClockQuality,
    Heartbeat,
    Ledger,
    Picture,
    PictureState,
    Quality,
    Redaction,
    Snapshot,
)
from provisioning.demo import site_plan
from tests.chaos.attacks.street import CAPTURED

XML_BYTES: Final = 59_000
_ANSWER_S: Final = 60.0
"""How long an answer of SIP is waited for: without the bounds the first came after some twenty seconds."""


def picture_of_shape(number: int, width: int, height: int) -> bytes:
    """A snapshot message as the captured agent would send it, in order but for the shape of its picture."""
    done, encoded = cv2.imencode(".jpg", np.full((height, width, 3), 90, np.uint8))
    if not done:
        raise ValueError(f"no JPEG of {width}×{height} px can be made")
    content, captured_at_ms, source_key = encoded.tobytes(), time.time_ns() // 1_000_000, f"n{number}"
    snapshot = Snapshot(
        observation_id=ids.observation_id("gate", captured_at_ms, source_key),
        agent_id=CAPTURED,
        camera_id="gate",
        source_key=source_key,
        captured_at_ms=captured_at_ms,
        clock=ClockQuality.ARRIVAL,
        picture=Picture(
            state=PictureState.KEPT,
            width=width,
            height=height,
            bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        ),
        quality=Quality(sharpness=0.1, brightness=0.2, contrast=0.3),
        machines=(),
        people=0,
        redaction=Redaction(policy="none", models={}, regions=(), covered_share=0.0),
    )
    return codec.encode_snapshot(snapshot, content)


def heartbeat_of_drops(names: int, each: int) -> bytes:
    """A heartbeat whose camera dropped pictures by so many names, so many each."""
    empty = Ledger(selected=0, spooled=0, archived=0, rejected=0, dropped={}, in_flight=0)
    now_ms = time.time_ns() // 1_000_000
    beat = Heartbeat(
        agent_id=CAPTURED,
        sent_at_ms=now_ms,
        started_at_ms=now_ms,
        software="1",
        ledger=empty,
        cameras={"gate": empty},
        spool_bytes=0,
        spool_messages=0,
        quarantined=0,
        resent=0,
    )
    document = json.loads(codec.encode(beat))
    dropped = {f"n{number}": each for number in range(names)}
    document["cameras"]["gate"]["dropped"] = dropped
    return json.dumps(document, separators=(",", ":")).encode()


def guesses() -> list[str]:
    """Names of shared groups, and filters, that somebody can think of who does not know the intake's."""
    groups = ("intake", "cluster", "wayside", "0" * 32, "1" * 32)
    filters = (topics.snapshots("+"), topics.snapshots(site_plan.AGENT), "wayside/#", "#")
    return [f"$share/{group}/{each}" for group in groups for each in filters] + ["#", topics.snapshots("+")]


class SipStranger:
    """Sends SIP over UDP from a loopback address of its own, and knows no password."""

    def __init__(self, platform: tuple[str, int], host: str) -> None:
        self._platform = platform
        self._host = host
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, 0))
        self._socket.settimeout(_ANSWER_S)
        self._sent = 0

    @property
    def address(self) -> tuple[str, int]:
        """Where it sends from."""
        host, port = self._socket.getsockname()
        return host, port

    def close(self) -> None:
        """Leave."""
        self._socket.close()

    def message(self, body: bytes) -> None:
        """Send a MESSAGE with this body, and wait for nothing."""
        self._send("MESSAGE", body)

    def options_s(self) -> float | None:
        """Ask for OPTIONS. Returns the seconds until its answer; None where none comes."""
        began_s = time.monotonic()
        self._send("OPTIONS", b"")
        try:
            while not self.receive().startswith(b"SIP/2.0 200"):
                pass
        except TimeoutError:
            return None
        return time.monotonic() - began_s

    def receive(self) -> bytes:
        """Wait for the next datagram."""
        return self._socket.recv(65_535)

    def _send(self, method: str, body: bytes) -> None:
        self._sent += 1
        host, port = self.address
        mark = f"{self._host}.{self._sent}"
        lines = [
            f"{method} sip:{site_plan.PLATFORM_ID}@{self._platform[0]}:{self._platform[1]} SIP/2.0",
            f"Via: SIP/2.0/UDP {host}:{port};rport;branch=z9hG4bK{mark}",
            f"From: <sip:34020000001320000009@3402000000>;tag={self._sent}",
            f"To: <sip:{site_plan.PLATFORM_ID}@3402000000>",
            f"Call-ID: {mark}",
            f"CSeq: {self._sent} {method}",
            "Max-Forwards: 70",
            *(["Content-Type: Application/MANSCDP+xml"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        self._socket.sendto("\r\n".join([*lines, "", ""]).encode() + body, self._platform)


def tangled_xml(piece: bytes) -> bytes:
    """A document of `XML_BYTES` bytes that no parser takes as it is, so that it is repaired."""
    head = b"<Notify><CmdType>Catalog</CmdType>"
    return head + piece * ((XML_BYTES - len(head)) // len(piece))
