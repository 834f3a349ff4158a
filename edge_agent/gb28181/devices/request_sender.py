"""Sends our requests outside of sessions: repeats them over UDP, and matches each answer with its query."""

from collections.abc import Callable
from typing import TypeAlias

from edge_agent.gb28181.devices.queries import MessageContext
from edge_agent.gb28181.devices.request_factory import RequestFactory
from edge_agent.gb28181.devices.subscriptions import Key
from edge_agent.gb28181.sessions.invite import DeviceRoute
from provisioning.sip.message import Request, Response
from provisioning.sip.moment import Now
from provisioning.sip.peer import Peer
from provisioning.sip.transactions import ClientTransactions, TimedOut

Context: TypeAlias = MessageContext | Key
"""The origin of a request: a query or command, or a subscription."""


class RequestSender:
    """Holds the open client transactions. Datagrams to be sent gather in `packets`."""

    def __init__(self, requests: RequestFactory, route: Callable[[str], DeviceRoute | None]) -> None:
        self._requests = requests
        self._route = route
        self._open: ClientTransactions[Context] = ClientTransactions()
        self.packets: list[tuple[bytes, Peer]] = []

    def message(self, body: bytes, asked: MessageContext, now: Now) -> bool:
        """Sends a body in a MESSAGE; returns False without a route to the device."""
        route = self._route(asked.device_id)
        if route is None:
            return False
        self.request(self._requests.message(asked.device_id, route, body), route, asked, now)
        return True

    def request(self, request: Request, route: DeviceRoute, context: Context, now: Now) -> None:
        """Sends a request along a route."""
        self.packets.append((self._open.start(request, route.peer, now.monotonic_s, context), route.peer))

    def answered(self, response: Response) -> Context | None:
        """Returns the origin of the answered request; None: it is none of these.

        A provisional response (1xx) is not final.
        """
        return self._open.answered(response)

    def get_timer(self) -> float | None:
        """Returns the monotonic second at which `handle_timer` is due."""
        return self._open.get_timer()

    def handle_timer(self, now: Now) -> list[Context]:
        """Repeats what is due, to the device's address of now; returns the origins of unanswered requests."""
        unanswered = []
        for due in self._open.due(now.monotonic_s):
            if isinstance(due, TimedOut):
                unanswered.append(due.context)
            else:
                self.packets.append((due.data, self._peer_now(due.context) or due.peer))
        return unanswered

    def _peer_now(self, context: Context) -> Peer | None:
        """Returns the device's UDP address of now: NAT gives a device another port now and then."""
        route = self._route(context.device_id if isinstance(context, MessageContext) else context[0])
        return None if route is None or route.peer.transport != "udp" else route.peer
