"""Writes `/etc/nftables.conf`: every port that is not opened is closed. Loaded by Debian's nftables.service."""

from collections.abc import Iterator, Sequence
from ipaddress import IPv6Network, ip_network

from provisioning.servers.ports import Opening


def ruleset(openings: Sequence[Opening]) -> str:
    """Writes the text for `nft -f`. Only the table `wayside` is replaced: other tables stay."""
    rules = "\n".join(f"    {rule}" for opening in openings for rule in _rules(opening))
    return f"""\
#!/usr/sbin/nft -f
# Rendered by wayside-provision from the plan; changes here are lost, and `wayside-provision cluster check` names them.
table inet wayside {{
}}
delete table inet wayside
table inet wayside {{
  chain input {{
    type filter hook input priority filter; policy drop;
    iif "lo" accept comment "this machine itself, also by its own address"
    ct state established,related accept
    ct state invalid drop
    icmp type {{ echo-request, destination-unreachable, time-exceeded, parameter-problem }} accept
    meta l4proto ipv6-icmp accept comment "neighbours are found by it"
{rules}
    counter comment "refused"
  }}
  chain forward {{
    type filter hook forward priority filter; policy drop;
  }}
}}
"""


def _rules(opening: Opening) -> Iterator[str]:
    ports = str(opening.first) if opening.first == opening.last else f"{opening.first}-{opening.last}"
    for match in () if opening.sources is None else _sources(opening.sources):
        yield f'{match}{opening.protocol} dport {ports} accept comment "{opening.why}"'


def _sources(networks: Sequence[str]) -> Iterator[str]:
    if not networks:
        yield ""
    for family, word in ((False, "ip"), (True, "ip6")):
        of = [each for each in networks if isinstance(ip_network(each), IPv6Network) is family]
        if of:
            yield f"{word} saddr {{ {', '.join(of)} }} "
