"""A street with a stolen motorcycle in it: cameras a kilometre apart, and an archive that knows what looks alike."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import httpx
import pytest
from cryptography import x509
from fastapi import FastAPI

from center.access.permissions import CameraKey, Role
from center.access.users import GrantRequest
from edge_agent.enrolment.identity import load_key
from provisioning.contracts.query import statement
from provisioning.contracts.query.archive import MachineColour, ObjectRow, Observation, SnapshotRow
from provisioning.contracts.wire.messages import Box, MachineClass
from provisioning.pki.identities import Identity
from provisioning.signing.statements import attest
from tests.center.conftest import PASSWORD, USERNAME, World
from tests.center.street import AGENT, NOW_MS, observation

HOUR_MS = 3_600_000


def signed(row: SnapshotRow, by: Identity) -> SnapshotRow:
    """As the agent whose key this is signs it."""
    certificate = x509.load_pem_x509_certificate(by.cert_file.read_bytes())
    signature = attest(statement.of_row(row), certificate, load_key(by.key_file))
    return row.model_copy(update={"signature": signature})


NUMBER = "A-2026-17"
CASE = f"/api/cases/{NUMBER}"


def terms(**changes: Any) -> dict[str, Any]:
    """As a page would send them."""
    return {
        "purpose": "theft of an e-bike",
        "districts": ["north"],
        "from_ms": NOW_MS - 24 * HOUR_MS,
        "to_ms": NOW_MS + 1,
        "expires_at_ms": NOW_MS + 48 * HOUR_MS,
        "cls": "motorcycle",
        "colours": ["red"],
        **changes,
    }


@dataclass
class Street:
    """What there is to find."""

    world: World
    app: FastAPI
    rows: dict[str, str] = field(default_factory=dict)
    """Row keys by name."""

    def machine(
        self,
        name: str,
        camera: str,
        at_ms: int,
        look: float | None,
        *,
        cls: MachineClass = MachineClass.MOTORCYCLE,
        colour: MachineColour | None = MachineColour.RED,
        agent_id: str = AGENT,
        row_key: str | None = None,
        signed_by: Identity | None = None,
    ) -> str:
        """A row with one machine that looks like `look`. Returns its key."""
        seed = len(self.rows) + 1
        row, jpeg = observation(camera, at_ms, seed)
        key = row_key or f"{agent_id}:{row.snapshot.observation_id}"
        machine = ObjectRow(
            object_key=f"{key}:0",
            row_key=key,
            index=0,
            camera_id=camera,
            captured_at_ms=at_ms,
            cls=cls,
            score=0.9,
            box=Box(x0=100, y0=100, x1=300, y1=300),
            colour=colour,
        )
        snapshot = row.snapshot.model_copy(
            update={
                "row_key": key,
                "agent_id": agent_id,
                "observation_id": key.partition(":")[2],
                "classes": (cls,),
            }
        )
        if signed_by is not None:
            snapshot = signed(snapshot, signed_by)
        self.world.archive.add(Observation(snapshot=snapshot, machines=(machine,)), jpeg)
        if look is not None:
            self.world.archive.looks[key, 0] = look
        self.rows[name] = key
        return key

    def bring(self, place: dict[str, Any], *, signed_by: Identity | None = None) -> str:
        """The desk agent redacts, signs and archives a picture for this place of a case."""
        signed_by = signed_by or self.desk
        at_ms, row_key = place["started_at_ms"], place["row_key"]
        return self.machine("brought", "stolen", at_ms, 0.5, agent_id="desk", row_key=row_key, signed_by=signed_by)

    @cached_property
    def desk(self) -> Identity:
        """Key and certificate of the desk agent."""
        return self.world.pki.issue_agent("desk", now=datetime.fromtimestamp(NOW_MS / 1000, UTC) - timedelta(hours=1))

    def account(self, name: str, *given: GrantRequest) -> None:
        self.world.services.users.add(name, PASSWORD, given, actor=USERNAME)

    @asynccontextmanager
    async def as_(self, name: str) -> AsyncIterator[httpx.AsyncClient]:
        """A browser in which this account is logged in."""
        async with self.world.browser(self.app) as browser:
            answer = await browser.post("/api/login", json={"username": name, "password": PASSWORD})
            assert answer.status_code == 200
            yield browser

    async def act(self, name: str, what: str, version: int = 1) -> dict[str, Any]:
        async with self.as_(name) as browser:
            answer = await browser.post(f"{CASE}/{what}", json={"version": version})
            assert answer.status_code == 200, answer.text
            body: dict[str, Any] = answer.json()
            return body

    def audited(self) -> list[tuple[str, str]]:
        """Actor and action of what cases put into the audit, oldest first."""
        entries = self.world.services.audit.page(limit=200, action="case.")
        return [(entry.actor, entry.action) for entry in reversed(entries)]


@pytest.fixture
def street(world: World) -> Street:
    world.make_account()
    street = Street(world, world.application())
    street.account("ana", GrantRequest(Role.ANALYST))
    street.account("sue", GrantRequest(Role.SUPERVISOR))
    districts = world.services.districts
    districts.create("north", "North", actor=USERNAME)
    districts.set_cameras("north", [CameraKey(AGENT, f"cam-{number}") for number in (1, 2, 3)], actor=USERNAME)
    world.services.assessment.register.take(
        (
            "agent_id,camera_id,latitude,longitude\n"
            + "".join(f"{AGENT},cam-{number},{30 + (number - 1) / 111.195},120.0\n" for number in (1, 2, 3))
        ).encode(),
        actor=USERNAME,
        replace=True,
    )
    street.machine("here", "cam-1", NOW_MS - 2 * HOUR_MS, 0.50)
    street.machine("like", "cam-2", NOW_MS - 2 * HOUR_MS + 600_000, 0.52)
    street.machine("double", "cam-3", NOW_MS - HOUR_MS, 0.60)
    street.machine("doubles-twin", "cam-3", NOW_MS - HOUR_MS // 2, 0.61)
    street.machine("other", "cam-1", NOW_MS - HOUR_MS, 0.40, colour=MachineColour.BLUE)
    street.machine("car", "cam-1", NOW_MS - HOUR_MS, 0.50, cls=MachineClass.CAR)
    street.machine("outside", "cam-9", NOW_MS - HOUR_MS, 0.50)
    street.machine("namesake", "cam-1", NOW_MS - HOUR_MS, 0.50, agent_id="cabinet-9")
    street.machine("old", "cam-1", NOW_MS - 48 * HOUR_MS, 0.50)
    return street


@pytest.fixture
async def case(street: Street) -> Street:
    """An approved case, with the machine of "here" as the sought one."""
    async with street.as_("ana") as ana:
        made = await ana.post("/api/cases", json={"number": NUMBER, "terms": terms()})
        assert made.status_code == 201, made.text
        sought = await ana.post(f"{CASE}/sought", json={"row_key": street.rows["here"], "index": 0})
        assert sought.status_code == 201, sought.text
    await street.act("ana", "request")
    await street.act("sue", "approve")
    return street
