"""Splits the address of a stream or a picture as technicians paste it: user and password never stay in a URL."""

import re
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final, NamedTuple
from urllib.parse import unquote

from pydantic import TypeAdapter, ValidationError

from provisioning.contracts.config.processes import RtspUrl
from provisioning.contracts.section import ServiceUrl
from provisioning.errors import CameraListError

_MAX_LENGTH: Final = 1024
_PARTS: Final = re.compile(r"([a-z]+)://([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)
_PLACE: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::(\d{1,5}))?", re.ASCII)
_ENCODED: Final = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*", re.ASCII)
"""RFC 3986 `userinfo`: some characters bare, all others percent-encoded."""


class AddressForm(NamedTuple):
    """Form of the addresses of one kind of source."""

    what: str
    ports: dict[str, int]
    """Default port by scheme."""
    url: TypeAdapter[str]


RTSP: Final = AddressForm("RTSP address: write rtsp://host:554/path", {"rtsp": 554, "rtsps": 322}, TypeAdapter(RtspUrl))
PICTURE: Final = AddressForm(
    "address of a picture: write http://host/path or https://host/path",
    {"http": 80, "https": 443},
    TypeAdapter(ServiceUrl),
)


@dataclass(frozen=True, slots=True)
class RtspAddress:
    """An address, and its secrets separately. A path may hold a vendor's token: it is not shown either."""

    url: str = field(repr=False)
    username: str | None
    password: str | None = field(repr=False)
    stream: tuple[str, str, int, str] = field(repr=False)
    """Equal for two spellings of one stream: scheme, host, port, path with query."""

    @property
    def has_path(self) -> bool:
        """False where the address names a camera and none of its streams."""
        return self.stream[3] not in {"", "/"}


def split(text: str, form: AddressForm = RTSP) -> RtspAddress:
    """Splits an address of this form.

    The last `@` before the first `/`, `?` or `#` ends the password, the first `:` the user.
    Technicians paste passwords as they are. User and password are percent-decoded only if both, as they stand, could be
    RFC 3986 userinfo and decode to printable UTF-8: a text with a bare `@`, space or hanzi is not encoded. A password
    with `/`, `?` or `#` must be encoded here; one that looks encoded and is not, such as `a%41`, belongs in its column.

    Raises:
        CameraListError: not such an address. The text repeats nothing of it.
    """
    parts = _PARTS.fullmatch(text)
    if parts is None or parts[1].lower() not in form.ports:
        raise CameraListError(f"this is no {form.what}")
    if not text.isprintable():
        raise CameraListError("there is a line break, a tab or an invisible character in the address: type it again")
    scheme, authority, rest = parts[1].lower(), parts[2], parts[3]
    if "@" in rest:  # the password may have ended the authority early, and would then stay in the URL
        raise CameraListError(
            "there is an @ after the first / ? or #: a password with one of these goes in its column, or"
            " percent-encoded (%2F %3F %23); in a path write %40 for @"
        )
    if " " in rest:
        raise CameraListError("there is a space in the path: write %20, or take it out")
    userinfo, _, place = authority.rpartition("@")
    host, port = _host_and_port(place, form.ports[scheme])
    url = f"{scheme}://{place}{rest}"
    if not _is_url(url, form):
        raise CameraListError(f"this is no {form.what}, of up to {_MAX_LENGTH:,} characters")
    username, password = _user_and_password(userinfo)
    return RtspAddress(url, username or None, password or None, (scheme, host.lower(), port, rest))


def _host_and_port(place: str, default: int) -> tuple[str, int]:
    found = _PLACE.fullmatch(place)
    if found is None:
        raise CameraListError(
            "host and port are not readable: write rtsp://host:554/path; a password with / ? or # goes in its column"
        )
    host, port = found[1], int(found[2] or default)
    if not 1 <= port <= 65535:
        raise CameraListError("the port is not 1 to 65535")
    try:
        if host.startswith("["):
            IPv6Address(host[1:-1])
        elif not host.strip("0123456789."):
            IPv4Address(host)
    except AddressValueError:
        raise CameraListError("the host is no IP address: four numbers of 0 to 255, or IPv6 in brackets") from None
    return host, port


def _is_url(url: str, form: AddressForm) -> bool:
    try:
        form.url.validate_python(url)
    except ValidationError:
        return False
    return True


def _user_and_password(userinfo: str) -> tuple[str, str]:
    username, _, password = userinfo.partition(":")
    if not _ENCODED.fullmatch(userinfo):
        return username, password
    try:
        decoded = unquote(username, errors="strict"), unquote(password, errors="strict")
    except UnicodeDecodeError:
        return username, password
    return decoded if all(map(str.isprintable, decoded)) else (username, password)
