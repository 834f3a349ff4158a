"""Renders each cluster machine's configuration, its unit, and the secrets that they share.

    OUT/MACHINE/   cluster.toml  wayside-cluster.service  wayside-cluster.sysusers  secrets/

A machine's folder is complete. Every `cluster.toml` is the same but for [node] and `node_address`.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from provisioning.contracts.config.cluster import ClusterConfig, NodeRole
from provisioning.contracts.wire.topics import Role
from provisioning.errors import ClusterPlanError
from provisioning.files import durable
from provisioning.home.home import Home
from provisioning.output import CommandResult

ETC: Final = "/etc/wayside-cluster"
STATE: Final = "/var/lib/wayside-cluster"
CACHE: Final = "/var/cache/wayside-cluster"
UNIT: Final = "wayside-cluster.service"
_PUBLIC: Final = 0o644


@dataclass(frozen=True, slots=True)
class Server:
    """One machine: the address by which the others reach it, and its roles. The first of a plan is the head."""

    address: str
    roles: tuple[NodeRole, ...]
    gpus: int = 0

    @classmethod
    def parse(cls, text: str) -> "Server":
        """Parses `10.20.0.6=parse`, `10.20.0.7=archive+storage`, `10.20.0.6=parse:2` with two GPUs, `…=all`."""
        address, _, rest = text.partition("=")
        names, _, gpus = rest.partition(":")
        try:
            ip_address(address)
            roles = tuple(NodeRole) if names == "all" else tuple(NodeRole(name) for name in names.split("+"))
            return cls(address, roles, int(gpus or 0))
        except ValueError as error:
            raise ClusterPlanError(
                f"{text[:80]!r}: give ADDRESS=ROLE, roles joined by +, of {', '.join(NodeRole)}; GPUs as :2"
            ) from error


def render(home: Home, servers: Sequence[Server], out: Path) -> CommandResult:
    """Writes a folder for each server. Existing tokens are kept, so that a second run changes no secret.

    Raises:
        ClusterPlanError: a role has no server, an address is twice, or the head is not `business`.
    """
    check(servers)
    identity = home.identities.identity(Role.CLUSTER.value)
    shared = {
        "ca.pem": identity.ca_file.read_bytes(),
        "cluster.pem": identity.cert_file.read_bytes(),
        "cluster.key": identity.key_file.read_bytes(),
        **{name: _token(out / servers[0].address / "secrets" / name) for name in ("ray-token", "query-token")},
    }
    files = []
    for server in servers:
        folder = out / server.address
        for name, data in shared.items():
            files.append(durable.write(_made(folder / "secrets") / name, data))
        texts = {
            "cluster.toml": configuration(servers, server, home.config.services_port),
            UNIT: unit(servers, server),
            "wayside-cluster.sysusers": SYSUSERS,
        }
        for name, text in texts.items():
            files.append(durable.write(folder / name, text.encode(), mode=_PUBLIC))
    facts = {"head": servers[0].address, "files": [str(file) for file in files]}
    shown = [f"{server.address}: {', '.join(server.roles)}" for server in servers]
    return CommandResult(facts, [*shown, f"written to {out}; docs/cluster.md says what goes where, secrets are in it"])


def check(servers: Sequence[Server]) -> None:
    """Checks addresses and roles.

    Raises:
        ClusterPlanError: an address is twice, a role has no server, or the head is not `business`.
    """
    addresses = [server.address for server in servers]
    if len(set(addresses)) != len(addresses):
        raise ClusterPlanError("an address is there twice")
    absent = [role for role in NodeRole if not any(role in server.roles for server in servers)]
    if absent:
        raise ClusterPlanError(
            f"no server has {', '.join(absent)}; one may have several roles: ADDRESS=archive+storage"
        )
    if NodeRole.BUSINESS not in servers[0].roles:
        raise ClusterPlanError(f"{addresses[0]}: the first is the head and has the role business, beside the broker")


def configuration(
    servers: Sequence[Server], server: Server, broker_port: int, *, models: str = f"{STATE}/models", **stated: Any
) -> str:
    """Writes `cluster.toml`; `stated` are keys of `ClusterConfig` beside those that follow from the servers."""
    head = servers[0].address
    content: dict[str, Any] = {
        "models_dir": models,
        "archive_dir": f"{STATE}/archive",
        "detectors_file": f"{STATE}/detectors.toml",
        "node_address": server.address,
        "metrics_dir": f"{CACHE}/metrics",
        "query_host": head,
        **stated,
        "auth_token_file": f"{ETC}/secrets/ray-token",
        "query_token_file": f"{ETC}/secrets/query-token",
        "broker": {
            "host": head,
            "port": broker_port,
            "ca_file": f"{ETC}/secrets/ca.pem",
            "cert_file": f"{ETC}/secrets/cluster.pem",
            "key_file": f"{ETC}/secrets/cluster.key",
        },
        "node": {
            "state_dir": f"{STATE}/node",
            "roles": [role.value for role in server.roles],
            "gpus": server.gpus,
            **({} if server is servers[0] else {"head_address": head}),
        },
    }
    ClusterConfig.model_validate(content)
    tables = {key: value for key, value in content.items() if isinstance(value, Mapping)}
    lines = [f"{key} = {json.dumps(value)}" for key, value in content.items() if key not in tables]
    for key, table in tables.items():
        lines += ["", f"[{key}]", *(f"{name} = {json.dumps(value)}" for name, value in table.items())]
    return "\n".join(lines) + "\n"


def unit(servers: Sequence[Server], server: Server, *, further: Sequence[str] = ()) -> str:
    """Writes the service: the same for every role but for devices, and the addresses that it speaks with.

    `further`: addresses beside those of the servers.
    """
    devices = "DeviceAllow=char-nvidia* rw" if server.gpus else "PrivateDevices=yes"
    allowed = " ".join((*(each.address for each in servers), *further))
    return UNIT_TEXT.format(roles=", ".join(server.roles), etc=ETC, devices=devices, allowed=allowed)


def _token(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else secrets.token_hex(32).encode()


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


SYSUSERS: Final = """\
# systemd-sysusers: the user that the cluster runs as, without a shell and with its state for a home.
u wayside-cluster - "Wayside cluster" /var/lib/wayside-cluster
"""
UNIT_TEXT: Final = """\
# wayside-cluster as a service, for the roles {roles}. docs/cluster.md says how to install it.
[Unit]
Description=Wayside cluster: {roles}
Wants=network-online.target
After=network-online.target time-sync.target
# However often it ends, it is started again.
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=/opt/wayside/bin/wayside-cluster up --config {etc}/cluster.toml
User=wayside-cluster
Group=wayside-cluster
UMask=0077
# Archive, models, and what the head has to know again after a crash.
StateDirectory=wayside-cluster
StateDirectoryMode=0700
# Ray's sockets and logs; a socket's path must be short.
RuntimeDirectory=wayside-cluster
RuntimeDirectoryMode=0700
# Where Prometheus, another user, finds out on which loopback ports the replicas answer it.
CacheDirectory=wayside-cluster
CacheDirectoryMode=0755
Environment=PYTHONUNBUFFERED=1

Restart=always
RestartSec=2
# `up` drains: the intake takes no more, and what it has is finished.
TimeoutStopSec=75
# Replicas that are left are killed with the rest; one that is killed alone, by the kernel too, is replaced.
KillMode=mixed
OOMPolicy=continue
LimitNOFILE=65536
TasksMax=16384

# A picture with a face in it may be in this memory: it goes to no core file and to no swap.
LimitCORE=0
MemorySwapMax=0
MemoryZSwapMax=0

# Ray's sockets listen on every address; only the cluster's machines and this one are answered.
IPAddressDeny=any
IPAddressAllow=localhost {allowed}

# It can gain nothing,
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
RestrictSUIDSGID=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictNamespaces=yes
KeyringMode=private
# sees and changes nothing of the machine,
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
{devices}
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
# speaks IP, and with its own processes,
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
# and asks nothing else of the kernel.
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
"""
