"""Exports observations, and counts of people, as CSV: UTF-8 with BOM, in which no spreadsheet finds a formula."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from center import clock
from center.access.permissions import CameraKey, Scope
from center.audit.log import Audit
from center.errors import PurposeMissingError
from center.search.client import ObservationView, Search
from center.search.filters import Filters
from provisioning.contracts.query.zone_counts import ZoneCounts, ZoneSpan
from provisioning.contracts.wire.messages import MachineClass
from provisioning.files.spreadsheets import Cell, csv_file

MAX_ROWS: Final = 10_000
_PAGE: Final = 200
HEAD: Final = (
    "row_key",
    "captured_utc",
    f"captured_{clock.ZONE_TEXT}",
    "clock",
    "time_trusted",
    "agent_id",
    "camera_id",
    "camera",
    "picture",
    "sharpness",
    "brightness",
    "contrast",
    *(cls.value for cls in MachineClass),
    "colours",
    "headings_deg",
    "zones",
)
_ZONE_HEAD: Final = (
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


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file. `complete`: it has all that was found; else its last line says that there is more."""

    data: bytes
    complete: bool


@dataclass(frozen=True, slots=True)
class SearchExport:
    """Exports the observations of `search`. `names` are the cameras' names."""

    search: Search
    audit: Audit

    async def csv(self, filters: Filters, names: Mapping[CameraKey, str], *, actor: str, sight: Scope) -> CsvFile:
        """Exports the newest `MAX_ROWS` observations.

        Raises:
            PurposeMissingError: the filters have no purpose.
            CenterError: as `Search.observations`.
        """
        if filters.purpose is None:
            raise PurposeMissingError
        detail = filters.model_dump(mode="json", exclude_defaults=True, exclude={"cursor", "limit"})
        await asyncio.to_thread(self.audit.append, actor, "observations.export", detail)
        found: list[ObservationView] = []
        cursor = None
        while len(found) < MAX_ROWS:
            page = await self.search.page(filters.model_copy(update={"limit": _PAGE, "cursor": cursor}), sight=sight)
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
        # MAX_ROWS is a multiple of a page, but short pages are no multiple of anything.
        complete = cursor is None and len(found) <= MAX_ROWS
        data = await asyncio.to_thread(_file, found[:MAX_ROWS], names, complete=complete)
        return CsvFile(data, complete)


def _file(found: list[ObservationView], names: Mapping[CameraKey, str], *, complete: bool) -> bytes:
    more = [] if complete else [[f"There is more than these {len(found)} lines: ask for a shorter span."]]
    return csv_file([HEAD, *(_line(each, names) for each in found), *more])


def _line(found: ObservationView, names: Mapping[CameraKey, str]) -> list[str | int | float]:
    counts = Counter(machine.cls for machine in found.machines)
    name = names.get(CameraKey(found.agent_id, found.camera_id), "")
    colours = " ".join(machine.colour.value if machine.colour else "-" for machine in found.machines)
    headings = " ".join("-" if each.heading_deg is None else f"{each.heading_deg:.0f}" for each in found.machines)
    zones = "; ".join(sorted({zone for machine in found.machines for zone in machine.zones}))
    texts = (clock.utc(found.captured_at_ms), clock.local(found.captured_at_ms), found.clock.value)
    return [
        found.row_key,
        *texts,
        int(found.time_trusted),
        found.agent_id,
        found.camera_id,
        name,
        found.picture.value,
        found.quality.sharpness,
        found.quality.brightness,
        found.quality.contrast,
        *(counts[cls] for cls in MachineClass),
        colours,
        headings,
        zones,
    ]


def zones_csv(counts: ZoneCounts, span: ZoneSpan, names: Mapping[CameraKey, str]) -> bytes:
    """Writes the CSV. `names` are the cameras' names. Days that were left out are named in the last line."""
    rows: list[tuple[Cell, ...]] = [_ZONE_HEAD]
    for zone in counts.zones:
        name = names.get(CameraKey(zone.agent_id, zone.camera_id), "")
        for each in zone.bins:
            moment = clock.utc(each.from_ms), clock.local(each.from_ms)
            where = zone.agent_id, zone.camera_id, name
            rows.append((*moment, span.bin_ms // 60_000, *where, each.pictures, each.mean, each.most))
    if counts.days_left_out:
        rows.append((f"Too many pictures to count at once; left out: {', '.join(counts.days_left_out)}",))
    return csv_file(rows)
