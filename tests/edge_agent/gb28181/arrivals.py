"""Media as they arrive at a `Receiver`: records of a corpus file, datagrams, or bytes of a connection."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self

from edge_agent.gb28181.media.depacketizer import AccessUnit, Damaged, Event, Receiver
from tests.edge_agent.gb28181.corpus_file import corpus

SSRC = 200_000_001
HOST = "192.0.2.10"
STEP_S = 0.005
PAUSE_S = 6.0
"""What a record without bytes stands for."""


@dataclass
class Heard:
    """What came of it."""

    receiver: Receiver
    events: list[Event] = field(default_factory=list)
    most_held_bytes: int = 0

    @property
    def units(self) -> list[AccessUnit]:
        return [event for event in self.events if isinstance(event, AccessUnit)]

    @property
    def damaged(self) -> int:
        return sum(isinstance(event, Damaged) for event in self.events)

    def take(self) -> None:
        self.most_held_bytes = max(self.most_held_bytes, self.receiver.held_bytes)
        self.events += iter(self.receiver.next_event, None)

    def rest(self, now_s: float) -> Self:
        """Nothing more comes."""
        while (timer_s := self.receiver.get_timer()) is not None:
            now_s = max(now_s, timer_s)
            self.receiver.handle_timer(now_s)
            self.take()
        return self


def records(data: bytes) -> Iterator[bytes]:
    """Of a file: each with its length in two bytes before it (RFC 4571)."""
    while data:
        end = 2 + int.from_bytes(data[:2])
        assert len(data) >= end
        yield data[2:end]
        data = data[end:]


def datagrams(packets: Iterable[bytes], *, ssrc: int | None = SSRC, step_s: float = STEP_S) -> Heard:
    """Over UDP, evenly spaced; then nothing more."""
    heard = Heard(Receiver("udp", ssrc))
    now_s = 100.0
    for packet in packets:
        now_s += step_s if packet else PAUSE_S
        timer_s = heard.receiver.get_timer()
        if timer_s is not None and timer_s <= now_s:
            heard.receiver.handle_timer(timer_s)
        if packet:
            heard.receiver.receive_datagram(packet, HOST, now_s)
        heard.take()
    return heard.rest(now_s)


def connection(pieces: Iterable[bytes], *, ssrc: int | None = SSRC) -> Heard:
    """Over TCP, in these pieces; then nothing more."""
    heard = Heard(Receiver("tcp", ssrc))
    now_s = 100.0
    for piece in pieces:
        now_s += STEP_S
        heard.receiver.receive_bytes(piece, now_s)
        heard.take()
    return heard.rest(now_s)


def arrived(name: str) -> Heard:
    """A file of the corpus: `.rtp` are datagrams, `.tcp` what a connection carried."""
    data = corpus(name)
    return datagrams(records(data)) if name.endswith(".rtp") else connection([data])
