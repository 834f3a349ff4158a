"""Bounds the unconfirmed messages between agent and archive, and finds those that have waited too long.

Pure: time is an argument. Without a window an outage becomes a storm: everything in the spool, again and again.

Two bounds, each learned from how long answers take, and never above the configured one. The window holds messages that
the archive has not confirmed; the pipe, inside it, those that the broker has not. On a slow line, or before a busy
centre, they lie ahead of the next live picture, so the window is kept as short as the way is slow: behind a window full
of backlog a live picture would wait a minute at 1 Mbit/s, and messages that wait longer than `resend_after_s` would be
sent twice.
"""

import math
from dataclasses import dataclass, replace
from typing import Final

from provisioning.contracts.config import processes

_REMEMBER: Final = 100_000
"""Messages remembered as sent before, to count those that are sent again."""
_UNANSWERED: Final = 10
"""Times `resend_after_s` that a PUBACK may take.

TCP loses nothing, and a dead line is noticed by keep-alive: this is for a broker that forgets.
"""


@dataclass(frozen=True, slots=True)
class _Sent:
    size: int
    sent_s: float
    mid: int
    taken_s: float | None = None


class _Bound:
    """Learns how many may be on a way: one more if it was full and the answer quick, half if the answer was slow.

    So it doubles with every round trip, as TCP's does, until the way is as full as it can be without a queue.
    """

    def __init__(self, first: int, most: int, *, quick_s: float, slow_s: float) -> None:
        self.value = min(first, most)
        self._most = most
        self._quick_s = quick_s
        self._slow_s = slow_s
        self._full_s = self._halved_s = -math.inf

    def holds(self, count: int, now_s: float) -> None:
        """Note the number on their way now."""
        if count >= self.value:
            self._full_s = now_s

    def answered(self, sent_s: float, now_s: float) -> None:
        """Learn from an answer to a message sent at `sent_s`."""
        if now_s - sent_s <= self._quick_s:
            if sent_s <= self._full_s:  # one that was never full teaches nothing
                self.value = min(self.value + 1, self._most)
        elif now_s - sent_s > self._slow_s:
            self.was_slow(sent_s, now_s)

    def was_slow(self, sent_s: float, now_s: float) -> None:
        """Learn from a slow answer, or from none. All that was on its way together counts once."""
        if sent_s >= self._halved_s:
            self.value = max(1, self.value // 2)
            self._halved_s = now_s


class InflightWindow:
    """Messages on their way, by their `seq` in the spool.

    A message leaves it when it is archived or rejected, when the broker would not take it, or `resend_after_s` after
    the
    broker took it: then its expiry there has passed too, and it may be sent again, the newest first.
    """

    def __init__(self, limits: processes.Window) -> None:
        self._limits = limits
        self._sent: dict[int, _Sent] = {}
        self._by_mid: dict[int, int] = {}
        self._bytes = 0
        self._once: dict[int, None] = {}
        self._probing = False
        self._pipe, self._window = self._bounds()
        self.resent = 0

    @property
    def in_flight(self) -> frozenset[int]:
        """`seq` of each message on its way."""
        return frozenset(self._sent)

    @property
    def expiry_s(self) -> int:
        """MQTT message expiry, in whole seconds as the protocol has it."""
        return max(1, math.floor(self._limits.resend_after_s))

    def room(self) -> tuple[int, int]:
        """Messages and bytes that may still be sent. One message while probing a broker that has no taker."""
        limit = 1 if self._probing else self._window.value
        messages = min(limit - len(self._sent), self._pipe.value - len(self._by_mid))
        return max(0, messages), max(0, self._limits.max_bytes - self._bytes)

    def add(self, seq: int, size: int, mid: int, now_s: float) -> None:
        """Add a message that was handed to the broker as packet `mid`."""
        self._sent[seq] = _Sent(size, now_s, mid)
        self._by_mid[mid] = seq
        self._bytes += size
        self._pipe.holds(len(self._by_mid), now_s)
        self._window.holds(len(self._sent), now_s)
        if seq in self._once:
            self.resent += 1
        self._once[seq] = None
        if len(self._once) > _REMEMBER:  # what the spool let go in the meantime is never heard of again
            del self._once[next(iter(self._once))]

    def knows(self, mid: int) -> bool:
        """True if packet `mid` is one of these messages."""
        return mid in self._by_mid

    def taken(self, mid: int, now_s: float) -> None:
        """Note that the broker has a message: a subscriber listens, and the window may be full again."""
        seq = self._by_mid.pop(mid, None)
        if seq is not None:
            self._pipe.answered(self._sent[seq].sent_s, now_s)
            self._sent[seq] = replace(self._sent[seq], taken_s=now_s)
        self._probing = False

    def refused(self, mid: int) -> None:
        """Note that the broker would not keep a message: from now on messages go one at a time."""
        seq = self._by_mid.get(mid)
        if seq is not None:
            self._forget(seq)
        self._probing = True

    def ended(self, seq: int, now_s: float) -> None:
        """Remove a message that was archived or rejected."""
        sent = self._forget(seq)
        if sent is not None:
            self._window.answered(sent.sent_s, now_s)
        self._once.pop(seq, None)

    def expire(self, now_s: float) -> None:
        """Remove messages that have had no answer in time."""
        for seq, sent in [(seq, sent) for seq, sent in self._sent.items() if now_s >= self._due_s(sent)]:
            self._window.was_slow(sent.sent_s, now_s)
            self._forget(seq)

    def next_expiry_s(self) -> float | None:
        """Time at which `expire` is due next; None while nothing is in flight."""
        return min(map(self._due_s, self._sent.values()), default=None)

    def lost_connection(self) -> None:
        """Forget all: packet ids die with the connection, and arrivals are unknown, so all of it may be sent again."""
        self._sent.clear()
        self._by_mid.clear()
        self._bytes = 0
        self._pipe, self._window = self._bounds()

    def _bounds(self) -> tuple[_Bound, _Bound]:
        most = self._limits.max_messages
        # A full window takes 0.5 to 1 s before an archive that commits every 200 ms (measured).
        return _Bound(8, most, quick_s=1.0, slow_s=2.0), _Bound(16, most, quick_s=3.0, slow_s=6.0)

    def _due_s(self, sent: _Sent) -> float:
        if sent.taken_s is None:
            return sent.sent_s + _UNANSWERED * self._limits.resend_after_s
        return sent.taken_s + self._limits.resend_after_s

    def _forget(self, seq: int) -> _Sent | None:
        sent = self._sent.pop(seq, None)
        if sent is not None:
            self._bytes -= sent.size
            self._by_mid.pop(sent.mid, None)
        return sent
