"""A centre's events in a process of its own, to be killed: FOLDER, an `EventsOut` as JSON, the archive's address."""

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path

from center.alarms.events import AlarmFan
from center.alarms.latency import HopHistograms
from center.alarms.writer import AlarmWriter
from center.assessment.service import Assessment
from center.audit.log import Audit
from center.clock import NowMs, now_ms
from center.database.store import Store
from center.events_out.service import EventsOutService
from center.fleet.devices import Devices
from center.fleet.roster import Roster
from center.search.camera_positions import CameraPositions
from center.search.client import Search
from provisioning.contracts.config.events_out import EventsOut
from tests.center.fake_archive import TOKEN


def wire(
    store: Store,
    search: Search,
    settings: EventsOut,
    clock: NowMs,
    *,
    monotonic_s: Callable[[], float] = time.monotonic,
) -> tuple[EventsOutService, AlarmWriter, Devices, Assessment]:
    """Makes the service and what it reads, over one database."""
    audit = Audit(store, clock)
    devices = Devices(store, Roster(store, audit, None, clock), clock)
    devices.load()
    positions = CameraPositions(store, devices.statuses)
    assessment = Assessment.over(store, audit, devices, positions.on_file, clock)
    alarms = AlarmWriter(store, AlarmFan(HopHistograms(), clock), clock, notifies=False)
    service = EventsOutService(
        settings,
        store=store,
        audit=audit,
        search=search,
        alarms=alarms,
        devices=devices,
        months=assessment.assessor.months,
        positions=positions.on_file,
        counts=lambda _agent: True,
        now_ms=clock,
        monotonic_s=monotonic_s,
    )
    return service, alarms, devices, assessment


async def main(folder: Path, settings: str, archive_url: str) -> None:
    """Read and send until somebody ends it."""
    store = Store(folder / "center.sqlite3")
    positions = CameraPositions(store, dict)
    search = Search(url=archive_url, token=TOKEN, audit=Audit(store, now_ms), positions=positions)
    parsed = EventsOut.model_validate_json(settings)
    service, *_ = wire(store, search, parsed, now_ms)
    async with service.at_work():
        sys.stdout.write("started\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
