"""Builds our requests to a superior: REGISTER, MESSAGE, and NOTIFY in the dialog of a subscription. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from provisioning.contracts.config.cascade import Superior
from provisioning.manscdp.documents import CONTENT_TYPE
from provisioning.sip.edition import Version
from provisioning.sip.headers import Headers
from provisioning.sip.message import Request

Token = Callable[[int], str]
"""Draws so many random hex digits."""
VERSIONS: Final = {"2016": Version.V2016, "2022": Version.V2022}


@dataclass(slots=True)
class UpwardDialog:
    """Identifiers of a dialog, and the number of our last request in it."""

    call_id: str
    own: str
    """From header of our requests."""
    other: str
    """To header of our requests."""
    number: int = 0


class UpwardRequests:
    """Builds the requests to one superior. `own_address` is set with each connection."""

    def __init__(self, settings: Superior, token: Token) -> None:
        self._settings = settings
        self._token = token
        self.version = VERSIONS[settings.edition]
        self.own_address = ("0.0.0.0", 0)  # noqa: S104 - replaced before anything is sent

    @property
    def uri(self) -> str:
        """The superior's SIP address."""
        return f"sip:{self._settings.id}@{self._settings.realm}"

    @property
    def contact(self) -> str:
        """Our own address, to which the superior sends."""
        host, port = self.own_address
        return f"<sip:{self._settings.own_id}@{host}:{port}>"

    def registration(self) -> UpwardDialog:
        """Begins a series of REGISTER requests, which share a Call-ID."""
        own = f"<sip:{self._settings.own_id}@{self._settings.own_domain}>"
        return UpwardDialog(self._token(32), f"{own};tag={self._token(16)}", own)

    def register(self, dialog: UpwardDialog, expires_s: int, *more: tuple[str, str]) -> Request:
        """Builds a REGISTER; `expires_s` 0 ends the registration."""
        headers = (("Contact", self.contact), ("Expires", str(expires_s)), ("X-GB-Ver", self.version.value), *more)
        return self._request(dialog, "REGISTER", self.uri, headers, b"")

    def message(self, body: bytes) -> Request:
        """Builds a MESSAGE, a dialog of its own."""
        own = f"<sip:{self._settings.own_id}@{self._settings.own_domain}>;tag={self._token(16)}"
        dialog = UpwardDialog(self._token(32), own, f"<{self.uri}>")
        return self._request(dialog, "MESSAGE", self.uri, (("Content-Type", CONTENT_TYPE),), body)

    def notify(self, dialog: UpwardDialog, event: str, expires_s: int, body: bytes) -> Request:
        """Builds a NOTIFY of a subscription."""
        headers = (
            ("Contact", self.contact),
            ("Event", event),
            ("Subscription-State", f"active;expires={expires_s};retry-after=0"),
            ("Content-Type", CONTENT_TYPE),
        )
        return self._request(dialog, "NOTIFY", self.uri, headers, body)

    def _request(
        self, dialog: UpwardDialog, method: str, uri: str, more: Sequence[tuple[str, str]], body: bytes
    ) -> Request:
        dialog.number += 1
        host, port = self.own_address
        via = f"SIP/2.0/{self._settings.transport.upper()} {host}:{port}"
        fields = (
            ("Via", f"{via};rport;branch=z9hG4bK{self._token(24)}"),
            ("From", dialog.own),
            ("To", dialog.other),
            ("Call-ID", dialog.call_id),
            ("CSeq", f"{dialog.number} {method}"),
            ("Max-Forwards", "70"),
            *more,
        )
        return Request(method, uri, Headers(fields), body)
