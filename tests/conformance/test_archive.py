"""What an archive promises, on the real one: LanceDB tables and pack files in a temporary folder."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from lancedb.table import LanceTable

from provisioning.contracts.query.archive import ObjectRow, SnapshotRow
from provisioning.contracts.wire.messages import Motion, PictureState
from ray_cluster.archive.archiver import HOUSEKEEPING_MS, Archiver
from ray_cluster.archive.entries import Entry, Sighting
from ray_cluster.archive.packs import ORPHAN_AGE_S, Packs
from ray_cluster.errors import (
    ArchiveFull,
    EpochExhausted,
    Fenced,
    PictureErased,
    PictureLeaked,
    PictureWithheld,
    UnknownObservation,
)
from ray_cluster.inference.appearance import Appearance
from tests.ray_cluster.world import BIKE, CAR, DAY_MS, NOW_MS, RETENTION_DAYS, archiver, entry, jpeg, query
from tests.support.steady import together

ROOT = Path(__file__).parents[2]


class CrashError(Exception):
    """The process died here, as far as the archive can tell."""


class DyingArchiver(Archiver):
    """Dies after the step named in `dies_after`, once."""

    dies_after = ""

    def _write_objects(self, day: Any, stale: Sequence[str], objects: Sequence[tuple[ObjectRow, Appearance]]) -> None:
        self._die("pack")
        super()._write_objects(day, stale, objects)
        self._die("objects")

    def _write_snapshots(self, day: Any, rows: Sequence[SnapshotRow]) -> None:
        super()._write_snapshots(day, rows)
        self._die("snapshots")

    def _die(self, step: str) -> None:
        if self.dies_after == step:
            self.dies_after = ""
            raise CrashError(step)


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    entries = [entry(1, machines=(CAR, BIKE)), entry(2, machines=()), entry(3, picture=PictureState.WITHHELD)]
    receipts = archiver(tmp_path).commit(entries, now_ms=NOW_MS + 5)

    read = query(tmp_path)
    for given, receipt in zip(entries, receipts, strict=True):
        stored = read.observation(given.row_key)
        assert stored.snapshot.commit_seq == receipt.commit_seq
        assert stored.snapshot.committed_at_ms == NOW_MS + 5
        assert stored.snapshot.message_sha256 == given.message_sha256
        assert stored.snapshot.people == given.snapshot.people
        assert stored.snapshot.quality == given.snapshot.quality
        assert stored.snapshot.redaction == given.snapshot.redaction
        assert stored.snapshot.classes == tuple(sorted({machine.cls for machine in given.machines}))
        assert [(row.cls, row.score, row.box) for row in stored.machines] == [
            (machine.cls, machine.score, machine.box) for machine in given.machines
        ]
    assert read.picture(entries[0].row_key) == entries[0].jpeg
    with pytest.raises(PictureWithheld):
        read.picture(entries[2].row_key)
    assert [receipt.fresh for receipt in receipts] == [True, True, True]
    with pytest.raises(UnknownObservation):
        read.observation(f"street:{'0' * 32}")


def test_the_motion_that_the_edge_told_is_kept_with_the_row(tmp_path: Path) -> None:
    moving = BIKE.model_copy(update={"motion": Motion(heading_deg=90, dwell_s=4, zones={"北口": 2.5})})
    plain = entry(1)
    told = Entry(
        plain.snapshot.model_copy(update={"machines": (CAR, moving)}),
        plain.message_sha256,
        NOW_MS,
        plain.picture,
        plain.jpeg,
        (CAR,),
    )
    archiver(tmp_path).commit([told, entry(2)], now_ms=NOW_MS)
    read = query(tmp_path)
    assert read.observation(told.row_key).snapshot.followed == (moving,)
    assert [row.cls for row in read.observation(told.row_key).machines] == [CAR.cls]
    assert [item.snapshot.followed for item in read.commits(after=0, limit=9).items] == [(moving,), ()]


def test_of_a_leak_only_the_row_is_kept(tmp_path: Path) -> None:
    leaked = entry(1, picture=PictureState.LEAK)
    archiver(tmp_path).commit([leaked, entry(2)], now_ms=NOW_MS)
    read = query(tmp_path)
    assert read.observation(leaked.row_key).snapshot.place is None
    with pytest.raises(PictureLeaked):
        read.picture(leaked.row_key)
    assert not any(jpeg(1) in pack.read_bytes() for pack in (tmp_path / "packs").rglob("*.pack"))
    assert read.status().leaks == 1


@pytest.mark.parametrize("step", ["pack", "objects", "snapshots"])
@pytest.mark.parametrize("restart", [True, False])
def test_a_commit_that_died_anywhere_is_made_whole_by_the_retry(tmp_path: Path, step: str, *, restart: bool) -> None:
    dying = archiver(tmp_path, kind=DyingArchiver)
    assert isinstance(dying, DyingArchiver)
    dying.commit([entry(100)], now_ms=NOW_MS)
    dying.dies_after = step
    with pytest.raises(CrashError):
        dying.commit([entry(1, machines=(CAR, BIKE, CAR)), entry(2)], now_ms=NOW_MS)
    seen = query(tmp_path).status().rows
    assert seen == (3 if step == "snapshots" else 1)  # no row shows before its commit mark

    retrying = archiver(tmp_path) if restart else dying
    receipts = retrying.commit([entry(1, machines=(BIKE,)), entry(2), entry(3)], now_ms=NOW_MS)

    status = query(tmp_path).status()
    assert (status.rows, status.distinct_ids) == (4, 4)
    machines = [row.cls for row in query(tmp_path).observation(entry(1).row_key).machines]
    if step == "snapshots":
        assert machines == [CAR.cls, BIKE.cls, CAR.cls]  # it was committed: the retry changes nothing
        assert [receipt.fresh for receipt in receipts] == [False, False, True]
        assert status.objects == 6
    else:
        assert machines == [BIKE.cls]
        assert [receipt.fresh for receipt in receipts] == [True, True, True]
        assert status.objects == 4


def test_ids_that_come_twice_make_one_row(tmp_path: Path) -> None:
    writer = archiver(tmp_path)
    first = writer.commit([entry(1), entry(1), entry(2)], now_ms=NOW_MS)
    assert [receipt.fresh for receipt in first] == [True, False, True]
    again = writer.commit([entry(2, machines=(BIKE, BIKE)), entry(3)], now_ms=NOW_MS)
    assert [receipt.fresh for receipt in again] == [False, True]
    assert again[0].commit_seq == first[2].commit_seq
    restarted = archiver(tmp_path).commit([entry(1), entry(2), entry(3)], now_ms=NOW_MS)
    assert [receipt.fresh for receipt in restarted] == [False, False, False]
    status = query(tmp_path).status()
    assert (status.rows, status.distinct_ids, status.objects) == (3, 3, 3)


def test_one_observation_id_of_two_agents_is_two_rows(tmp_path: Path) -> None:
    archiver(tmp_path).commit([entry(1), entry(1, agent="other")], now_ms=NOW_MS)
    assert query(tmp_path).status().distinct_ids == 2


def test_a_second_writer_fences_the_first(tmp_path: Path) -> None:
    old = archiver(tmp_path)
    before = old.commit([entry(1)], now_ms=NOW_MS)
    new = archiver(tmp_path)
    for _ in range(2):
        with pytest.raises(Fenced, match="epoch 2 has replaced ours, 1"):
            old.commit([entry(2)], now_ms=NOW_MS)
    with pytest.raises(Fenced):
        old.maintain(now=together(NOW_MS + HOUSEKEEPING_MS))
    assert old.fenced
    after = new.commit([entry(1), entry(2)], now_ms=NOW_MS)
    assert [receipt.fresh for receipt in after] == [False, True]
    assert after[1].commit_seq > before[0].commit_seq
    assert query(tmp_path).status().rows == 2


def test_the_last_epoch_is_said_and_not_wrapped(tmp_path: Path) -> None:
    archiver(tmp_path)
    (tmp_path / "epoch").write_text("8191\n")
    with pytest.raises(EpochExhausted):
        archiver(tmp_path)


@pytest.mark.parametrize("hours", [1, 23, 30, 24 * 9])
def test_an_untrusted_time_is_found_again_on_whatever_day_it_comes_again(tmp_path: Path, hours: int) -> None:
    ahead_ms = NOW_MS + 2 * DAY_MS  # a clock two days ahead: filed under the day of receipt
    writer = archiver(tmp_path)
    writer.commit([entry(1, at_ms=ahead_ms), entry(2)], now_ms=NOW_MS)
    row = query(tmp_path).observation(entry(1, at_ms=ahead_ms).row_key).snapshot
    assert (row.time_trusted, query(tmp_path).days()) == (False, ("20261124",))

    later_ms = NOW_MS + hours * 3_600_000  # from here on the capture time may even be believed
    again = [entry(1, at_ms=ahead_ms, received_at_ms=later_ms)]
    assert not writer.commit(again, now_ms=later_ms)[0].fresh
    assert not archiver(tmp_path, now_ms=later_ms).commit(again, now_ms=later_ms)[0].fresh
    assert query(tmp_path).status().rows == 2
    sighting = Sighting(entry(1, at_ms=ahead_ms).row_key, ahead_ms)
    assert set(archiver(tmp_path).known([sighting])) == {sighting.row_key}


def test_days_are_cut_at_the_offset_and_dropped_whole(tmp_path: Path) -> None:
    midnight_ms = NOW_MS + 4 * 3_600_000  # 00:00 at +08:00
    writer = archiver(tmp_path)
    old = entry(1, at_ms=midnight_ms - 1, received_at_ms=midnight_ms)
    young = entry(2, at_ms=midnight_ms, received_at_ms=midnight_ms)
    writer.commit([young, old], now_ms=midnight_ms)
    assert query(tmp_path).days() == ("20261124", "20261125")

    writer.maintain(now=together(midnight_ms + RETENTION_DAYS * DAY_MS - 1))
    assert query(tmp_path).days() == ("20261124", "20261125")
    writer.maintain(now=together(midnight_ms + RETENTION_DAYS * DAY_MS + HOUSEKEEPING_MS))
    assert query(tmp_path).days() == ("20261125",)
    assert [folder.name for folder in (tmp_path / "packs").iterdir()] == ["20261125"]
    assert query(tmp_path).picture(young.row_key) == young.jpeg


def test_orphan_packs_are_swept_after_a_day_and_no_others(tmp_path: Path) -> None:
    writer = archiver(tmp_path, kind=DyingArchiver)
    assert isinstance(writer, DyingArchiver)
    writer.commit([entry(1)], now_ms=NOW_MS)
    writer.dies_after = "pack"
    with pytest.raises(CrashError):
        writer.commit([entry(2)], now_ms=NOW_MS)
    (tmp_path / "packs" / "20261124" / "cut-off.tmp").write_bytes(b"WAY")
    for file in (tmp_path / "packs").rglob("*.*"):
        os.utime(file, (NOW_MS / 1000, NOW_MS / 1000))
    writer.maintain(now=together(NOW_MS + ORPHAN_AGE_S * 1000))
    assert len(list((tmp_path / "packs").rglob("*.*"))) == 3
    writer.maintain(now=together(NOW_MS + ORPHAN_AGE_S * 1000 + HOUSEKEEPING_MS))
    assert len(list((tmp_path / "packs").rglob("*.*"))) == 1
    assert query(tmp_path).picture(entry(1).row_key) == entry(1).jpeg


def test_a_full_disk_is_said_acknowledges_nothing_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = archiver(tmp_path)

    def no_space(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", no_space)
        with pytest.raises(ArchiveFull, match="free some"):
            writer.commit([entry(1), entry(2)], now_ms=NOW_MS)
    assert not list((tmp_path / "packs").rglob("*.*"))
    assert all(receipt.fresh for receipt in writer.commit([entry(1), entry(2)], now_ms=NOW_MS))
    assert query(tmp_path).status().rows == 2


def test_lances_own_words_for_a_full_disk_are_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = archiver(tmp_path)

    def full(*_args: object, **_options: object) -> None:  # as Lance 0.40 says it on a full file system (seen)
        raise RuntimeError(
            "lance error: LanceError(IO): Generic LocalFileSystem error: Unable to copy data to file: "
            "No space left on device (os error 28), commit.rs:1663:50"
        )

    with monkeypatch.context() as patch:
        patch.setattr(LanceTable, "add", full)
        with pytest.raises(ArchiveFull):
            writer.commit([entry(1)], now_ms=NOW_MS)
    assert writer.commit([entry(1)], now_ms=NOW_MS)[0].fresh


def test_one_picture_can_be_erased_at_once(tmp_path: Path) -> None:
    archiver(tmp_path).commit([entry(1), entry(2), entry(3)], now_ms=NOW_MS)
    read = query(tmp_path)
    place = read.observation(entry(2).row_key).snapshot.place
    assert place is not None
    Packs(tmp_path / "packs").erase(place)
    with pytest.raises(PictureErased):
        read.picture(entry(2).row_key)
    assert [read.picture(entry(n).row_key) for n in (1, 3)] == [entry(1).jpeg, entry(3).jpeg]


WRITER = """
import itertools, sys
from pathlib import Path
from tests.ray_cluster.world import NOW_MS, CAR, BIKE, archiver, entry
writer = archiver(Path(sys.argv[1]))
for start in itertools.count(int(sys.argv[2]), 3):
    batch = [entry(number, machines=(CAR, BIKE)) for number in range(start, start + 3)]
    for receipt in writer.commit(batch, now_ms=NOW_MS):
        print(receipt.row_key, receipt.commit_seq, flush=True)
"""


def _killed_after(lines: int, directory: Path, start: int) -> list[tuple[str, int]]:
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", WRITER, str(directory), str(start)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as writer:
        assert writer.stdout is not None
        acknowledged = [writer.stdout.readline().split() for _ in range(lines)]
        writer.send_signal(signal.SIGKILL)
        acknowledged += [line.split() for line in writer.stdout if line.endswith("\n")]
    return [(key, int(seq)) for key, seq in acknowledged]


def test_a_writer_killed_at_any_moment_leaves_whole_commits(tmp_path: Path) -> None:
    acknowledged = [*_killed_after(4, tmp_path, 0), *_killed_after(7, tmp_path, 1000)]
    survivor = archiver(tmp_path)
    read = query(tmp_path)
    status = read.status()
    assert status.rows == status.distinct_ids
    assert status.rows >= len(acknowledged)
    for key, seq in acknowledged:
        stored = read.observation(key)
        assert stored.snapshot.commit_seq == seq
        assert len(stored.machines) == 2
        assert read.picture(key)
    assert all(len(item.machines) == 2 for item in read.commits(after=0, limit=500).items)
    # A commit that the kill cut off is made whole by a retry.
    numbers = {*range(status.rows + 3), *range(1000, 1000 + status.rows + 3)}
    survivor.commit([entry(number, machines=(CAR,)) for number in sorted(numbers)], now_ms=NOW_MS)
    assert query(tmp_path).status().distinct_ids == query(tmp_path).status().rows


def test_commits_are_numbered_without_a_hole_a_reader_could_fall_into(tmp_path: Path) -> None:
    writer = archiver(tmp_path)
    batches: list[list[Entry]] = [
        [entry(10 * batch + n, at_ms=NOW_MS - (n % 3) * DAY_MS - batch) for n in range(6)] for batch in range(4)
    ]
    seen: list[str] = []
    after = 0
    for batch in batches:
        writer.commit(batch, now_ms=NOW_MS)
        while (page := query(tmp_path).commits(after=after, limit=4)).items:
            assert [item.snapshot.commit_seq for item in page.items] == sorted(
                item.snapshot.commit_seq for item in page.items
            )
            assert page.items[0].snapshot.commit_seq > after
            after = page.last_commit_seq
            seen += [item.snapshot.row_key for item in page.items]
        assert page.last_commit_seq == after
    assert sorted(seen) == sorted(given.row_key for batch in batches for given in batch)


def test_a_commit_between_the_two_passes_of_a_reader_is_not_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = archiver(tmp_path)
    writer.commit([entry(1, at_ms=NOW_MS - DAY_MS), entry(2)], now_ms=NOW_MS)
    (read,) = query(tmp_path).partitions
    opened = read._snapshots
    late = iter([entry(3, at_ms=NOW_MS - DAY_MS), entry(4)])

    def opening(day: str) -> Any:
        table = opened(day)
        for given in late:  # yesterday was read already, then both days get a row
            writer.commit([given], now_ms=NOW_MS)
        return table

    monkeypatch.setattr(read, "_snapshots", opening)
    keys: list[str] = []
    after = 0
    while (page := read.commits(after=after, limit=10)).items:
        keys += [item.snapshot.row_key for item in page.items]
        after = page.last_commit_seq
    yesterday_ms = NOW_MS - DAY_MS
    everything = [entry(1, at_ms=yesterday_ms), entry(2), entry(3, at_ms=yesterday_ms), entry(4)]
    assert sorted(keys) == sorted(given.row_key for given in everything)
