"""Our requests outside of sessions, on their way: repeated over UDP, and each answer brought to whoever asked."""

from collections.abc import Callable
from typing import TypeAlias

from edge_agent.gb28181.devices.queries import Asked
from edge_agent.gb28181.devices.request_factory import OwnRequests
from edge_agent.gb28181.devices.subscriptions import Key
from edge_agent.gb28181.sessions.invite import Route
from edge_agent.gb28181.sip.message import Request, Response
from edge_agent.gb28181.sip.moment import Now
from edge_agent.gb28181.sip.peer import Peer
from edge_agent.gb28181.sip.transactions import ClientTransactions, TimedOut

Context: TypeAlias = Asked | Key
"""Whose answer it is: a query's or command's, or a subscription's."""


class Outgoing:
    """What is to be sent gathers in `packets`."""

    def __init__(self, own: OwnRequests, route: Callable[[str], Route | None]) -> None:
        self._own = own
        self._route = route
        self._open: ClientTransactions[Context] = ClientTransactions()
        self.packets: list[tuple[bytes, Peer]] = []

    def message(self, body: bytes, asked: Asked, now: Now) -> bool:
        """A body to a device; whether there is a way to it."""
        route = self._route(asked.device_id)
        if route is None:
            return False
        self.request(self._own.message(asked.device_id, route, body), route, asked, now)
        return True

    def request(self, request: Request, route: Route, context: Context, now: Now) -> None:
        """A request to where a device is."""
        self.packets.append((self._open.start(request, route.peer, now.monotonic_s, context), route.peer))

    def answered(self, response: Response) -> Context | None:
        """Whose answer it is; None: of no request of these. A provisional one (1xx) does not end the wait."""
        return self._open.answered(response)

    def get_timer(self) -> float | None:
        """When `handle_timer` is to be called."""
        return self._open.get_timer()

    def handle_timer(self, now: Now) -> list[Context]:
        """Time has passed: what is to be repeated is, to where its device is now; whose answer did not come."""
        unanswered = []
        for due in self._open.due(now.monotonic_s):
            if isinstance(due, TimedOut):
                unanswered.append(due.context)
            else:
                self.packets.append((due.data, self._peer_now(due.context) or due.peer))
        return unanswered

    def _peer_now(self, context: Context) -> Peer | None:
        """Address translation gives a device another port now and then; the old one is nobody's."""
        route = self._route(context.device_id if isinstance(context, Asked) else context[0])
        return None if route is None or route.peer.transport != "udp" else route.peer
