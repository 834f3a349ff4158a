"""Reads the servers' disks from the metrics of node exporter: its own page, or what a Prometheus federates of several.

Node exporter and Debian's collectors beside it measure: file systems, inodes, NFS mounts, mdadm and SMART.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final, NamedTuple

from prometheus_client.parser import text_string_to_metric_families

MATCHES: Final = (
    '{__name__=~"node_(filesystem|md)_.+"}',
    '{__name__=~"smartmon_device_smart_healthy|smartctl_device_smart_status|nvme_critical_warning"}',
    'node_systemd_unit_state{name=~".+[.]mount",state="failed"}',
    'up{job=~"node|federate"}',
)
"""Series that are asked of a Prometheus."""
_SMART: Final = ("smartmon_device_smart_healthy", "smartctl_device_smart_status", "nvme_critical_warning")
_UNIT: Final = "node_systemd_unit_state"
_READ: Final = ("node_filesystem_", "node_md_", *_SMART, _UNIT, "up{")
_NO_DISKS: Final = frozenset({"tmpfs", "ramfs", "overlay", "squashfs", "devtmpfs", "iso9660", "efivarfs", "fuse.lxcfs"})
_DOWN: Final = ("failed", "down")
_ESCAPED: Final = re.compile(r"\\x([0-9a-f]{2})")


@dataclass(frozen=True, slots=True)
class FileSystem:
    """One mounted file system. A share that it does not report is None."""

    mount: str
    kind: str
    free_share: float | None
    free_inodes: float | None
    is_read_only: bool
    is_broken: bool
    """It cannot be asked for its space: a disk with errors, or a server of the network that does not answer."""

    @property
    def is_remote(self) -> bool:
        """True for a file system of another machine."""
        return self.kind.startswith("nfs")


@dataclass(frozen=True, slots=True)
class Raid:
    """One array of mdadm."""

    device: str
    active: int
    required: int
    failed: int
    is_running: bool


@dataclass(frozen=True, slots=True)
class SmartDisk:
    """One disk and its own verdict on itself."""

    disk: str
    is_healthy: bool


@dataclass(frozen=True, slots=True)
class ServerStorage:
    """Storage of one server. `is_heard` False: its exporter, or its Prometheus, does not answer."""

    server: str
    is_heard: bool = True
    file_systems: tuple[FileSystem, ...] = ()
    raids: tuple[Raid, ...] = ()
    disks: tuple[SmartDisk, ...] = ()
    failed_mounts: tuple[str, ...] = ()
    """Mount points that systemd was to mount and could not."""


class _Reading(NamedTuple):
    name: str
    labels: Mapping[str, str]
    value: float


@dataclass(slots=True)
class _Server:
    is_heard: bool = True
    readings: list[_Reading] = field(default_factory=list)

    def by(self, *labels: str, prefix: str) -> dict[tuple[str, ...], dict[str, float]]:
        """Groups the readings of one family by labels: their values by name, and by state where they have one."""
        found: dict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
        for each in self.readings:
            if each.name.startswith(prefix):
                name = each.name.removeprefix(prefix) + (f":{each.labels['state']}" if "state" in each.labels else "")
                found[tuple(each.labels.get(label, "") for label in labels)][name] = each.value
        return found


def read(text: str, *, server: str = "") -> tuple[ServerStorage, ...]:
    """Reads one page of metrics; `server` names what is on it without a label of its own.

    Raises:
        ValueError: it is no page of metrics.
    """
    servers: dict[str, _Server] = defaultdict(_Server)
    wanted = "\n".join(line for line in text.splitlines() if line.startswith(_READ)) + "\n"
    for family in text_string_to_metric_families(wanted):
        for sample in family.samples:
            known = servers[sample.labels.get("server") or server or sample.labels.get("instance", "")]
            if sample.name == "up":
                known.is_heard = known.is_heard and sample.value == 1
            else:
                known.readings.append(_Reading(sample.name, sample.labels, sample.value))
    return tuple(_storage(name, each) for name, each in sorted(servers.items()))


def _storage(name: str, server: _Server) -> ServerStorage:
    raids = server.by("device", prefix="node_md_")
    return ServerStorage(
        server=name,
        is_heard=server.is_heard,
        file_systems=_file_systems(server),
        raids=tuple(_raid(device, figures) for (device,), figures in sorted(raids.items())),
        disks=tuple(sorted({_smart(each) for each in server.readings if each.name in _SMART}, key=attrgetter("disk"))),
        failed_mounts=tuple(sorted(_mount(each.labels["name"]) for each in server.readings if _is_failed_mount(each))),
    )


def _smart(reading: _Reading) -> SmartDisk:
    """Reads a disk's verdict: 1 is healthy, except in the bits of an NVMe disk's critical warnings."""
    is_bits = reading.name.startswith("nvme_")
    disk = reading.labels.get("disk") or reading.labels.get("device", "")
    return SmartDisk(disk, is_healthy=(reading.value == 0) is is_bits)


def _is_failed_mount(reading: _Reading) -> bool:
    labels = reading.labels
    is_mount = reading.name == _UNIT and labels.get("name", "").endswith(".mount")
    return is_mount and labels.get("state") == "failed" and reading.value == 1


def _mount(unit: str) -> str:
    """Returns the mount point that a unit's name stands for (systemd-escape)."""
    path = unit.removesuffix(".mount").replace("-", "/")
    return "/" + _ESCAPED.sub(lambda found: chr(int(found[1], 16)), path)


def _raid(device: str, figures: Mapping[str, float]) -> Raid:
    return Raid(
        device=device,
        active=round(figures.get("disks:active", 0)),
        required=round(figures.get("disks_required", 0)),
        failed=round(sum(figures.get(f"disks:{state}", 0) for state in _DOWN)),
        is_running=figures.get("state:inactive", 0) == 0,
    )


def _file_systems(server: _Server) -> tuple[FileSystem, ...]:
    """Lists each file system once, under its shortest mount point."""
    found: dict[str, FileSystem] = {}
    groups = server.by("device", "fstype", "mountpoint", prefix="node_filesystem_")
    for (device, kind, mount), figures in sorted(groups.items(), key=lambda item: (len(item[0][2]), item[0])):
        is_broken = figures.get("device_error", 0) == 1
        if kind in _NO_DISKS or not (is_broken or figures.get("size_bytes")):
            continue
        found.setdefault(
            device,
            FileSystem(
                mount=mount,
                kind=kind,
                free_share=_share(figures.get("avail_bytes"), figures.get("size_bytes")),
                free_inodes=_share(figures.get("files_free"), figures.get("files")),
                is_read_only=figures.get("readonly", 0) == 1,
                is_broken=is_broken,
            ),
        )
    return tuple(sorted(found.values(), key=lambda each: each.mount))


def _share(free: float | None, whole: float | None) -> float | None:
    return None if free is None or not whole else max(0.0, free / whole)
