"""Lists the open ports of a server, with sources and reasons: the firewall is made of it, and `check` compares them."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final, Literal

from provisioning.contracts.config.cluster import ClusterConfig, Node
from provisioning.home.home import HomeConfig
from provisioning.servers.plan import PlannedServer, ServersPlan

JOURNALS: Final = 19532
JOURNALS_UNIT: Final = "wayside-journals.service"
FEDERATE: Final = 9090
GRAFANA: Final = 3000
CENTER_METRICS: Final = 9111
NODE_EXPORTER: Final = 9100
NFS: Final = 2049
METRICS: Final = 5
"""Offset of Ray's exporter from `node.first_port`."""
_CLIENT_PORT: Final = 6


@dataclass(frozen=True, slots=True)
class Opening:
    """Ports `first` to `last` of one protocol. `sources`: networks; empty: everywhere; None: this machine only."""

    first: int
    last: int
    protocol: Literal["tcp", "udp"]
    sources: tuple[str, ...] | None
    why: str
    unit: str
    """Unit that listens there; empty without a single one."""
    must: bool = True
    """True if a healthy machine always listens there."""


def openings(plan: ServersPlan, server: PlannedServer, home: HomeConfig) -> tuple[Opening, ...]:
    """Returns every opening of a server; other ports are closed."""
    found = [Opening(22, 22, "tcp", _texts(plan.operators), "ssh, for operators", "", must=False)]
    if server is plan.head:
        found += _business(plan, home)
    found += _ray(plan, server)
    if plan.others(server):
        found += _watched(plan, server)
    return tuple(found)


def _business(plan: ServersPlan, home: HomeConfig) -> Iterator[Opening]:
    agents, others = _texts(plan.agents), _hosts(plan.others(plan.head))
    broker, serve = "wayside-broker.service", "wayside-provision.service"
    yield _one(home.agents_port, agents, "broker: agents, mutual TLS", broker)
    yield _one(home.enrolment_port, agents, "enrolment: a one-time code, or an agent's certificate", serve)
    console = _texts(plan.operators)
    yield _one(plan.console_port, console, "console and API, HTTPS, after login", "wayside-center.service")
    yield _one(home.services_port, others or None, "broker: cluster and services, mutual TLS", broker)
    if others:
        yield _one(JOURNALS, others, "journals of the other servers, mutual TLS", JOURNALS_UNIT)
        yield Opening(123, 123, "udp", others, "time for the other servers", "chrony.service")


def _ray(plan: ServersPlan, server: PlannedServer) -> Iterator[Opening]:
    """Yields Ray's ports. `up` states every port, so each has a rule; Ray's token guards them once more."""
    others = _hosts(plan.others(server)) or None
    unit = "wayside-cluster.service"
    first, gcs = _default(Node, "first_port"), _default(ClusterConfig, "gcs_port")
    low, high = Node.model_fields["worker_ports"].default
    if server is plan.head:
        query, dashboard = _default(ClusterConfig, "query_port"), _default(ClusterConfig, "dashboard_port")
        yield _one(gcs, others, "Ray GCS: nodes, actors, placement", unit)
        yield _one(
            first + _CLIENT_PORT, others, "Ray client server: started unasked, its token guards it", unit, must=False
        )
        yield _one(query, None, "query: for the centre, which is here", unit)
        yield _one(dashboard, None, "Ray's dashboard: by ssh -L", unit, must=False)
    yield Opening(first, first + 1, "tcp", others, "Ray node manager and object manager", unit)
    yield Opening(first + 2, first + 4, "tcp", others, "Ray agents of dashboard and runtime", unit, must=False)
    scraper = None if server is plan.head else _hosts((str(plan.head.address),))
    yield _one(first + METRICS, scraper, "Ray's exporter, without a token: Prometheus alone", unit, must=False)
    yield Opening(low, high, "tcp", others, "Ray workers: one for each replica", unit, must=False)


def _watched(plan: ServersPlan, server: PlannedServer) -> Iterator[Opening]:
    if server is not plan.head:
        head = _hosts((str(plan.head.address),))
        yield _one(FEDERATE, head, "Prometheus of this server, for the head's alone", "prometheus.service")
    if server is plan.keeper and plan.readers:
        readers = _hosts(tuple(str(each.address) for each in plan.readers))
        yield _one(NFS, readers, "NFSv4: the archive, for archivers", "nfs-server.service")
    if plan.readers and (server is plan.keeper or server in plan.readers):
        yield _one(111, None, "rpcbind: comes with Debian's NFS, NFSv4 needs it not", "rpcbind.socket", must=False)


def _one(port: int, sources: tuple[str, ...] | None, why: str, unit: str, *, must: bool = True) -> Opening:
    return Opening(port, port, "tcp", sources, why, unit, must)


def _default(section: type[ClusterConfig | Node], key: str) -> int:
    return int(section.model_fields[key].default)


def _hosts(addresses: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(ip_network(each)) for each in addresses)


def _texts(networks: tuple[object, ...]) -> tuple[str, ...]:
    return tuple(map(str, networks))
