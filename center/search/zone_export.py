"""Exports counts of people as CSV: a line per camera and bin, UTF-8 with BOM, no spreadsheet finds a formula in it."""

from collections.abc import Mapping
from typing import Final

from center import clock
from center.access.permissions import CameraKey
from provisioning.contracts.query.zone_counts import ZoneCounts, ZoneSpan
from provisioning.files.spreadsheets import Cell, csv_file

HEAD: Final = (
    "from_utc",
    f"from_{clock.ZONE_TEXT}",
    "minutes",
    "agent_id",
    "camera_id",
    "camera",
    "pictures",
    "people_mean",
    "people_most",
)


def zones_csv(counts: ZoneCounts, span: ZoneSpan, names: Mapping[CameraKey, str]) -> bytes:
    """Writes the CSV. `names` are the cameras' names. Days that were left out are named in the last line."""
    rows: list[tuple[Cell, ...]] = [HEAD]
    for zone in counts.zones:
        name = names.get(CameraKey(zone.agent_id, zone.camera_id), "")
        for each in zone.bins:
            moment = clock.utc(each.from_ms), clock.local(each.from_ms)
            where = zone.agent_id, zone.camera_id, name
            rows.append((*moment, span.bin_ms // 60_000, *where, each.pictures, each.mean, each.most))
    if counts.days_left_out:
        rows.append((f"Too many pictures to count at once; left out: {', '.join(counts.days_left_out)}",))
    return csv_file(rows)
