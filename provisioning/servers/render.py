"""Renders a folder for each server, as it lies under /: `cp -r OUT/NAME/. /` applies its part of the plan."""

from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from provisioning.contracts.config.processes import CenterConfig, Probes
from provisioning.contracts.wire.topics import Role
from provisioning.errors import ClusterPlanError
from provisioning.files import toml
from provisioning.home.home import Home
from provisioning.output import CommandResult
from provisioning.servers import (
    backups,
    center_files,
    cluster_files,
    database,
    debian,
    firewall,
    monitoring,
    pack_store,
)
from provisioning.servers.plan import Disk, PlannedServer, ServersPlan
from provisioning.servers.ports import CENTER_METRICS, FEDERATE, JOURNALS_UNIT, openings
from provisioning.servers.secret_store import SecretStore
from provisioning.servers.tree import SECRET, STORE, File, Tree

MODELS: Final = "/opt/wayside/models"
"""Directory of the models from a release archive."""
_CLUSTER_USER: Final = "wayside-cluster"
_ANY: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with


def render(home: Home, plan: ServersPlan, out: Path) -> CommandResult:
    """Writes a folder for each server. Existing keys, tokens and passwords are kept: a second run changes none.

    Raises:
        ClusterPlanError: the other servers cannot reach the home's broker, or a file of the object store is unusable.
        AuthorityError: the services' authority has its key elsewhere, or an identity is missing.
        OSError: `out` cannot be written.
    """
    _check_reached(home, plan)
    store = SecretStore(home, out / STORE)
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


def _tree(home: Home, plan: ServersPlan, server: PlannedServer, store: SecretStore) -> Tree:
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
        tree.files += debian.journals(plan, server, *_certificate(store, server, "journal"), authority)
    if server is plan.head:
        tree.files += _center_files(home, plan, store)
        tree.files += database.files(plan, *_certificate(store, server, "database"))
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


def _cluster_files(home: Home, plan: ServersPlan, server: PlannedServer, store: SecretStore) -> list[File]:
    ray = plan.ray
    this = ray[plan.servers.index(server)]
    text = cluster_files.configuration(
        ray,
        this,
        home.config.services_port,
        models=MODELS,
        retention_days=plan.retention_days,
        **pack_store.section(plan),
    )
    users = cluster_files.SYSUSERS
    if plan.readers:
        users = users.replace(f"u {_CLUSTER_USER} -", f"u {_CLUSTER_USER} {debian.ARCHIVE_UID}")
    return [
        File.text(f"{cluster_files.ETC}/cluster.toml", text),
        File.text(
            f"/etc/systemd/system/{cluster_files.UNIT}",
            cluster_files.unit(ray, this, further=pack_store.reached(plan, server)),
        ),
        File.text("/etc/sysusers.d/wayside-cluster.conf", users),
        *cluster_secrets(home, store),
        *pack_store.files(plan, server),
    ]


def cluster_secrets(home: Home, store: SecretStore) -> list[File]:
    """Returns certificates, key and tokens that `cluster.toml` names."""
    identity = home.identities.identity(Role.CLUSTER.value)
    held = {
        "cluster.key": identity.key_file.read_bytes(),
        "ray-token": store.token("ray-token"),
        "query-token": store.token("query-token"),
    }
    return [
        File(f"{cluster_files.ETC}/secrets/ca.pem", identity.ca_file.read_bytes()),
        File(f"{cluster_files.ETC}/secrets/cluster.pem", identity.cert_file.read_bytes()),
        *(File(f"{cluster_files.ETC}/secrets/{name}", data, SECRET, _CLUSTER_USER) for name, data in held.items()),
    ]


def _center_files(home: Home, plan: ServersPlan, store: SecretStore) -> list[File]:
    secrets = center_files.secrets(
        home,
        query_token=store.token("query-token"),
        console=_certificate(store, plan.head, "console"),
        database_password=None if plan.postgresql is None else store.token("database-password"),
    )
    return [
        File.text(center_files.CONFIGURATION, toml.text(_center(home, plan))),
        File.text("/etc/systemd/system/wayside-center.service.d/servers.conf", _CENTER_UNIT),
        *secrets,
    ]


def _center(home: Home, plan: ServersPlan) -> CenterConfig:
    head = str(plan.head.address)
    url = f"[{head}]" if ":" in head else head
    stated: dict[str, Any] = {}
    if plan.postgresql is not None:
        stated["database_url"] = f"postgresql://{database.ROLE}@127.0.0.1:5432/{database.DATABASE}?sslmode=require"
        stated["database_password_file"] = Path(database.PASSWORD)
    return center_files.configuration(
        home,
        host=head,
        port=plan.console_port,
        broker=head,
        query_url=f"http://{url}:8100",
        metrics_port=CENTER_METRICS,
        probes=Probes(ntp=tuple(map(str, plan.ntp)), prometheus_url=f"http://127.0.0.1:{FEDERATE}"),
        **stated,
    )


def _certificate(store: SecretStore, server: PlannedServer, purpose: str) -> tuple[bytes, bytes]:
    return store.certificate(server.name, purpose, (str(server.address),))


_CENTER_UNIT: Final = f"""\
# Rendered by wayside-provision.
[Unit]
After=postgresql.service

[Service]
ExecStart=
ExecStart=/opt/wayside/bin/wayside-center run --config {center_files.CONFIGURATION}
"""


def _backup_disk(plan: ServersPlan, server: PlannedServer) -> tuple[Disk, ...]:
    """Adds space for backups on their server, unless the plan states it."""
    known = {disk.path for disk in server.disks}
    needed = bool(backups.units(plan, server)) and plan.backup_dir not in known
    return (Disk(path=plan.backup_dir, free_gb=20),) if needed else ()
