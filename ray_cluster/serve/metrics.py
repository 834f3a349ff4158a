"""Serves metrics to Prometheus on loopback, from each replica that has some.

Every replica is a process of its own and may be one of several, so each listens on a port that the system chooses, on
127.0.0.1 alone, and writes its address into `metrics_dir`, as Prometheus reads it (`file_sd_configs`). Other machines
have no access: Prometheus runs on the same one. Labels are words of the contract; no camera, agent or address.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from prometheus_client import Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from provisioning.contracts.errors import RejectReason
from provisioning.contracts.query.archive import IntakeStatus, PackStoreStatus, ProofLoss, UpkeepStatus
from provisioning.files import durable
from provisioning.net.metrics import LOOPBACK, labelled, serving
from ray_cluster.archive.commit_metrics import CommitFigures
from ray_cluster.archive.object_store.request_metrics import REQUESTS
from ray_cluster.errors import StartFailed
from ray_cluster.intake.latency import Hops
from ray_cluster.query.admission import Admission, QueryLane

_READABLE_DIR: Final = 0o755
_INTAKE: Final = "wayside_intake_"
_ARCHIVE: Final = "wayside_archive_"
_QUERY: Final = "wayside_query_"
_PACK_STORE: Final = "wayside_pack_store_"


def _unknown() -> None:
    return None


@dataclass(frozen=True, slots=True)
class IntakeMetricsInputs:
    """Sources of an intake's metrics; read at every scrape, from the server's thread."""

    status: Callable[[], IntakeStatus]
    hops: Hops
    groups: Histogram


@dataclass(frozen=True, slots=True)
class ArchiveMetricsInputs:
    """Sources of an archiver's metrics; read at every scrape, from the server's thread."""

    commits: CommitFigures
    waiting_rows: Callable[[], int]
    maintenance_fault: Callable[[], str]
    disk_free_bytes: Callable[[], int | None] = field(default=_unknown)
    upkeep: Callable[[], UpkeepStatus | None] = field(default=_unknown)
    """Findings of the last upkeep; None before the first."""
    retention_stopped: Callable[[], str] = field(default=str)
    """Reason why no day is dropped for its age; empty while days are dropped as usual."""
    pack_store: Callable[[], PackStoreStatus | None] = field(default=_unknown)
    """Store of the packs; None if they lie on disk."""


def intake_families(inputs: IntakeMetricsInputs) -> Iterator[Metric]:
    """Yield all metrics of an intake at this moment."""
    status = inputs.status()
    for name, says, value in (
        ("received", "Messages from the broker", status.received),
        ("archived", "Snapshots committed", status.archived),
        ("duplicates", "Snapshots that the archive had already", status.duplicates),
        ("leaks", "Pictures in which the canary found a face", status.leaks),
        ("inspected", "Pictures that the canary saw", status.inspected),
        ("reused", "Pictures whose machines are those of the edge", status.reused),
        ("retries", "Calls to another stage that were tried again", status.retries),
        ("alone", "Messages tried one by one, since a stage failed on their group", status.alone),
        ("clock_ahead", "Snapshots captured after they were received, by their camera's clock", inputs.hops.ahead),
    ):
        yield CounterMetricFamily(_INTAKE + name, says, value)
    rejected = dict.fromkeys((reason.value for reason in RejectReason), 0) | status.rejected
    yield labelled(
        CounterMetricFamily(f"{_INTAKE}rejected", "Messages that broke the contract", labels=["reason"]), rejected
    )
    dropped = {"drop_newest": 0, "acks_drop_newest": 0} | status.dropped
    yield labelled(
        CounterMetricFamily(f"{_INTAKE}dropped", "Messages that found a queue full", labels=["policy"]), dropped
    )
    yield GaugeMetricFamily(f"{_INTAKE}in_flight", "Messages on their way to the archive", status.in_flight)
    lost = Counter(each.cause.value for each in status.lost_proofs)
    yield labelled(
        GaugeMetricFamily(
            f"{_INTAKE}lost_proofs", "Agents that lost their proof and do not have it again", labels=["cause"]
        ),
        {cause.value: lost[cause.value] for cause in ProofLoss},
    )
    yield labelled(
        GaugeMetricFamily(f"{_INTAKE}waiting", "Messages that nobody has begun with", labels=["lane"]), status.waiting
    )
    at_work = dict.fromkeys(("parser", "canary", "embedder", "archiver"), 0) | status.at_work
    yield labelled(
        GaugeMetricFamily(f"{_INTAKE}at_work", "Snapshots handed to a deployment and not come back", labels=["stage"]),
        at_work,
    )
    stuck = dict.fromkeys(at_work, 0) | {each.stage: each.messages for each in status.stuck}
    yield labelled(
        GaugeMetricFamily(f"{_INTAKE}stuck", "Messages that make no way at a stage", labels=["stage"]), stuck
    )
    yield GaugeMetricFamily(
        f"{_INTAKE}broker_connected", "1 while the subscription stands", float(status.broker_connected)
    )
    yield from inputs.groups.collect()
    yield from inputs.hops.seconds.collect()


def archive_families(inputs: ArchiveMetricsInputs) -> Iterator[Metric]:
    """Yield all metrics of an archiver at this moment."""
    commits = inputs.commits
    yield from commits.seconds.collect()
    yield from commits.batch_rows.collect()
    yield CounterMetricFamily(f"{_ARCHIVE}rows", "Snapshot rows that are new", commits.rows)
    yield CounterMetricFamily(f"{_ARCHIVE}objects", "Rows of machines with them", commits.objects)
    yield CounterMetricFamily(f"{_ARCHIVE}picture_bytes", "Bytes of their pictures", commits.picture_bytes)
    failures = dict.fromkeys(("ArchiveFull", "ArchiveWriteFailed", "Fenced"), 0) | dict(commits.failures)
    yield labelled(
        CounterMetricFamily(f"{_ARCHIVE}commit_failures", "Commits that failed and are tried again", labels=["error"]),
        failures,
    )
    last_s = None if commits.last_at_ms is None else commits.last_at_ms / 1000
    yield GaugeMetricFamily(f"{_ARCHIVE}last_commit_timestamp_seconds", "When the last commit ended", last_s)
    yield GaugeMetricFamily(f"{_ARCHIVE}waiting_rows", "Rows that wait for the next commit", inputs.waiting_rows())
    fault = float(bool(inputs.maintenance_fault()))
    yield GaugeMetricFamily(f"{_ARCHIVE}maintenance_failing", "1 while retention does not succeed", fault)
    stopped = float(bool(inputs.retention_stopped()))
    yield GaugeMetricFamily(f"{_ARCHIVE}retention_stopped", "1 while a person has to confirm the time", stopped)
    yield GaugeMetricFamily(f"{_ARCHIVE}disk_free_bytes", "Of the disk under the archive", inputs.disk_free_bytes())
    upkeep = inputs.upkeep()
    yield from _upkeep(upkeep)
    store = inputs.pack_store()
    yield from _pack_store(store)
    packs = None if store is None or upkeep is None else upkeep.packs
    for name, says, count in (
        ()
        if packs is None
        else (
            ("packs", "Packs in the store", packs.packs),
            ("size_bytes", "Bytes of the packs in the store", packs.size_bytes),
            ("unreferenced_packs", "Packs without rows, which are swept within three days", packs.unreferenced),
        )
    ):
        yield GaugeMetricFamily(_PACK_STORE + name, says, count)


def _pack_store(store: PackStoreStatus | None) -> Iterator[Metric]:
    """Yield metrics of the requests of this process to the store of packs; nothing if they lie on disk."""
    if store is None:
        return
    answers = None if store.answers is None else float(store.answers)
    yield GaugeMetricFamily(f"{_PACK_STORE}answers", "1 while the store answers as it should", answers)
    requests = CounterMetricFamily(
        f"{_PACK_STORE}requests", "Requests to the store of packs", labels=["operation", "result"]
    )
    for (operation, result), count in REQUESTS.counts().items():
        requests.add_metric([operation.value, result.value], count)
    yield requests
    yield from REQUESTS.seconds.collect()


def _upkeep(status: UpkeepStatus | None) -> Iterator[Metric]:
    """Yield metrics of compaction, indexes and the recall canary, which work beside the writer."""
    days = () if status is None else status.days
    recall = min((day.recall for day in days if day.recall is not None), default=None)
    yield GaugeMetricFamily(
        f"{_ARCHIVE}recall", "Share of a held sample's neighbours that the index finds, lowest day", recall
    )
    for name, says, value in (
        ("upkeep_timestamp_seconds", "When the last upkeep ended", None if status is None else status.at_ms / 1000),
        ("upkeep_faults", "What did not succeed in it", None if status is None else len(status.faults)),
        ("unindexed_objects", "Machines that are searched exactly, every time", sum(day.unindexed for day in days)),
        ("fragments", "Pieces of the tables of machines", sum(day.fragments for day in days)),
    ):
        yield GaugeMetricFamily(_ARCHIVE + name, says, value)


def query_families(
    admission: Admission, pack_store: Callable[[], PackStoreStatus | None] = _unknown
) -> Iterator[Metric]:
    """Yield all metrics of a query replica at this moment. No account is in them."""
    figures = admission.figures
    for name, says, values in (
        ("waiting", "Requests that wait for their turn", admission.waiting()),
        ("at_work", "Requests that read the archive", admission.at_work()),
    ):
        yield labelled(GaugeMetricFamily(_QUERY + name, says, labels=["lane"]), values)
    for name, says, counted in (
        ("refused", "Requests refused for a full queue", figures.refused),
        ("left", "Requests whose callers left before their turn", figures.left),
        ("shared", "Requests answered with the answer to an equal one", figures.shared),
    ):
        lanes = {lane.value: counted[lane] for lane in QueryLane}
        yield labelled(CounterMetricFamily(_QUERY + name, says, labels=["lane"]), lanes)
    yield from figures.waits.collect()
    yield from _pack_store(pack_store())


@contextmanager
def announced(families: Callable[[], Iterable[Metric]], directory: Path, name: str) -> Iterator[int]:
    """Serves metrics of a replica while `with` lasts, with a target file for Prometheus; yields the port.

    Args:
        families: called at every scrape.
        directory: folder of Prometheus' targets; made if absent.
        name: kind of the replica.

    Raises:
        StartFailed: the folder cannot be written, or no port is free.
    """
    file = directory / f"{name}-{os.getpid()}.json"
    with ExitStack() as stack:
        try:
            if not directory.is_dir():
                directory.mkdir(parents=True, exist_ok=True)
                directory.chmod(_READABLE_DIR)
            _sweep(directory)
            port = stack.enter_context(serving(families))
            targets = [{"targets": [f"{LOOPBACK}:{port}"], "labels": {"job": f"wayside-{name}"}}]
            # Prometheus, another user, reads it.
            durable.write(file, f"{json.dumps(targets)}\n".encode(), mode=durable.PUBLIC)
        except OSError as error:
            raise StartFailed(
                f"{directory}: no metrics can be written there ({error.strerror}); set another metrics_dir, or none"
            ) from error
        stack.callback(file.unlink, missing_ok=True)
        yield port


def _sweep(directory: Path) -> None:
    """Delete targets of killed replicas: Prometheus would report them as down without end."""
    for file in directory.glob("*-*.json"):
        number = file.stem.rpartition("-")[2]
        if number.isdecimal() and not Path("/proc", number).exists():
            file.unlink(missing_ok=True)
