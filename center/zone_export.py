"""Counted people as CSV: one line a camera and bin, UTF-8 with BOM, in which no spreadsheet finds a formula."""

import csv
import io
from collections.abc import Mapping
from typing import Final

from center import clock
from center.access import CameraKey
from center.assessment.sheets import safe
from provisioning.contracts.zone_counts import ZoneCounts, ZoneSpan

_BOM: Final = "\ufeff"
"""Without it Excel reads UTF-8 as the machine's own code page."""
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
    """`names` are what people call the cameras. Days that were left out are named in the last line."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(HEAD)
    for zone in counts.zones:
        name = safe(names.get(CameraKey(zone.agent_id, zone.camera_id), ""))
        for each in zone.bins:
            moment = clock.utc(each.from_ms), clock.local(each.from_ms)
            where = zone.agent_id, zone.camera_id, name
            writer.writerow([*moment, span.bin_ms // 60_000, *where, each.pictures, each.mean, each.most])
    if counts.days_left_out:
        writer.writerow([f"Too many pictures to count at once; left out: {', '.join(counts.days_left_out)}"])
    return f"{_BOM}{buffer.getvalue()}".encode()
