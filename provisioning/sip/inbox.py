"""Turns datagrams and TCP bytes into whole SIP messages, and limits how much an unknown address may send."""

from collections import Counter
from collections.abc import Callable
from typing import Final, TypeAlias

from provisioning.net.rates import TokenBuckets
from provisioning.sip import message as sip
from provisioning.sip.framing import DatagramJoiner, StreamFramer
from provisioning.sip.message import Message, SipError
from provisioning.sip.peer import Peer
from provisioning.sip.timers import Agenda

IDLE_S: Final = 120.0
"""A TCP connection that is no registered device's address is closed after this long."""

Received: TypeAlias = list[tuple[Message, Peer]]


class SipInbox:
    """Reads the messages of all peers. Times are monotonic seconds. `counts` holds the messages that were not read."""

    def __init__(
        self, sources: TokenBuckets, is_host: Callable[[str], bool], is_address: Callable[[Peer], bool]
    ) -> None:
        """`is_host`: a device is registered from that host; its messages are counted later, by device.

        `is_address`: a device is registered from that very address or connection.
        """
        self._sources = sources
        self._is_host = is_host
        self._is_address = is_address
        self._joiner = DatagramJoiner()
        self._framers: dict[Peer, StreamFramer] = {}
        self._pauses: Agenda[Peer] = Agenda()
        self._idle: Agenda[Peer] = Agenda()
        self._hang_ups: list[Peer] = []
        self.counts: Counter[str] = Counter()

    def receive_datagram(self, data: bytes, peer: Peer, now_s: float) -> Received:
        """Takes a datagram; returns the messages that are whole now."""
        if not self._may_send(peer, now_s):
            return []
        return self._parsed(self._joiner.receive(data, peer, now_s))

    def connection_made(self, peer: Peer, now_s: float) -> None:
        """Takes a new TCP connection."""
        self._framers[peer] = StreamFramer()
        self._idle.plan(peer, now_s + IDLE_S)

    def receive_bytes(self, data: bytes, peer: Peer, now_s: float) -> Received:
        """Takes bytes of a connection; returns the messages that are whole now."""
        framer = self._framers.get(peer)
        if framer is None:
            return []
        framer.receive(data, now_s)
        return self._parsed(self._read(framer, peer, now_s))

    def connection_lost(self, peer: Peer) -> None:
        """Drops a connection that has ended."""
        if self._framers.pop(peer, None) is not None:
            self._pauses.cancel(peer)
            self._idle.cancel(peer)

    def get_timer(self) -> float | None:
        """Returns the second at which `handle_timer` is due; it may be early."""
        timers = (self._joiner.get_timer(), self._pauses.get_timer(), self._idle.get_timer())
        return min((at_s for at_s in timers if at_s is not None), default=None)

    def handle_timer(self, now_s: float) -> Received:
        """Returns messages that have waited for more in vain, and closes idle connections."""
        raw_messages = self._joiner.handle_timer(now_s)
        for peer in self._pauses.take_due(now_s):
            self._framers[peer].handle_timer(now_s)
            raw_messages += self._read(self._framers[peer], peer, now_s)
        for peer in self._idle.take_due(now_s):
            if self._is_address(peer):
                self._idle.plan(peer, now_s + IDLE_S)
            else:
                self.counts["idle"] += 1
                self._hang_up(peer)
        return self._parsed(raw_messages)

    def hang_ups(self) -> list[Peer]:
        """Returns the connections to be closed. They are forgotten here already."""
        peers, self._hang_ups = self._hang_ups, []
        return peers

    def _read(self, framer: StreamFramer, peer: Peer, now_s: float) -> list[tuple[bytes, Peer]]:
        raw_messages: list[tuple[bytes, Peer]] = []
        try:
            while (message := framer.next_message()) is not None:
                if not self._may_send(peer, now_s):
                    self._hang_up(peer)
                    return raw_messages
                raw_messages.append((message, peer))
        except SipError:
            self.counts["malformed"] += 1
            self._hang_up(peer)
            return raw_messages
        at_s = framer.get_timer()
        if at_s is None:
            self._pauses.cancel(peer)
        else:
            self._pauses.plan(peer, at_s)
        return raw_messages

    def _parsed(self, raw_messages: list[tuple[bytes, Peer]]) -> Received:
        messages = []
        for data, peer in raw_messages:
            try:
                messages.append((sip.parse(data), peer))
            except SipError:
                self.counts["malformed"] += 1
        return messages

    def _may_send(self, peer: Peer, now_s: float) -> bool:
        may = self._is_host(peer.host) or self._sources.allow(peer.host, now_s)
        self.counts["flooded"] += not may
        return may

    def _hang_up(self, peer: Peer) -> None:
        self._hang_ups.append(peer)
        self.connection_lost(peer)
