"""Asks a camera's ONVIF services for the address of its picture (ONVIF Core 8.1.2, Media 5.2.2 and 5.13.1).

A camera names addresses of services and pictures: see `named_address`.
"""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from edge_agent.clock import Clock
from edge_agent.errors import NoAnswer, NoPicture, OnvifError, SourceError, Unreachable, WrongCredentials
from edge_agent.host_port import host_port
from edge_agent.onvif import soap
from edge_agent.onvif.client import DEVICE, OnvifClient
from edge_agent.onvif.device_time import device_time
from edge_agent.onvif.http_exchange import HttpAddress
from edge_agent.onvif.named_address import on_host
from provisioning.contracts.causes import snapshots, streams
from provisioning.contracts.config import processes
from provisioning.net.digest import Account

_MEDIA: Final = "http://www.onvif.org/ver10/media/wsdl"
_MAX_PROFILES: Final = 64
_MAX_TOKEN: Final = 64


class OnvifAddress:
    """Finds the address of one camera's pictures."""

    def __init__(
        self, camera_id: str, source: processes.SnapshotSource, clock: Clock, password: Callable[[], str | None]
    ) -> None:
        """`password`: reads the password at the moment it is used. Raises WrongCredentials."""
        self._camera_id = camera_id
        self._source = source
        self._clock = clock
        self._password = password

    def find(self, device_url: str) -> str:
        """Returns the address of the picture, on the host of `device_url`.

        Raises:
            Unreachable, NoAnswer, WrongCredentials: the service cannot be called.
            NoPicture: it names no picture.
        """
        parts = urlsplit(device_url)
        place = host_port(parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))
        try:
            return self._find(device_url)
        except OnvifError as error:
            failure = self._failure(error, place)
        except ValueError:
            failure = NoPicture(self._camera_id, snapshots.ONVIF_UNUSABLE(detail=f"{place} names none that is one"))
        raise failure  # outside the handlers: the library's errors may hold an address

    def _find(self, device_url: str) -> str:
        device = self.client(device_url)
        camera_ms = device_time(device, self._clock).at_ms  # its login is dated by its own time
        told = device.call("GetCapabilities", DEVICE, "<Category>Media</Category>", camera_ms=camera_ms)
        media_url = on_host(soap.find_text(told.response, "Capabilities", "Media", "XAddr"), device_url)
        media = self.client(media_url)
        token = self._source.profile or _first_token(media.call("GetProfiles", _MEDIA, camera_ms=camera_ms).response)
        wanted = f"<ProfileToken>{escape(token)}</ProfileToken>"
        told = media.call("GetSnapshotUri", _MEDIA, wanted, camera_ms=camera_ms)
        return on_host(soap.find_text(told.response, "MediaUri", "Uri"), device_url)

    def client(self, url: str) -> OnvifClient:
        """Makes a client of one of the camera's services, with its login."""
        return OnvifClient(HttpAddress.of(url), self._account, self._clock)

    def _account(self) -> Account | None:
        password = self._password()
        return None if password is None or self._source.username is None else Account(self._source.username, password)

    def _failure(self, error: OnvifError, place: str) -> SourceError:
        match error.cause:
            case "wrong_credentials":
                is_sealed = self._source.password_sealed is not None
                refused = streams.SEALED_LOGIN_REFUSED if is_sealed else streams.LOGIN_REFUSED
                return WrongCredentials(self._camera_id, refused(place=place))
            case "unreachable":
                return Unreachable(self._camera_id, snapshots.ONVIF_UNUSABLE(detail=error))
            case "no_answer":
                return NoAnswer(self._camera_id, snapshots.ONVIF_UNUSABLE(detail=error))
            case _:
                return NoPicture(self._camera_id, snapshots.ONVIF_UNUSABLE(detail=error))


def _first_token(response: Element) -> str:
    """Returns the token of the first media profile.

    Raises:
        OnvifError: there is none (`garbage`).
    """
    for profile in response[:_MAX_PROFILES]:
        token = profile.get("token", "")
        if 0 < len(token) <= _MAX_TOKEN and token.isprintable():
            return token
    raise OnvifError("names no media profile", "garbage")
