"""A cascade over a fake archive and a real superior's socket: its turns are a test's own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from center.access.permissions import CameraKey
from center.assessment.camera_register import CameraRegister
from center.audit.log import Audit
from center.database.store import Store
from center.geometry import Position
from center.search.camera_positions import CameraPositions
from center.search.client import Search
from center.viid_cascade.sender import Sender
from center.viid_cascade.service import ViidCascade
from provisioning.contracts.config.viid_cascade import ViidSuperior
from provisioning.contracts.wire.messages import CameraStatus, MachineClass
from tests.center.conftest import Clock
from tests.center.fake_archive import TOKEN, FakeArchive
from tests.center.street import AGENT, NOW_MS, observation
from tests.support.fresh_store import fresh_store
from tests.support.viid_superior import CENTRE_ID, PASSWORD, SUPERIOR_ID, USER

GATE: Final = "34020000001320000001"
YARD: Final = "34020000001320000002"
DISTRICT: Final = "north"
REGISTER: Final = f"""agent_id,camera_id,name,district,gb_code,latitude,longitude
{AGENT},cam-1,Gate,{DISTRICT},{GATE},,
{AGENT},cam-2,Yard,{DISTRICT},{YARD},,
{AGENT},cam-3,Elsewhere,south,34020000001320000003,,
{AGENT},cam-4,No code,{DISTRICT},,,
"""


def settings(folder: Path, url: str, **others: Any) -> ViidSuperior:
    """A superior that gets everything of one district."""
    password = folder / "superior.password"
    password.write_text(PASSWORD)
    password.chmod(0o600)
    given = {
        "id": "city",
        "url": url,
        "superior_id": SUPERIOR_ID,
        "device_id": CENTRE_ID,
        "username": USER,
        "password_file": password,
        "allow_loopback": True,
        "districts": (DISTRICT,),
        "classes": tuple(MachineClass),
    }
    return ViidSuperior.model_validate(given | others)


@dataclass
class Rig:
    """A cascade and what is around it."""

    cascade: ViidCascade
    archive: FakeArchive
    store: Store
    audit: Audit
    clock: Clock
    statuses: dict[tuple[str, str], CameraStatus]
    _passed_s: list[float]

    def pass_s(self, seconds: float) -> None:
        """Let time pass for pauses and keepalives."""
        self._passed_s[0] += seconds

    @property
    def sender(self) -> Sender:
        return self.cascade.senders[0]

    def commit(self, count: int, *, cameras: tuple[str, ...] = ("cam-1", "cam-2"), first: int = 1) -> None:
        """Commit so many rows, the cameras taking turns."""
        for number in range(first, first + count):
            at_ms = NOW_MS - 600_000 + number * 1000
            self.archive.add(*observation(cameras[number % len(cameras)], at_ms, number))

    async def read_and_send(self) -> None:
        await self.cascade.read()
        for sender in self.cascade.senders:
            await sender.turn()

    def waiting(self) -> int:
        return sum(each.observations for each in self.cascade.backlog().values())


@asynccontextmanager
async def rig(folder: Path, *superiors: ViidSuperior) -> AsyncIterator[Rig]:
    """Wires it; its archive is empty and its cursor stands at its begin."""
    made = fresh_store(folder / "center.sqlite3")
    clock, archive, passed_s = Clock(), FakeArchive(), [1000.0]
    audit = Audit(made, clock)
    CameraRegister(made, audit, lambda: None).take(REGISTER.encode(), actor="tests", replace=True)
    statuses: dict[tuple[str, str], CameraStatus] = {}
    positions = CameraPositions(made, lambda: statuses)
    search = Search(
        url="http://archive.test",
        token=TOKEN,
        audit=audit,
        positions=positions,
        transport=httpx.ASGITransport(app=archive.app),
    )

    def on_file(_session: object) -> dict[CameraKey, Position]:
        return {}

    cascade = ViidCascade(
        superiors,
        store=made,
        audit=audit,
        search=search,
        statuses=lambda: statuses,
        positions=on_file,
        counts=lambda _agent: True,
        now_ms=clock,
        monotonic_s=lambda: passed_s[0],
    )
    try:
        await cascade.read()
        yield Rig(cascade, archive, made, audit, clock, statuses, passed_s)
    finally:
        await search.close()
        await asyncio.to_thread(made.close)
