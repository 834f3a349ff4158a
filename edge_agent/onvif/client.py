"""Calls one ONVIF service of one camera: SOAP over a bounded HTTP exchange."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from xml.etree.ElementTree import Element

from edge_agent.clock import Clock
from edge_agent.errors import OnvifError
from edge_agent.onvif import soap
from edge_agent.onvif.http_exchange import HttpAddress, HttpBounds, exchange
from provisioning.net.digest import Account

DEVICE_PATH: Final = "/onvif/device_service"
"""Path of the device service (ONVIF Core 5.1.1)."""
DEVICE: Final = "http://www.onvif.org/ver10/device/wsdl"
_BOUNDS: Final = HttpBounds(max_bytes=soap.MAX_BYTES)
_HEADERS: Final = {"Content-Type": "application/soap+xml; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class OnvifAnswer:
    """Answer of a service, with the monotonic seconds between which it was made."""

    response: Element
    sent_s: float
    received_s: float


class OnvifClient:
    """Calls one service. `account` reads user and password anew at each call, None for none."""

    def __init__(
        self,
        address: HttpAddress,
        account: Callable[[], Account | None],
        clock: Clock,
        *,
        bounds: HttpBounds = _BOUNDS,
    ) -> None:
        self._address = address
        self._account = account
        self._clock = clock
        self._bounds = bounds

    def call(
        self, name: str, namespace: str, content: str = "", *, camera_ms: int | None = None, action: str = ""
    ) -> OnvifAnswer:
        """Calls `name` with `content`, the escaped children of its element; returns the element `{name}Response`.

        `camera_ms`: the camera's own time; with it the login also stands in the SOAP header, for cameras that know no
        HTTP digest. `action`: the WS-Addressing action of a service that wants one.

        Raises:
            OnvifError: as `http_exchange.exchange` and `soap.read`.
        """
        account = self._account()
        token = None
        if account is not None and camera_ms is not None:
            created = datetime.fromtimestamp(camera_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            token = soap.UsernameToken(account, secrets.token_bytes(16), created)
        body = f'<{name} xmlns="{namespace}">{content}</{name}>'
        request = soap.envelope(body, token, action=action, to=str(self._address.url))
        answer = exchange(self._address, "POST", request, _HEADERS, self._clock, account=account, bounds=self._bounds)
        try:
            response = soap.read(answer.body, f"{name}Response")
        except OnvifError as error:
            raise OnvifError(f"{self._address.place}: {error}", error.cause) from error
        return OnvifAnswer(response, answer.sent_s, answer.received_s)
