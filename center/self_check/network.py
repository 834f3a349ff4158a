"""Finds routes that are open, services without encryption that listen beyond this machine, and plain connections."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from center.access.route_permissions import STATIC_PREFIX, RouteRule
from center.self_check.findings import Finding, Weakness
from provisioning.contracts.config.notify import is_loopback
from provisioning.contracts.config.processes import CenterConfig

EXPECTED: Final = frozenset(
    {
        "/api/health",
        "/api/login",
        "/api/setup",
        "/api/notify/reports/{channel}/{secret}",
        "/login",
        "/login/provider",
        "/login/provider/back",
        "/preferences",
        "/setup",
    }
)
"""Routes that must answer without a log-in: health, log-in, set-up, an SMS gateway's reports by their own secret. A
list of its own, so that an addition to the guard's shows here."""
MQTT_PORT: Final = 1883
"""Port of MQTT without TLS, which no broker of Wayside has."""
TABLES: Final = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LISTENING: Final = "0A"


def check_routes(rules: Iterable[RouteRule]) -> Iterator[Finding]:
    """Judges the rules by which the guard admits requests."""
    for rule in rules:
        if rule.permission is None and rule.path not in EXPECTED and not rule.path.startswith(STATIC_PREFIX):
            yield Finding(Weakness.OPEN_ROUTE, f"{rule.method} {rule.path}", {})


def check_listeners(config: CenterConfig) -> Iterator[Finding]:
    """Judges what the kernel lists as listening, at the ports of services that have no encryption."""
    plain = _plain_ports(config)
    listening = {each for table in TABLES if table.exists() for each in _listening(table.read_text(encoding="ascii"))}
    for address, port in sorted(listening, key=lambda each: (each[1], each[0].version)):
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        if port in plain and not (mapped or address).is_loopback:
            at = f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"
            yield Finding(Weakness.PLAIN_LISTENER, plain[port], {"address": at})


def check_connections(config: CenterConfig) -> Iterator[Finding]:
    """Judges connections that the configuration has without encryption."""
    addresses = {"query_url": config.query_url}
    addresses |= {f"viid_cascade.{each.id}.url": each.url for each in config.viid_cascade}
    for setting, url in addresses.items():
        parts = urlsplit(url)
        if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            yield Finding(Weakness.PLAIN_CONNECTION, setting, {"host": parts.netloc})


def _plain_ports(config: CenterConfig) -> dict[int, str]:
    """Returns the ports of services without encryption on this machine, each with its setting."""
    ports = {MQTT_PORT: "MQTT"}
    if config.tls_cert_file is None:
        ports[config.port] = "port"
    if config.metrics_port is not None:
        ports[config.metrics_port] = "metrics_port"
    for setting in ("query_url", "ray_dashboard_url", "grafana_url"):
        parts = urlsplit(getattr(config, setting))
        if parts.scheme == "http" and is_loopback(parts.hostname or ""):
            ports[parts.port or 80] = setting
    return ports


def _listening(table: str) -> Iterator[tuple[IPv4Address | IPv6Address, int]]:
    """Reads a table of the kernel: addresses are words of four octets, each in this machine's order."""
    for line in table.splitlines()[1:]:
        fields = line.split()
        if fields[3] != _LISTENING:
            continue
        packed, port = fields[1].split(":")
        words = bytes.fromhex(packed)
        octets = b"".join(words[at : at + 4][::-1] for at in range(0, len(words), 4))
        yield ip_address(octets), int(port, 16)
