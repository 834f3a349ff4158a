"""Selects the addresses that a channel may connect to. Pure.

The centre's machine also runs the archive's query, Ray's dashboard and whatever else trusts loopback: a name that
resolves there, or to this machine's own address, is refused unless the configuration says that it is meant.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

_NAT64: Final = 0x0064FF9B << 96


def allowed(addresses: Iterable[str], own: Iterable[str], *, allow_loopback: bool) -> tuple[str, ...]:
    """Returns those of `addresses` that may be connected to.

    Args:
        addresses: what a name resolves to.
        own: those of `addresses` that are this machine's.
        allow_loopback: True if the configuration allows this machine itself.
    """
    ours = set(own)
    return tuple(each for each in addresses if _may(each, own=each in ours, allow_loopback=allow_loopback))


def _may(text: str, *, own: bool, allow_loopback: bool) -> bool:
    address = _embedded(ip_address(text.partition("%")[0]))
    if address.is_loopback or own:
        return allow_loopback
    # 0.0.0.0 is this machine too; 169.254.169.254 hands out a cloud machine's keys.
    return not (address.is_unspecified or address.is_link_local or address.is_multicast or address.is_reserved)


def _embedded(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Returns the IPv4 address that an IPv6 one leads to."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if int(address) >> 32 == _NAT64 >> 32:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address.sixtofour is not None:
        return address.sixtofour
    return address
