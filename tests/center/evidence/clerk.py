"""Somebody who exports through the API, and what becomes of it."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from center.audit.log import Audit
from center.evidence.export_store import ExportStore
from center.evidence.service import ExportLimits, Exports
from provisioning.contracts.query.archive import Observation
from tests.center.conftest import World
from tests.center.evidence.desk import CASE, Desk
from tests.center.street import NOW_MS, observation
from tests.support.waiting import within

KEEP_MS: Final = 3_600_000
ASKED: Final = {"case": CASE.number, "purpose": CASE.purpose, "requester": CASE.requester}


@dataclass
class Clerk:
    """Somebody at a centre that exports."""

    world: World
    desk: Desk
    exports: Exports
    browser: httpx.AsyncClient
    folder: Path


def exports_of(world: World, desk: Desk, folder: Path) -> Exports:
    """As `center.evidence.setup` wires it; again for a centre that was started again."""

    def camera_name(_agent_id: str, camera_id: str) -> str:
        return f"name of {camera_id} <script>"

    return Exports(
        store=world.store,
        search=world.services.search,
        ledger=ExportStore(world.store, Audit(world.store, world.clock), world.clock),
        sealer=desk.sealer,
        roots=desk.roots,
        keeping=ExportLimits(folder, 25, KEEP_MS),
        camera_name=camera_name,
        cases_in_sight=world.services.cases.book.wholly_in_sight,
        retention=world.retention,
        now_ms=world.clock,
    )


def fill(clerk: Clerk, count: int) -> list[str]:
    """Archive some; their keys, oldest first."""
    rows = [observation(f"cam-{number}", NOW_MS - 40_000 * (count - number), number) for number in range(count)]
    return [clerk.world.archive.add(*row).snapshot.row_key for row in rows]


async def start(clerk: Clerk, keys: list[str]) -> dict[str, Any]:
    answer = await clerk.browser.post("/api/evidence", json=ASKED | {"row_keys": keys})
    assert answer.status_code == 202, answer.text
    started: dict[str, Any] = answer.json()
    return started


async def ended(clerk: Clerk, export_id: str) -> dict[str, Any]:
    """Its state once it is no longer running."""
    async with within():
        while True:
            answer = await clerk.browser.get(f"/api/evidence/{export_id}")
            assert answer.status_code == 200, answer.text
            state: dict[str, Any] = answer.json()
            if state["state"] != "running":
                return state
            await asyncio.sleep(0.02)


async def exported(clerk: Clerk, keys: list[str]) -> dict[str, Any]:
    return await ended(clerk, (await start(clerk, keys))["id"])


def erase(clerk: Clerk, key: str) -> None:
    """As `wayside-cluster erase` leaves it."""
    archive = clerk.world.archive
    archive.jpegs.pop(key, None)
    archive.rows = [_erased(row) if row.snapshot.row_key == key else row for row in archive.rows]


def _erased(row: Observation) -> Observation:
    return row.model_copy(update={"snapshot": row.snapshot.model_copy(update={"erased_at_ms": NOW_MS + 5})})


def actions(clerk: Clerk) -> list[str]:
    """Of the audit, oldest first."""
    return [entry.action for entry in reversed(clerk.world.services.audit.page(limit=500))]
