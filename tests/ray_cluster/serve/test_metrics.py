"""What replicas tell Prometheus: true figures, on loopback, where Prometheus can find them."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from ray_cluster.archive.commit_metrics import CommitFigures
from ray_cluster.archive.entries import Entry, Receipt
from ray_cluster.errors import ArchiveFull, StartFailed
from ray_cluster.intake.latency import Hop, Hops
from ray_cluster.serve.metrics import (
    ArchiveMetricsInputs,
    IntakeMetricsInputs,
    announced,
    archive_families,
    intake_families,
)
from tests.ray_cluster.street import Running, good, run
from tests.ray_cluster.world import BIKE, CAR, NOW_MS, entry, jpeg
from tests.support.scraping import samples, scrape
from tests.support.telling import upkept


def test_hops_tile_the_way_and_a_clock_that_goes_ahead_is_counted() -> None:
    hops = Hops()
    hops.archived(captured_at_ms=1000, received_at_ms=3000, begun_at_ms=3100, parsed_at_ms=3400, archived_at_ms=3700)
    totals = {hop: hops.total(hop).sum for hop in Hop}
    assert totals == pytest.approx(
        {"arrive": 2.0, "wait": 0.1, "parse": 0.3, "commit": 0.3, "total": 2.7, "acknowledge": 0}
    )
    assert hops.ahead == 0
    hops.archived(captured_at_ms=9000, received_at_ms=3000, begun_at_ms=3000, parsed_at_ms=2900, archived_at_ms=3000)
    assert hops.ahead == 1
    told = samples(hops.seconds.collect())
    assert told["wayside_hop_seconds_bucket", "arrive", "0.005"] == 1  # clamped to nought
    assert hops.total(Hop.ARRIVE).count == 2
    assert hops.total(Hop.ARRIVE).sum == pytest.approx(2.0)
    hops.acknowledged(0.2)
    assert hops.total(Hop.ACKNOWLEDGE).count == 1


def intake_told(running: Running) -> IntakeMetricsInputs:
    return IntakeMetricsInputs(
        lambda: running.intake.status(running.broker, running.acks), running.intake.hops, running.intake.groups
    )


def test_an_intake_tells_what_it_did() -> None:
    async def story(running: Running) -> None:
        running.stages.leaks.add(jpeg(2))
        for number in (1, 1, 2, 3):
            running.deliver(good(number))
            await running.settle()
        running.deliver(b"nonsense")
        running.deliver(good(4, at_ms=NOW_MS + 90_000))  # from the future
        await running.settle()
        told = samples(intake_families(intake_told(running)))
        counts = {
            name: told[f"wayside_intake_{name}_total",] for name in ("received", "archived", "duplicates", "leaks")
        }
        assert counts == {"received": 6, "archived": 4, "duplicates": 1, "leaks": 1}
        assert told["wayside_intake_rejected_total", "malformed"] == 1
        assert told["wayside_intake_rejected_total", "not_jpeg"] == 0  # there from the start, so that a rate is one
        assert told["wayside_intake_dropped_total", "drop_newest"] == 0
        assert told["wayside_intake_clock_ahead_total",] == 1
        assert (told["wayside_intake_in_flight",], told["wayside_intake_broker_connected",]) == (0, 1)
        assert (told["wayside_intake_waiting", "live"], told["wayside_intake_at_work", "parser"]) == (0, 0)
        assert told["wayside_intake_group_rows_count",] >= 3
        assert told["wayside_hop_seconds_count", "total"] == told["wayside_hop_seconds_count", "arrive"] == 4
        assert told["wayside_hop_seconds_bucket", "arrive", "60.0"] == 4
        assert told["wayside_hop_seconds_count", "acknowledge"] == 5

    run(story)


def test_commits_are_counted_around_and_their_errors_pass() -> None:
    ticks = iter(range(100))
    figures = CommitFigures(lambda: NOW_MS, lambda: float(next(ticks)))
    faults = [ArchiveFull("no space")]

    async def commit(entries: Sequence[Entry]) -> list[Receipt]:
        if faults:
            raise faults.pop()
        return [Receipt(each.row_key, each.picture, 1, fresh=index > 0) for index, each in enumerate(entries)]

    async def main() -> None:
        counted = figures.around(commit)
        batch = [entry(1), entry(2, machines=(CAR, BIKE)), entry(3)]
        with pytest.raises(ArchiveFull):
            await counted(batch)
        await counted(batch)

    asyncio.run(main())
    told = samples(
        archive_families(
            ArchiveMetricsInputs(figures, lambda: 7, lambda: "no space", upkeep=lambda: upkept(0.99, 0.97, None))
        )
    )
    assert (told["wayside_archive_rows_total",], told["wayside_archive_objects_total",]) == (2, 3)
    assert told["wayside_archive_picture_bytes_total",] == len(jpeg(2)) + len(jpeg(3))
    assert told["wayside_archive_commit_failures_total", "ArchiveFull"] == 1
    assert (told["wayside_archive_commit_seconds_sum",], told["wayside_archive_batch_rows_sum",]) == (1, 3)
    assert told["wayside_archive_last_commit_timestamp_seconds",] == NOW_MS / 1000
    assert (told["wayside_archive_waiting_rows",], told["wayside_archive_maintenance_failing",]) == (7, 1)
    assert told["wayside_archive_recall",] == 0.97  # the lowest day's
    assert (told["wayside_archive_upkeep_faults",], told["wayside_archive_unindexed_objects",]) == (1, 15)
    assert told["wayside_archive_upkeep_timestamp_seconds",] == NOW_MS / 1000
    assert ("wayside_archive_disk_free_bytes",) not in told  # nobody could ask


def test_a_door_opens_on_loopback_alone_and_says_where(tmp_path: Path) -> None:
    figures = CommitFigures(lambda: NOW_MS)
    told = ArchiveMetricsInputs(figures, lambda: 0, lambda: "")
    before = os.umask(0o077)  # the service's
    with announced(lambda: archive_families(told), tmp_path / "metrics", "archive") as port:
        os.umask(before)
        (file,) = (tmp_path / "metrics").iterdir()
        # Prometheus is another user.
        assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o644, 0o755)
        (targets,) = json.loads(file.read_text())
        assert targets == {"targets": [f"127.0.0.1:{port}"], "labels": {"job": "wayside-archive"}}
        assert "wayside_archive_rows_total" in scrape(port)
        with pytest.raises(OSError, match=r"refused|unreachable"), socket.socket() as elsewhere:
            elsewhere.connect(("127.0.0.2", port))
    assert list((tmp_path / "metrics").iterdir()) == []
    with pytest.raises(ConnectionRefusedError):
        scrape(port)


def test_targets_of_replicas_that_were_killed_are_forgotten(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (tmp_path / f"intake-{gone.pid}.json").write_text("[]")
    (tmp_path / f"intake-{os.getppid()}.json").write_text("[]")
    (tmp_path / "mine-by-hand.json").write_text("[]")
    with announced(lambda: (), tmp_path, "intake"):
        names = {file.name for file in tmp_path.iterdir()}
    assert names == {f"intake-{os.getpid()}.json", f"intake-{os.getppid()}.json", "mine-by-hand.json"}


def test_a_folder_that_cannot_be_had_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    told = announced(lambda: (), tmp_path / "file", "intake")
    with pytest.raises(StartFailed, match="another metrics_dir, or none"), told:
        pass
