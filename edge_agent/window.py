"""How much may be unconfirmed between agent and archive, and what has waited too long.

Pure: time is an argument. Without a window an outage becomes a storm: everything in the spool, again and again.
"""

import math
from dataclasses import dataclass
from typing import Final

from provisioning.contracts import config

_REMEMBER: Final = 100_000
"""Messages of which is known that they were sent before, for the count of what was sent again."""


@dataclass(frozen=True, slots=True)
class _Sent:
    size: int
    sent_s: float
    mid: int


class Window:
    """Messages on their way, by their `seq` in the spool.

    A message leaves it when it is archived or rejected, when the broker would not take it, or after `resend_after_s`:
    then its expiry at the broker has passed too, and it may be sent again, the newest first.
    """

    def __init__(self, limits: config.Window) -> None:
        self._limits = limits
        self._sent: dict[int, _Sent] = {}
        self._by_mid: dict[int, int] = {}
        self._once: dict[int, None] = {}
        self._probing = False
        self.resent = 0

    @property
    def in_flight(self) -> frozenset[int]:
        """Their `seq`."""
        return frozenset(self._sent)

    @property
    def expiry_s(self) -> int:
        """MQTT message expiry, in whole seconds as the protocol has it."""
        return max(1, math.floor(self._limits.resend_after_s))

    def room(self) -> tuple[int, int]:
        """Messages and bytes that may still be sent. One message while probing a broker that has no taker."""
        limit = 1 if self._probing else self._limits.max_messages
        size = sum(sent.size for sent in self._sent.values())
        return max(0, limit - len(self._sent)), max(0, self._limits.max_bytes - size)

    def add(self, seq: int, size: int, mid: int, now_s: float) -> None:
        """A message was handed to the broker as packet `mid`."""
        self._sent[seq] = _Sent(size, now_s, mid)
        self._by_mid[mid] = seq
        if seq in self._once:
            self.resent += 1
        self._once[seq] = None
        if len(self._once) > _REMEMBER:  # what the spool let go in the meantime is never heard of again
            del self._once[next(iter(self._once))]

    def knows(self, mid: int) -> bool:
        """Whether packet `mid` is one of these messages."""
        return mid in self._by_mid

    def taken(self, mid: int) -> None:
        """The broker has it: so somebody listens, and the window may be full again."""
        self._by_mid.pop(mid, None)
        self._probing = False

    def refused(self, mid: int) -> None:
        """The broker would not keep it, so it is on nobody's way; from now on one at a time."""
        seq = self._by_mid.pop(mid, None)
        if seq is not None:
            self._sent.pop(seq, None)
        self._probing = True

    def ended(self, seq: int) -> None:
        """Archived or rejected."""
        sent = self._sent.pop(seq, None)
        if sent is not None:
            self._by_mid.pop(sent.mid, None)
        self._once.pop(seq, None)

    def expire(self, now_s: float) -> None:
        """Let go of what has had no answer in time."""
        for seq, sent in list(self._sent.items()):
            if now_s - sent.sent_s >= self._limits.resend_after_s:
                del self._sent[seq]
                self._by_mid.pop(sent.mid, None)

    def next_expiry_s(self) -> float | None:
        """When `expire` is due next; None while nothing is in flight."""
        if not self._sent:
            return None
        return min(sent.sent_s for sent in self._sent.values()) + self._limits.resend_after_s

    def lost_connection(self) -> None:
        """Packet ids die with the connection, and nobody knows what arrived: all of it may be sent again."""
        self._sent.clear()
        self._by_mid.clear()
