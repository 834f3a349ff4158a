"""Judges the storage of each server: file systems, inodes, NFS, RAID, SMART. Pure: evidence in, items out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from center.pipeline import causes
from center.pipeline.causes import Cause, StageFinding, amber, red, unknown
from center.pipeline.judge_parties import failure
from center.pipeline.node_metrics import FileSystem, ServerStorage
from center.pipeline.probes import ProbeReport
from center.pipeline.stages import StageState
from provisioning.contracts.config.pipeline import Pipeline, Scarce


class StorageKind(StrEnum):
    """Kind of what is judged of a server's storage."""

    METRICS = "metrics"
    DISK = "disk"
    INODES = "inodes"
    NFS = "nfs"
    MOUNT = "mount"
    RAID = "raid"
    SMART = "smart"


@dataclass(frozen=True, slots=True)
class StorageItem:
    """One file system, array or disk of a server. `finding` None: it is green."""

    server: str
    kind: StorageKind
    name: str
    finding: StageFinding | None
    free_share: float | None = None

    @property
    def state(self) -> StageState:
        """State of the item."""
        return StageState.GREEN if self.finding is None else self.finding.state


def items(reports: Sequence[ProbeReport], limits: Pipeline) -> tuple[StorageItem, ...]:
    """Judges everything that the metrics tell, by server."""
    return tuple(
        item
        for report in reports
        if isinstance(report.value, tuple)
        for server in report.value
        for item in _of_server(server, limits)
    )


def findings(reports: Sequence[ProbeReport], judged: Sequence[StorageItem]) -> Iterator[StageFinding]:
    """Yields what is not green, and metrics that cannot be read or tell of no disk."""
    for report in reports:
        if not report.is_checked:
            yield unknown(causes.PROBE_PENDING, target=report.target)
        elif (found := failure(report)) is not None:
            yield amber(found[0], **found[1])
        elif not report.value:
            yield unknown(causes.SERVERS_UNTOLD, target=report.target)
    yield from (each.finding for each in judged if each.finding is not None)


def _of_server(server: ServerStorage, limits: Pipeline) -> Iterator[StorageItem]:
    name = server.server
    unheard = amber(causes.SERVER_UNHEARD, server=name)
    if not server.is_heard:
        yield StorageItem(name, StorageKind.METRICS, "node exporter", unheard)
    for system in server.file_systems:
        yield from _of_file_system(name, system, limits)
    for mount in server.failed_mounts:
        yield StorageItem(name, StorageKind.MOUNT, mount, red(causes.MOUNT_FAILED, server=name, name=mount))
    for raid in server.raids:
        facts: dict[str, causes.Fact] = {"server": name, "name": raid.device}
        found = None
        if not raid.is_running:
            found = red(causes.RAID_STOPPED, **facts)
        elif raid.active < raid.required or raid.failed:
            found = amber(causes.RAID_DEGRADED, **facts, active=raid.active, required=raid.required)
        yield StorageItem(name, StorageKind.RAID, raid.device, found)
    for disk in server.disks:
        failing = red(causes.SMART_FAILING, server=name, name=disk.disk)
        yield StorageItem(name, StorageKind.SMART, disk.disk, None if disk.is_healthy else failing)


def _of_file_system(server: str, system: FileSystem, limits: Pipeline) -> Iterator[StorageItem]:
    mount = system.mount
    kind = StorageKind.NFS if system.is_remote else StorageKind.DISK
    if system.is_broken:
        cause = causes.NFS_AWAY if system.is_remote else causes.DISK_BROKEN
        yield StorageItem(server, kind, mount, red(cause, server=server, name=mount))
        return
    found = _scarce(causes.DISK_LOW, server, mount, system.free_share, limits.server_disk)
    if found is None and system.is_read_only:
        found = amber(causes.DISK_READ_ONLY, server=server, name=mount)
    yield StorageItem(server, kind, mount, found, system.free_share)
    if system.free_inodes is not None:
        found = _scarce(causes.INODES_LOW, server, mount, system.free_inodes, limits.server_inodes)
        yield StorageItem(server, StorageKind.INODES, mount, found, system.free_inodes)


def _scarce(cause: Cause, server: str, mount: str, share: float | None, limit: Scarce) -> StageFinding | None:
    if share is None or share >= limit.amber:
        return None
    percent = int(share * 1000) / 10
    return (red if share < limit.red else amber)(cause, server=server, name=mount, percent=percent)
