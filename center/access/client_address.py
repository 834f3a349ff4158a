"""Finds the address that a request comes from, behind the proxies that the configuration trusts and no others."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

UNKNOWN: Final = "-"
_FORWARDED: Final = b"x-forwarded-for"
_MAX_HOPS: Final = 16


def source(
    client: str | None, headers: Sequence[tuple[bytes, bytes]], trusted: Sequence[IPv4Network | IPv6Network]
) -> str:
    """Walks `X-Forwarded-For` from its end, as each proxy added to it, to the first address that is no trusted proxy.

    The rest was written by the client and is not read. An entry that is not an address ends the walk, too.
    """
    here = _address(client or "")
    if here is None:
        return client or UNKNOWN
    forwarded = b",".join(value for name, value in headers if name.lower() == _FORWARDED).decode("latin-1").split(",")
    for hop in reversed(forwarded[-_MAX_HOPS:]):
        if not any(here in network for network in trusted) or (before := _address(hop.strip())) is None:
            break
        here = before
    return str(here)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
