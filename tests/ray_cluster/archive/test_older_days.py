"""Days of an earlier release: they are read as they are, and grow the new columns when the archiver opens them."""

from pathlib import Path

import lancedb

from ray_cluster.archive.schema import OBJECT_SCHEMA, OBJECTS, SNAPSHOT_SCHEMA, SNAPSHOTS
from ray_cluster.inference.picture import DetectorRef
from tests.ray_cluster.world import NOW_MS, archiver, entry, query

NEW = {
    SNAPSHOTS: ["detector", "detector_sha256", "followed"],
    OBJECTS: ["detector", "colour", "colour_share", "share", "heading_deg", "zones", "vector"],
}
"""Since the first release; all of them nullable."""


def aged(directory: Path) -> None:
    """The day's tables as they were."""
    tables = lancedb.connect(directory / "tables")
    for name in tables.list_tables().tables:
        for prefix, columns in NEW.items():
            if name.startswith(prefix):
                tables.open_table(name).drop_columns(columns)


def test_a_day_without_the_new_columns_is_read_and_written(tmp_path: Path) -> None:
    old, new = entry(1), entry(2)
    archiver(tmp_path).commit([old], now_ms=NOW_MS)
    aged(tmp_path)
    read = query(tmp_path)
    assert read.observation(old.row_key).snapshot.detector is None
    assert read.observation(old.row_key).snapshot.followed == ()
    assert [machine.colour for machine in read.observation(old.row_key).machines] == [None]
    again = archiver(tmp_path)
    seen = type(new)(
        new.snapshot,
        new.message_sha256,
        new.received_at_ms,
        new.picture,
        new.jpeg,
        new.machines,
        seen_by=DetectorRef("mine", "ab" * 32),
    )
    receipts = again.commit([old, seen], now_ms=NOW_MS)
    assert [receipt.fresh for receipt in receipts] == [False, True]
    assert read.observation(new.row_key).snapshot.detector == "mine"
    assert read.observation(old.row_key).snapshot.detector is None
    tables = lancedb.connect(tmp_path / "tables")
    for name in tables.list_tables().tables:
        wanted = SNAPSHOT_SCHEMA if name.startswith(SNAPSHOTS) else OBJECT_SCHEMA
        found = tables.open_table(name).schema
        assert sorted(found.names) == sorted(wanted.names)
        assert all(found.field(field.name).type == field.type for field in wanted)
