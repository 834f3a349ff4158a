"""The part of a centre that superiors are told of, over a database of its own."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from center.access.districts import Districts
from center.access.permissions import CameraKey
from center.audit.log import Audit
from center.cascade.catalog_source import CatalogSource
from center.cascade.service import Cascade
from center.database.store import Store
from center.fleet.devices import Devices
from center.fleet.roster import Roster
from center.search.camera_positions import CameraPositions
from provisioning.contracts.config.cascade import Superior
from provisioning.contracts.wire.messages import CameraState
from tests.center.conftest import Clock
from tests.center.street import AGENT
from tests.center.world import camera_status, heartbeat
from tests.support.fresh_store import fresh_store
from tests.support.superior import PASSWORD, PlatformAbove

ON, OFF, PAUSED = CameraState.ONLINE, CameraState.OFFLINE, CameraState.PAUSED
OWN, OWN_TOO = "34020100002000000007", "34020100002000000008"


class Ground:
    """The part of a centre that superiors are told of."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock()
        self.store: Store = fresh_store(folder / "center.sqlite3")
        self.audit = Audit(self.store, self.clock)
        roster = Roster(self.store, self.audit, None, self.clock)
        self.devices = Devices(self.store, roster, self.clock)
        self.districts = Districts(self.store, self.audit)
        positions = CameraPositions(self.store, self.devices.statuses)
        self.source = CatalogSource(self.store, self.devices, positions)
        self.devices.link(up=True)
        self.districts.create("north", "城北", actor="t")
        (folder / "password").write_text(PASSWORD, encoding="utf-8")
        (folder / "password").chmod(0o600)

    def cameras(self, *states: CameraState, **fields: Any) -> None:
        """Cameras `cam-1` … of one agent, in these states, all in the district."""
        self.heard(AGENT)
        for number, state in enumerate(states, 1):
            status = camera_status(f"cam-{number}", name=f"路口{number}", state=state)
            self.devices.changed(status.model_copy(update=fields))
        keys = [CameraKey(AGENT, f"cam-{number}") for number in range(1, len(states) + 1)]
        self.districts.set_cameras("north", keys, actor="t")

    def heard(self, agent_id: str) -> None:
        """An agent is there."""
        self.devices.heard(heartbeat().model_copy(update={"agent_id": agent_id}))

    def superior(self, above: PlatformAbove, **fields: Any) -> Superior:
        return Superior(
            id=above.own_id,
            host="127.0.0.1",
            port=above.port,
            transport=above.transport,
            own_id=above.below_id,
            password_file=self.folder / "password",
            districts=("north",),
            **fields,
        )

    def cascade(self, *superiors: Superior) -> Cascade:
        return Cascade(superiors, self.source, self.audit, "1.2", self.clock)

    @asynccontextmanager
    async def working(self, *superiors: Superior) -> AsyncIterator[Cascade]:
        cascade = self.cascade(*superiors)
        async with cascade.at_work():
            yield cascade

    def audited(self, action: str) -> list[dict[str, Any]]:
        return [json.loads(entry.detail) for entry in reversed(self.audit.page(limit=100, action=action))]
