"""Builds our requests outside of sessions: MESSAGE, and SUBSCRIBE with the dialog that it makes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge_agent.gb28181.sessions.invite import DeviceRoute
from provisioning.manscdp.documents import CONTENT_TYPE
from provisioning.sip.headers import Headers
from provisioning.sip.message import Request


@dataclass(slots=True)
class DialogIds:
    """The identifiers of one SIP dialog with a device. A MESSAGE has one of its own each time."""

    device_id: str
    call_id: str
    own_tag: str
    to: str
    number: int = 0


class RequestFactory:
    """Builds the requests of one platform."""

    def __init__(self, platform_id: str, realm: str, token: Callable[[int], str]) -> None:
        self._platform_id = platform_id
        self._realm = realm
        self._token = token

    def line(self, device_id: str) -> DialogIds:
        """Begins a dialog with a device: new Call-ID and tag."""
        return DialogIds(device_id, self._token(32), self._token(16), f"<sip:{device_id}@{self._realm}>")

    def contact(self, route: DeviceRoute) -> str:
        """Returns the Contact URI, to which a device sends its requests within our dialog."""
        return f"<sip:{self._platform_id}@{route.host}:{route.port}>"

    def message(self, device_id: str, route: DeviceRoute, body: bytes) -> Request:
        """Builds a MESSAGE: a query, a command, or an application-level response."""
        return self.request(self.line(device_id), "MESSAGE", route, (), body)

    def request(
        self, line: DialogIds, method: str, route: DeviceRoute, extra: Sequence[tuple[str, str]], body: bytes
    ) -> Request:
        """Builds the next request of a dialog."""
        line.number += 1
        via = f"SIP/2.0/{route.peer.transport.upper()} {route.host}:{route.port}"
        fields = [
            ("Via", f"{via};rport;branch=z9hG4bK{self._token(24)}"),
            ("From", f"<sip:{self._platform_id}@{self._realm}>;tag={line.own_tag}"),
            ("To", line.to),
            ("Call-ID", line.call_id),
            ("CSeq", f"{line.number} {method}"),
            ("Max-Forwards", "70"),
            *extra,
            ("Content-Type", CONTENT_TYPE),
        ]
        uri = f"sip:{line.device_id}@{route.peer.host}:{route.peer.port}"
        return Request(method, uri, Headers(tuple(fields)), body)
