"""Orders packets as they were sent, and marks where some are missing (RFC 3550, A.1 and A.3).

Over UDP a packet that is ahead waits for those before it: up to `WINDOW` packets or `WAIT_S`. So do the very first, as
the stream's first number is not known yet. Over TCP nothing is reordered, so a number that is missing was never sent,
and nothing waits.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

from edge_agent.gb28181.media.rtp import Packet

WINDOW: Final = 128
WAIT_S: Final = 0.2
_LATE: Final = 512
"""Numbers behind, up to which a packet is late or a repeat; farther, its sender has begun anew if the next one
follows."""
_AHEAD: Final = 3000
"""Numbers ahead, up to which packets are missing (MAX_DROPOUT of RFC 3550, A.1); farther, the sender has begun anew."""
_NUMBERS: Final = 1 << 16


class Gap(NamedTuple):
    """Packets are missing here."""

    packets: int
    """Number of packets; 0 where the sender's numbers began anew, so that it is not known."""


InOrder: TypeAlias = Packet | Gap


class ReorderBuffer:
    """Reorders the packets of one stream. `late` counts what came too late or twice."""

    def __init__(self, window: int = WINDOW) -> None:
        """`window` 0: over TCP."""
        self._window = window
        self._expected: int | None = None
        self._first: list[Packet] = []
        """Packets that came before the stream's first number is known."""
        self._ahead: dict[int, Packet] = {}
        self._waits_from_s = 0.0
        self._restart: tuple[int, int] | None = None
        """The number expected when a packet from elsewhere came, and the number that would follow that one."""
        self.late = 0

    @property
    def held_bytes(self) -> int:
        """Payload bytes of packets that wait for others, `WINDOW` packets at most."""
        return sum(len(packet.payload) for packet in (*self._first, *self._ahead.values()))

    def push(self, packet: Packet, now_s: float) -> Sequence[InOrder]:
        """Takes a packet; returns what is in order by now."""
        if packet.sequence == self._expected and not self._ahead:
            self._expected = (packet.sequence + 1) % _NUMBERS
            return (packet,)
        if self._expected is None and self._window:
            return self._put_first(packet, now_s)
        ready: list[InOrder] = []
        if self._expected is None or packet.sequence == self._expected:
            self._expected = packet.sequence
            self._ahead[packet.sequence] = packet
            self._release(ready, now_s)
        else:
            self._put_aside(packet, self._expected, ready, now_s)
        if len(self._ahead) > self._window or self._is_due(now_s):
            self._give_up(ready, now_s)
        return ready

    def get_timer(self) -> float | None:
        """Returns the monotonic second at which waiting ends; None: nothing waits."""
        return self._waits_from_s + WAIT_S if self._ahead or self._first else None

    def handle_timer(self, now_s: float) -> Sequence[InOrder]:
        """Returns packets and gaps that are not waited for any longer."""
        ready: list[InOrder] = []
        if self._first and self._has_waited(now_s):
            return self._begin(now_s)
        if self._is_due(now_s):
            self._give_up(ready, now_s)
        return ready

    def _put_first(self, packet: Packet, now_s: float) -> Sequence[InOrder]:
        if not self._first:
            self._waits_from_s = now_s
        self._first.append(packet)
        return self._begin(now_s) if len(self._first) > self._window or self._has_waited(now_s) else ()

    def _begin(self, now_s: float) -> Sequence[InOrder]:
        """Begins at the lowest number near the first that came; the others count as if they came just now."""
        first, self._first = self._first, []
        base = first[0].sequence
        behind = [back for packet in first if (back := (base - packet.sequence) % _NUMBERS) <= _LATE]
        self._expected = (base - max(behind)) % _NUMBERS
        return [item for packet in first for item in self.push(packet, now_s)]

    def _is_due(self, now_s: float) -> bool:
        """Compares with the very sum of `get_timer`: a difference may round to less than `WAIT_S` at that moment."""
        return bool(self._ahead) and self._has_waited(now_s)

    def _has_waited(self, now_s: float) -> bool:
        return now_s >= self._waits_from_s + WAIT_S

    def _put_aside(self, packet: Packet, expected: int, ready: list[InOrder], now_s: float) -> None:
        """Takes a packet that is not expected yet, or no more."""
        sequence, distance = packet.sequence, (packet.sequence - expected) % _NUMBERS
        if distance <= _AHEAD:
            if not self._ahead:
                self._waits_from_s = now_s
            self.late += sequence in self._ahead
            self._ahead.setdefault(sequence, packet)
            return
        is_near = self._window and _NUMBERS - distance <= _LATE
        if is_near or self._restart != (expected, sequence):
            self.late += 1
            self._restart = expected, (sequence + 1) % _NUMBERS
            return
        while self._ahead:
            self._give_up(ready, now_s)
        ready += (Gap(0), packet)
        self._expected = (sequence + 1) % _NUMBERS

    def _release(self, ready: list[InOrder], now_s: float) -> None:
        """Releases what is in order by now."""
        while self._expected is not None and (packet := self._ahead.pop(self._expected, None)) is not None:
            self._expected = (packet.sequence + 1) % _NUMBERS
            ready.append(packet)
        self._waits_from_s = now_s

    def _give_up(self, ready: list[InOrder], now_s: float) -> None:
        """Gives up the missing packets before the next that is there."""
        expected = self._expected or 0
        missing = min((sequence - expected) % _NUMBERS for sequence in self._ahead)
        ready.append(Gap(missing))
        self._expected = (expected + missing) % _NUMBERS
        self._release(ready, now_s)
