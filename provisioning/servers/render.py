"""Renders a folder for each server, as it lies under /: `cp -r OUT/NAME/. /` applies its part of the plan."""

import secrets
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from cryptography import x509

from provisioning.contracts.config.processes import Broker, CenterConfig, Probes
from provisioning.contracts.wire.topics import Role
from provisioning.errors import ClusterPlanError
from provisioning.files import durable, toml
from provisioning.home.home import Home
from provisioning.output import CommandResult
from provisioning.pki.authority import CLIENT, SERVER, load_key, new_key, private_pem, public_pem
from provisioning.pki.identities import LOOPBACK, SERVICE_LIFETIME
from provisioning.servers import backups, cluster_files, database, debian, firewall, monitoring
from provisioning.servers.plan import Disk, PlannedServer, ServersPlan
from provisioning.servers.ports import CENTER_METRICS, FEDERATE, JOURNALS_UNIT, openings
from provisioning.servers.tree import SECRET, STORE, File, Tree

MODELS: Final = "/opt/wayside/models"
"""Directory of the models from a release archive."""
CENTER: Final = "/var/lib/wayside-center"
CENTER_CONFIGURATION: Final = "/etc/wayside-center/center.toml"
CENTER_SECRETS: Final = "/etc/wayside-center/secrets"
_CLUSTER_USER: Final = "wayside-cluster"
_CENTER_USER: Final = "wayside-center"
_ANY: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with


def render(home: Home, plan: ServersPlan, out: Path) -> CommandResult:
    """Writes a folder for each server. Existing keys, tokens and passwords are kept: a second run changes none.

    Raises:
        ClusterPlanError: the other servers cannot reach the home's broker.
        AuthorityError: the services' authority has its key elsewhere, or an identity is missing.
        OSError: `out` cannot be written.
    """
    _check_reached(home, plan)
    store = _Store(home, out / STORE)
    for server in plan.servers:
        _tree(home, plan, server, store).write(out / server.name)
    shown = [f"{each.name} {each.address}: {', '.join(each.roles)}" for each in plan.servers]
    facts = {"head": plan.head.name, "servers": {each.name: str(out / each.name) for each in plan.servers}}
    steps = "on each: cp -r NAME/. / ; systemd-sysusers ; systemd-tmpfiles --create ; wayside-provision cluster check"
    return CommandResult(facts, [*shown, f"written to {out}, secrets among it; {steps} (docs/servers.md)"])


def _check_reached(home: Home, plan: ServersPlan) -> None:
    head = str(plan.head.address)
    if home.config.services_listen not in {head, *_ANY}:
        raise ClusterPlanError(
            f"{home.directory}: the broker's services' listener is on {home.config.services_listen}, where the plan's"
            f" head is {head}: make the home with --services-listen {head}, or edit home.toml and run"
            " wayside-provision service replace broker"
        )


def _tree(home: Home, plan: ServersPlan, server: PlannedServer, store: "_Store") -> Tree:
    tree = Tree(server.name, version("wayside"), openings=openings(plan, server, home.config))
    tree.disks = (*server.disks, *_backup_disk(plan, server))
    tree.files += _cluster_files(home, plan, server, store)
    tree.files.append(File.text("/etc/nftables.conf", firewall.ruleset(tree.openings)))
    tree.files += monitoring.prometheus(plan, server, home.config.metrics_port)
    tree.files += debian.clock(plan, server)
    tree.files += debian.kernel()
    tree.files += debian.shared_archive(plan, server)
    tree.files += backups.files(plan, server)
    if plan.others(server):
        authority = home.identities.services.ca_file.read_bytes()
        tree.files += debian.journals(plan, server, *store.certificate(server, "journal"), authority)
    if server is plan.head:
        tree.files += _center_files(home, plan, store)
        tree.files += database.files(plan, *store.certificate(server, "database"))
        tree.files += monitoring.grafana(plan, server, store.token("grafana-admin"))
    tree.units = ["wayside-cluster.service", "nftables.service", "chrony.service"]
    tree.units += ["prometheus.service", "prometheus-node-exporter.service"]
    tree.packages = ["nftables", "chrony", *monitoring.PACKAGES, "python3", "openssl"]
    _services(plan, server, tree)
    return tree


def _services(plan: ServersPlan, server: PlannedServer, tree: Tree) -> None:
    """Adds units and Debian packages beyond those that every server has."""
    tree.units += backups.units(plan, server)
    if plan.others(server):
        tree.packages.append("systemd-journal-remote")
        if server is plan.head:
            tree.packages.append("stunnel4")
            tree.units += ["systemd-journal-remote.socket", JOURNALS_UNIT]
        else:
            tree.units.append("systemd-journal-upload.service")
    if server is plan.head:
        tree.units += ["wayside-broker.service", "wayside-provision.service", "wayside-center.service"]
        tree.packages.append("mosquitto")
        if plan.postgresql is not None:
            tree.units.append("postgresql.service")
            tree.packages.append(f"postgresql-{plan.postgresql}")
        if plan.grafana:
            tree.units.append("grafana-server.service")
    if plan.readers and server is plan.keeper:
        tree.units.append("nfs-server.service")
        tree.packages.append("nfs-kernel-server")
    elif server in plan.readers:
        tree.packages.append("nfs-common")
        tree.units.append(debian.ARCHIVE_UNIT)


def _cluster_files(home: Home, plan: ServersPlan, server: PlannedServer, store: "_Store") -> list[File]:
    ray = plan.ray
    this = ray[plan.servers.index(server)]
    text = cluster_files.configuration(
        ray, this, home.config.services_port, models=MODELS, retention_days=plan.retention_days
    )
    identity = home.identities.identity(Role.CLUSTER.value)
    users = cluster_files.SYSUSERS
    if plan.readers:
        users = users.replace(f"u {_CLUSTER_USER} -", f"u {_CLUSTER_USER} {debian.ARCHIVE_UID}")
    held = {
        "cluster.key": identity.key_file.read_bytes(),
        "ray-token": store.token("ray-token"),
        "query-token": store.token("query-token"),
    }
    return [
        File.text(f"{cluster_files.ETC}/cluster.toml", text),
        File.text(f"/etc/systemd/system/{cluster_files.UNIT}", cluster_files.unit(ray, this)),
        File.text("/etc/sysusers.d/wayside-cluster.conf", users),
        File(f"{cluster_files.ETC}/secrets/ca.pem", identity.ca_file.read_bytes()),
        File(f"{cluster_files.ETC}/secrets/cluster.pem", identity.cert_file.read_bytes()),
        *(File(f"{cluster_files.ETC}/secrets/{name}", data, SECRET, _CLUSTER_USER) for name, data in held.items()),
    ]


def _center_files(home: Home, plan: ServersPlan, store: "_Store") -> list[File]:
    identity = home.identities.identity(Role.CENTER.value)
    certificate, key = store.certificate(plan.head, "console")
    secret = {
        "center.key": identity.key_file.read_bytes(),
        "query-token": store.token("query-token"),
        "console.key": key,
        **({} if plan.postgresql is None else {"database-password": store.token("database-password")}),
    }
    public = {
        "ca.pem": identity.ca_file.read_bytes(),
        "center.pem": identity.cert_file.read_bytes(),
        "seal.pub": f"{home.seal_key.seal.key}\n".encode(),
        "console.pem": certificate,
    }
    return [
        File.text(CENTER_CONFIGURATION, toml.text(_center(home, plan))),
        File.text("/etc/systemd/system/wayside-center.service.d/servers.conf", _CENTER_UNIT),
        *(File(f"{CENTER_SECRETS}/{name}", data) for name, data in public.items()),
        *(File(f"{CENTER_SECRETS}/{name}", data, SECRET, _CENTER_USER) for name, data in secret.items()),
    ]


def _center(home: Home, plan: ServersPlan) -> CenterConfig:
    head = str(plan.head.address)
    url = f"[{head}]" if ":" in head else head
    stated: dict[str, Any] = {}
    if plan.postgresql is not None:
        stated["database_url"] = f"postgresql://{database.ROLE}@127.0.0.1:5432/{database.DATABASE}?sslmode=require"
        stated["database_password_file"] = Path(database.PASSWORD)
    return CenterConfig(
        host=head,
        port=plan.console_port,
        broker=Broker(
            host=head,
            port=home.config.services_port,
            ca_file=Path(f"{CENTER_SECRETS}/ca.pem"),
            cert_file=Path(f"{CENTER_SECRETS}/center.pem"),
            key_file=Path(f"{CENTER_SECRETS}/center.key"),
        ),
        query_url=f"http://{url}:8100",
        query_token_file=Path(f"{CENTER_SECRETS}/query-token"),
        metrics_port=CENTER_METRICS,
        probes=Probes(ntp=tuple(map(str, plan.ntp)), prometheus_url=f"http://127.0.0.1:{FEDERATE}"),
        data_dir=Path(f"{CENTER}/data"),
        seal_key_file=Path(f"{CENTER_SECRETS}/seal.pub"),
        tls_cert_file=Path(f"{CENTER_SECRETS}/console.pem"),
        tls_key_file=Path(f"{CENTER_SECRETS}/console.key"),
        **stated,
    )


_CENTER_UNIT: Final = f"""\
# Rendered by wayside-provision.
[Unit]
After=postgresql.service

[Service]
ExecStart=
ExecStart=/opt/wayside/bin/wayside-center run --config {CENTER_CONFIGURATION}
"""


def _backup_disk(plan: ServersPlan, server: PlannedServer) -> tuple[Disk, ...]:
    """Adds space for backups on their server, unless the plan states it."""
    known = {disk.path for disk in server.disks}
    needed = bool(backups.units(plan, server)) and plan.backup_dir not in known
    return (Disk(path=plan.backup_dir, free_gb=20),) if needed else ()


class _Store:
    """Tokens, passwords and the servers' own keys, each made once and kept beside the folders."""

    def __init__(self, home: Home, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        self._home = home
        self._folder = folder

    def token(self, name: str) -> bytes:
        """Returns 32 random bytes in hex."""
        file = self._folder / name
        if not file.exists():
            durable.write(file, secrets.token_hex(32).encode())
        return file.read_bytes()

    def certificate(self, server: PlannedServer, purpose: str) -> tuple[bytes, bytes]:
        """Returns certificate with its chain, and key, PEM, for one purpose on one server.

        Renewed when a third of its life is left. Its name has no rights at the broker.
        """
        key_file = self._folder / f"{server.name}-{purpose}.key"
        cert_file = key_file.with_suffix(".pem")
        if not key_file.exists():
            durable.write(key_file, private_pem(new_key()))
        if not cert_file.exists() or _is_due(cert_file.read_bytes()):
            services = self._home.identities.services
            made = services.sign(
                load_key(key_file).public_key(),
                f"server.{server.name}.{purpose}",
                SERVER,
                lifetime=SERVICE_LIFETIME,
                hosts=(str(server.address), *LOOPBACK),
                also=(CLIENT,) if purpose == "journal" else (),
            )
            durable.write(cert_file, public_pem(made) + services.chain_pem(), mode=durable.PUBLIC)
        return cert_file.read_bytes(), key_file.read_bytes()


def _is_due(pem: bytes) -> bool:
    return x509.load_pem_x509_certificate(pem).not_valid_after_utc - datetime.now(UTC) < SERVICE_LIFETIME / 3
