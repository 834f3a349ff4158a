"""Makes backups by timer: of the archive on its keeper, of the centre's records and the home on the head."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from provisioning.servers.cluster_files import ETC as CLUSTER_ETC
from provisioning.servers.plan import PlannedServer, ServersPlan
from provisioning.servers.tree import File

_BIN: Final = "/opt/wayside/bin"
GENERATIONS: Final = 7


@dataclass(frozen=True, slots=True)
class Job:
    """One backup, run as one user, at one time of the night."""

    name: str
    user: str
    command: str
    at: str
    reads: str


def jobs(plan: ServersPlan, server: PlannedServer) -> Iterator[Job]:
    """Yields the backups of this server."""
    into = plan.backup_dir
    if server is plan.keeper:
        command = f"wayside-cluster backup {into}/archive --config {CLUSTER_ETC}/cluster.toml"
        yield Job("archive", "wayside-cluster", command, "01:30", "/var/lib/wayside-cluster")
    if server is plan.head:
        center = f"wayside-center backup {into}/center --keep {GENERATIONS} --config /etc/wayside-center/center.toml"
        home = f"wayside-provision backup {into}/home --keep {GENERATIONS} --home /var/lib/wayside-home/home"
        yield Job("center", "wayside-center", center, "02:30", "/var/lib/wayside-center")
        yield Job("home", "wayside-home", home, "03:00", "/var/lib/wayside-home")


def files(plan: ServersPlan, server: PlannedServer) -> Iterator[File]:
    """Yields a service and a timer for each backup, and their folders."""
    planned = tuple(jobs(plan, server))
    for job in planned:
        yield File.text(f"/etc/systemd/system/wayside-backup-{job.name}.service", _service(plan, job))
        yield File.text(f"/etc/systemd/system/wayside-backup-{job.name}.timer", _timer(job))
    if planned:
        folders = "".join(f"d {plan.backup_dir}/{job.name} 0700 {job.user} {job.user} -\n" for job in planned)
        yield File.text("/etc/tmpfiles.d/wayside-backup.conf", f"d {plan.backup_dir} 0755 root root -\n{folders}")


def units(plan: ServersPlan, server: PlannedServer) -> list[str]:
    """Lists the timers to be enabled."""
    return [f"wayside-backup-{job.name}.timer" for job in jobs(plan, server)]


def _service(plan: ServersPlan, job: Job) -> str:
    return f"""\
# Rendered by wayside-provision. docs/operations.md: how it is restored.
[Unit]
Description=Wayside backup: {job.name}
RequiresMountsFor={plan.backup_dir}

[Service]
Type=oneshot
ExecStart={_BIN}/{job.command}
User={job.user}
Group={job.user}
UMask=0077
Nice=10
IOSchedulingClass=idle
LimitCORE=0
MemorySwapMax=0
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ReadWritePaths={plan.backup_dir}/{job.name} {job.reads}
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
SystemCallArchitectures=native
"""


def _timer(job: Job) -> str:
    return f"""\
# Rendered by wayside-provision.
[Unit]
Description=Wayside backup: {job.name}, each night

[Timer]
OnCalendar=*-*-* {job.at}:00
RandomizedDelaySec=10min
Persistent=yes

[Install]
WantedBy=timers.target
"""
