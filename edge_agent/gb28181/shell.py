"""Connects the endpoint with sockets and clocks.

It only pumps: one step of the endpoint, and all that follows from it.
"""

import asyncio
import socket
import threading
from collections.abc import Callable
from typing import Final, TypeVar

from edge_agent.clock import Clock
from edge_agent.gb28181.connections import ConnectionLimits, Connections, address_towards
from edge_agent.gb28181.devices.events import Event
from edge_agent.gb28181.endpoint import Endpoint
from provisioning.net.next_timer import NextTimer
from provisioning.sip.moment import Now
from provisioning.sip.peer import Peer

_T = TypeVar("_T")
_LOOK_S: Final = 0.1
"""Seconds between two checks whether to stop."""
_FLUSH_S: Final = 1.0
_GOODBYE_S: Final = 1.0
_ROUTES_S: Final = 60.0
"""Seconds after which our address towards a peer is looked up again: routes change."""
_MAX_ROUTES: Final = 16_384


class OwnAddress:
    """Finds the address of ours at which a peer reaches us. Times are monotonic seconds."""

    def __init__(self, host: str, public_host: str | None, clock: Clock) -> None:
        """`host`: the address that is listened on. `public_host`: the address that devices get whatever the route."""
        self._fixed = public_host or ("" if host in {"0.0.0.0", ""} else host)  # noqa: S104 - compared, not bound
        self._clock = clock
        self._routes: dict[str, tuple[str, float]] = {}

    def towards(self, peer: Peer) -> str:
        """Returns the address for Via, Contact and SDP."""
        if self._fixed:
            return self._fixed
        now_s = self._clock.monotonic_s()
        own, until_s = self._routes.get(peer.host, ("", now_s))
        if until_s <= now_s:
            own = address_towards(peer.host)
            if len(self._routes) >= _MAX_ROUTES:
                self._routes.clear()
            self._routes[peer.host] = own, now_s + _ROUTES_S
        return own or peer.host


class Shell:
    """Runs one endpoint in the event loop of the thread that calls `serve`."""

    def __init__(
        self,
        endpoint: Endpoint,
        on_event: Callable[[Event], None],
        flush: Callable[[], None],
        clock: Clock,
        limits: ConnectionLimits,
    ) -> None:
        """`on_event` gets every event; `flush` is called about every second, and at the end."""
        self._on_event = on_event
        self._flush = flush
        self._clock = clock
        self._endpoint = endpoint
        self._connections = Connections(self, limits)
        self._timer = NextTimer(self._handle_timer, clock.monotonic_s)

    async def serve(self, udp: socket.socket, listener: socket.socket, stop: threading.Event) -> None:
        """Serves until `stop`; both sockets are closed then."""
        server = await self._connections.open(udp, listener)
        flushed_s = self._clock.monotonic_s()
        try:
            self._pump()
            while not stop.is_set():
                await asyncio.sleep(_LOOK_S)
                if self._clock.monotonic_s() - flushed_s >= _FLUSH_S:
                    flushed_s = self._clock.monotonic_s()
                    self._flush()
            await self._say_goodbye()
        finally:
            server.close()
            self._connections.close()
            self._timer.cancel()
            self._flush()

    @property
    def shut_out(self) -> int:
        """TCP connections closed because they were beyond the limits."""
        return self._connections.shut_out

    def run_command(self, command: Callable[[Endpoint, Now], _T]) -> _T:
        """Runs a command in the loop's thread, and sends what follows from it. Raises what the command raises."""
        try:
            return command(self._endpoint, self._now())
        finally:
            self._pump()

    # --- what the sockets say

    def datagram(self, data: bytes, peer: Peer) -> None:
        self._endpoint.receive_datagram(data, peer, self._now())
        self._pump()

    def made(self, peer: Peer) -> None:
        self._endpoint.connection_made(peer, self._now())
        self._pump()

    def stream(self, data: bytes, peer: Peer) -> None:
        self._endpoint.receive_bytes(data, peer, self._now())
        self._pump()

    def lost(self, peer: Peer) -> None:
        self._endpoint.connection_lost(peer, self._now())
        self._pump()

    # --- inside

    async def _say_goodbye(self) -> None:
        """Ends the sessions of devices that send to us, and waits up to a second for their answers."""
        self.run_command(lambda endpoint, now: endpoint.close(now))
        for _ in range(round(_GOODBYE_S / _LOOK_S)):
            if self._endpoint.is_idle():
                return
            await asyncio.sleep(_LOOK_S)

    def _now(self) -> Now:
        return Now(self._clock.monotonic_s(), self._clock.now_ms())

    def _pump(self) -> None:
        """Sends everything, passes on the events, then sets the timer."""
        for data, peer in self._endpoint.data_to_send():
            self._connections.send(data, peer)
        for peer in self._endpoint.hang_ups():
            self._connections.hang_up(peer)
        while (event := self._endpoint.next_event()) is not None:
            self._on_event(event)
        self._timer.set(self._endpoint.get_timer())

    def _handle_timer(self) -> None:
        self._endpoint.handle_timer(self._now())
        self._pump()
