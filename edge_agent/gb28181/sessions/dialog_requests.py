"""Builds the requests of one dialog, with its identifiers and CSeq numbers."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from edge_agent.gb28181.media import ssrc
from edge_agent.gb28181.sessions.invite import DeviceRoute, Invitation
from provisioning.net.digest import Account
from provisioning.sip.headers import Headers
from provisioning.sip.message import Request

_USER: Final = re.compile(r"[A-Za-z0-9_.+%-]{1,64}")
"""A user part that may stand in a request line."""


@dataclass(frozen=True, slots=True)
class DialogEnvironment:
    """Provides what every dialog of a platform needs."""

    platform_id: str
    realm: str
    token: Callable[[int], str]
    """Returns so many random hex digits."""
    route: Callable[[str], DeviceRoute | None]
    """Returns the route to a device, now; None: it is not registered."""
    credentials: Callable[[str], Account | None]
    """Returns the user name and password for a device that challenges our INVITE."""


class DialogRequests:
    """Builds and numbers one dialog's requests. A request that has no route is None."""

    def __init__(self, invitation: Invitation, environment: DialogEnvironment) -> None:
        self.call_id = environment.token(32)
        self._invitation = invitation
        self._environment = environment
        self._from = f"<sip:{environment.platform_id}@{environment.realm}>;tag={environment.token(16)}"
        self._to = f"<sip:{invitation.channel_id}@{environment.realm}>"
        self._user = invitation.channel_id
        self._cseq = 0

    @property
    def route(self) -> DeviceRoute | None:
        """Returns the route to the device, now."""
        return self._environment.route(self._invitation.device_id)

    def set_remote(self, to: str | None, user: str) -> None:
        """Takes over the remote target of a 2xx: the whole To, and the user of its Contact.

        The host is the route's: NAT.
        """
        self._to = to or self._to
        self._user = user if _USER.fullmatch(user) else self._user

    def invite(self, its_ssrc: int, offer: bytes, extra: Sequence[tuple[str, str]] = ()) -> Request | None:
        """Builds the next INVITE, with an SDP offer."""
        channel_id, platform_id = self._invitation.channel_id, self._environment.platform_id
        headers = [
            ("Subject", f"{channel_id}:{ssrc.text(its_ssrc)},{platform_id}:0"),
            ("Content-Type", "APPLICATION/SDP"),
            *extra,
        ]
        self._cseq += 1
        return self._next("INVITE", self._cseq, headers, offer)

    def ack(self, number: int) -> Request | None:
        """Acknowledges a 2xx to the INVITE of that number."""
        return self._next("ACK", number)

    def bye(self) -> Request | None:
        """Builds a BYE, with the next CSeq."""
        self._cseq += 1
        return self._next("BYE", self._cseq)

    def _next(
        self, method: str, number: int, extra: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Request | None:
        route = self.route
        if route is None:
            return None
        via = f"SIP/2.0/{route.peer.transport.upper()} {route.host}:{route.port}"
        fields = [
            ("Via", f"{via};rport;branch=z9hG4bK{self._environment.token(24)}"),
            ("From", self._from),
            ("To", self._to),
            ("Call-ID", self.call_id),
            ("CSeq", f"{number} {method}"),
            ("Contact", f"<sip:{self._environment.platform_id}@{route.host}:{route.port}>"),
            ("Max-Forwards", "70"),
            *extra,
        ]
        return Request(method, f"sip:{self._user}@{route.peer.host}:{route.peer.port}", Headers(tuple(fields)), body)


def same_hop(invite: Request, method: str, to: str | None = None) -> Request:
    """Builds the CANCEL, or the ACK of a refusal, in the transaction of an INVITE (RFC 3261, 9.1 and 17.1.1.3)."""
    number = (invite.headers.get("CSeq") or "").split()[0]
    fields = {name: invite.headers.get(name) or "" for name in ("Via", "From", "To", "Call-ID")}
    if to is not None:
        fields["To"] = to
    headers = Headers((*fields.items(), ("CSeq", f"{number} {method}"), ("Max-Forwards", "70")))
    return Request(method, invite.uri, headers)
