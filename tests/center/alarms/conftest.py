"""An alarm room over a real database, in a world whose clock and archive are the test's."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from center.access.permissions import EVERYWHERE
from center.alarms.notices import Notice
from center.alarms.service import AlarmService
from center.alarms.views import AlarmPush
from center.audit.log import Audit
from center.database.store import Store
from center.fleet.devices import Devices
from center.fleet.feed import FeedReader
from center.fleet.roster import Roster
from center.retention import Retention
from center.search.camera_positions import CameraPositions
from center.search.client import Search
from provisioning.contracts.config.processes import Alarms
from tests.center.alarms.making import text
from tests.center.conftest import Clock
from tests.center.fake_archive import TOKEN, FakeArchive
from tests.support.steady import Following


class Held:
    """Takes every notice over, and keeps it: a real channel in memory."""

    def __init__(self) -> None:
        self.notices: dict[int, Notice] = {}

    def notify(self, notice: Notice) -> None:
        self.notices.setdefault(notice.id, notice)


@dataclass
class Station:
    """One alarm room, and all that is around it."""

    room: AlarmService
    store: Store
    audit: Audit
    archive: FakeArchive
    search: Search
    devices: Devices
    clock: Clock
    clocks: Following
    held: Held
    again: "Callable[[], Station]"
    """The same after a restart: another room over the same database."""
    reader: FeedReader[AlarmPush] = field(init=False)

    def __post_init__(self) -> None:
        self.reader = self.room.pushes.open()

    async def enforce(self, what: dict[str, Any], **changes: Any) -> int:
        """Write a rule, preview it, switch it on; its number."""
        rules = self.room.rules
        view = rules.create(text(what, **changes), actor="operator", sight=EVERYWHERE)
        await self.room.previews.run(view.id, 1, actor="operator", sight=EVERYWHERE)
        rules.switch_on(view.id, version=1, actor="operator", sight=EVERYWHERE, unseen=True)
        return view.id

    def events(self) -> list[tuple[str, int]]:
        """What pages got since the last call: event and alarm."""
        return [(push.event.event.value, push.alarm.id) for push in self.reader.drain()]


@pytest.fixture
async def station(tmp_path: Path, store: Store, clock: Clock, roster: Roster) -> AsyncIterator[Station]:
    archive, held, audit = FakeArchive(), Held(), Audit(store, clock)
    devices = Devices(store, roster, clock)
    search = Search(
        url="http://archive.test",
        token=TOKEN,
        audit=audit,
        positions=CameraPositions(store, devices.statuses),
        transport=httpx.ASGITransport(app=archive.app),
    )

    clocks = Following(clock)
    retention = Retention(tmp_path, clocks, newest_ms=audit.newest_at_ms)
    retention.advance()

    def start() -> Station:
        room = AlarmService(store, audit, search, devices, roster, Alarms(), clock, retention=retention, notifier=held)
        room.load()
        return Station(room, store, audit, archive, search, devices, clock, clocks, held, start)

    yield start()
    await search.close()
