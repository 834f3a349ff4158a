"""Wires the cases of one centre, and runs the loop that expires them and deletes derived data."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from center import background
from center.alarms.service import AlarmService
from center.audit.log import Audit
from center.background import Periodic
from center.cases.desk_pictures import DeskPictures
from center.cases.erasures import OF_ITS_OWN, Erasures
from center.cases.lookalike_search import LookalikeSearch
from center.cases.machines import CaseMachines
from center.cases.recorder_requests import RecorderRequests
from center.cases.span_review import SpanReview
from center.cases.standing_search import StandingSearch
from center.cases.workflow import CaseWorkflow
from center.clock import NowMs
from center.database.store import Store
from center.fleet.roster import Roster
from center.retention import CASES, Retention
from center.search.camera_positions import CameraPositions
from center.search.client import Search
from center.tasks.jobs import TaskJobs
from provisioning.contracts.config.processes import Cases as CasesConfig

SWEEP_S: Final = 60.0
_DAY_MS: Final = 86_400_000


class Cases:
    """Serves cases to routes and pages."""

    def __init__(
        self,
        store: Store,
        audit: Audit,
        search: Search,
        positions: CameraPositions,
        roster: Roster,
        config: CasesConfig,
        now_ms: NowMs,
        *,
        alarms: AlarmService,
        jobs: TaskJobs,
        retention: Retention,
        late_after_s: float,
    ) -> None:
        self._keep_ms = keep_ms(config)
        self._retention = retention
        self.book = CaseWorkflow(store, audit, now_ms, latest_ms=retention.latest_ms)
        self.keep_days: Final = config.delete_after_days
        """Days after a case's end at which its derived data is deleted."""
        self.case_machines = CaseMachines(store, self.book, now_ms)
        self.pictures = DeskPictures(store, self.book, search, roster, config, now_ms)
        self.erasures = Erasures(store, self.book, search, now_ms, due_ms=retention.due_ms)
        self.lookalikes = LookalikeSearch(search, self.book, self.case_machines, self.pictures, positions)
        review = SpanReview(search, self.case_machines, self.lookalikes)
        self.recorders = RecorderRequests(store, self.book, jobs, review)
        jobs.bound_by(self.book.is_approved)
        late_after_ms = int(late_after_s * 1000)
        self.standing = StandingSearch(store, self.case_machines, search, alarms, now_ms, late_after_ms=late_after_ms)
        alarms.watched_by(self.standing.offer)
        self.loops = (Periodic("the sweeping of cases", SWEEP_S, self._sweep), self.standing.loop)

    def sweep(self) -> None:
        """Expires cases that are due and deletes the derived data of cases that are over. Blocks.

        Raises:
            StoreUnavailableError: the database does not work.
        """
        due_ms = self._retention.due_ms()
        if due_ms is not None:
            self.book.expire(due_ms)
        oldest_ms = self.case_machines.oldest_ended_ms()
        horizon_ms = self._retention.horizon_ms(CASES, self._keep_ms, oldest_ms=oldest_ms)
        if horizon_ms is not None:
            self.case_machines.delete_ended(horizon_ms)

    async def erase(self) -> None:
        """Has the archive erase pictures brought for cases that are over. Unconfirmed ones are asked for again.

        Raises:
            StoreUnavailableError: the database does not work.
        """
        for due in await asyncio.to_thread(self.erasures.due):
            trouble = await self.erasures.ask(due)
            await asyncio.to_thread(self.erasures.settle, due, trouble)
            if trouble and trouble not in OF_ITS_OWN:
                return

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Runs the loops of sweeping and of comparing fresh rows while `with` lasts."""
        async with background.running(self.loops):
            yield

    async def _sweep(self) -> None:
        await asyncio.to_thread(self.sweep)
        await self.erase()


def keep_ms(config: CasesConfig) -> int:
    """Returns the milliseconds for which the derived data of a case is kept after its end."""
    return config.delete_after_days * _DAY_MS
