"""Wires the alarms of one centre and runs their loops."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from pydantic import BaseModel, ConfigDict

from center import background
from center.alarms.evaluator import AlarmEvaluator, keep_ms
from center.alarms.events import AlarmFan
from center.alarms.faults import FaultWatch, faults_of
from center.alarms.handling import AlarmHandling
from center.alarms.latency import HopHistograms
from center.alarms.lifecycle import MatchOutcome
from center.alarms.notices import NoticeHandover, NoticeReader, NoticeTaker
from center.alarms.preview import RulePreviews
from center.alarms.reconcile import RecentRows, Reconciler
from center.alarms.rule_files import RuleFiles
from center.alarms.rule_store import Rules
from center.alarms.rules.inputs import Fault, PartFault, SeenRow, of_hint
from center.alarms.rules.rule import Rule
from center.alarms.tactics import Tactics
from center.alarms.writer import AlarmWriter
from center.audit.log import Audit
from center.background import Periodic
from center.clock import NowMs
from center.database.store import Store
from center.fleet.devices import Devices
from center.fleet.roster import Roster
from center.notify.fallback import FOLLOW_UP_S, FallbackDelivery
from center.retention import Retention
from center.search.client import Search
from provisioning.contracts.config.processes import Alarms
from provisioning.contracts.wire.messages import Observed

TEND_S: Final = 1.0
HAND_OVER_S: Final = 0.2
FORGET_S: Final = 3600.0


FaultOnlooker = Callable[[Sequence[tuple[Fault, Sequence[Rule]]]], None]
"""Takes the present faults, each with the rules in force that it matches."""
PartsAway = Callable[[], Awaitable[Mapping[str, PartFault]]]
"""Returns the cause for each part that the centre depends on and that does not work, by name."""


class AlarmFigures(BaseModel):
    """Counts of rows and matches since the start, and the troubles of the loops of alarms."""

    model_config = ConfigDict(frozen=True)

    rows: int
    outcomes: dict[MatchOutcome, int]
    reconciled: int
    """Rows that no hint brought."""
    listeners: int
    overflowed: int
    """Events that slow pages had to read from the database."""
    trouble: dict[str, str]


class AlarmService:
    """Serves alarms to routes, pages and the mailbox."""

    def __init__(
        self,
        store: Store,
        audit: Audit,
        search: Search,
        devices: Devices,
        roster: Roster,
        settings: Alarms,
        now_ms: NowMs,
        *,
        retention: Retention,
        notifier: NoticeTaker | None = None,
        delivery: FallbackDelivery | None = None,
    ) -> None:
        """`notifier` takes notices over; None: no notices are kept. `delivery`: what it delivers with, to follow up."""
        self._devices = devices
        self._settings = settings
        self._retention = retention
        self._now_ms = now_ms
        self._watch = FaultWatch()
        self._lately = RecentRows()
        self._loops: dict[str, Periodic] = {}
        self.hops = HopHistograms()
        self.pushes = AlarmFan(self.hops, now_ms)
        self.register = AlarmWriter(store, self.pushes, now_ms, notifies=notifier is not None)
        self._desk = AlarmEvaluator(
            store, self.register, self.hops, now_ms, late_after_ms=int(settings.late_after_s * 1000)
        )
        self.care = AlarmHandling(store, audit, self.register, self._desk.closed)
        self.rules = Rules(store, audit, now_ms, self._desk.watch, max_share=settings.max_share)
        self.previews = RulePreviews(
            search,
            audit,
            self.rules,
            lambda: self._watch.now,
            now_ms,
            max_share=settings.max_share,
            max_rows=settings.preview_rows,
        )
        self.files = RuleFiles(self.rules, audit, devices.places)
        self.tactics = Tactics(store, audit, self.rules, now_ms)
        self.reconciler = Reconciler(
            store, search, self._lately, lambda agent_id: not roster.revoked(agent_id), self._evaluate
        )
        self._onlookers: list[Callable[[Sequence[SeenRow]], None]] = []
        self._fault_onlookers: list[FaultOnlooker] = []
        self.notices: Final = None if delivery is None else NoticeReader(store, delivery)
        self._handover = None if notifier is None else NoticeHandover(store, notifier, now_ms)

    def load(self) -> None:
        """Loads alarms and rules of the last run.

        Raises:
            StoreUnavailableError: the database does not work.
        """
        self._desk.load()
        self.rules.load()

    def observed(self, observed: Observed) -> None:
        """Evaluates the rows of a hint. Implements `center.fleet.mqtt.HintWatch`."""
        rows = tuple(of_hint(observed))
        self._evaluate(rows)
        for seen in rows:
            if seen.width:  # else an older cluster left out what rules need: the archive's row has it
                self._lately.add(seen.row_key)

    def watched_by(self, onlooker: Callable[[Sequence[SeenRow]], None]) -> None:
        """Registers `onlooker`, which is called with each row once the rules have evaluated it; it must not block."""
        self._onlookers.append(onlooker)

    def faults_watched_by(self, onlooker: FaultOnlooker) -> None:
        """Registers `onlooker`, which is called with all present faults at each check of them; it must not block."""
        self._fault_onlookers.append(onlooker)

    def alike(self, rows: Sequence[SeenRow]) -> None:
        """Evaluates rows again, each for a case that seeks what it shows. Blocks.

        Raises:
            StoreUnavailableError: nothing was written; pass them again.
        """
        self._desk.observed(rows)

    def _evaluate(self, rows: Sequence[SeenRow]) -> None:
        self._desk.observed(rows)
        for onlooker in self._onlookers:
            onlooker(rows)

    def figures(self) -> AlarmFigures:
        return AlarmFigures(
            rows=self._desk.rows,
            outcomes={outcome: self._desk.outcomes[outcome] for outcome in MatchOutcome},
            reconciled=self.reconciler.found,
            listeners=self.pushes.readers,
            overflowed=self.pushes.dropped_oldest,
            trouble={
                where: str(error)
                for where, loop in sorted(self._loops.items())
                if (error := loop.death or loop.trouble) is not None
            },
        )

    @property
    def loops(self) -> tuple[Periodic, ...]:
        """Loops that run while `at_work` lasts."""
        return tuple(self._loops.values())

    @asynccontextmanager
    async def at_work(self, parts_away: PartsAway) -> AsyncIterator[None]:
        """Runs the loops of faults, escalation, hand-over and reconciliation while `with` lasts."""
        loops: dict[str, tuple[float, Callable[[], Awaitable[None]]]] = {
            "tend": (TEND_S, lambda: self.tend(parts_away)),
            "reconcile": (self._settings.reconcile_every_s, self.reconciler.run_once),
            "forget": (FORGET_S, lambda: asyncio.to_thread(self.forget)),
        }
        if self._handover is not None:
            loops["hand over"] = (HAND_OVER_S, lambda: asyncio.to_thread(self.hand_over))
        if self.notices is not None:
            loops["follow up"] = (FOLLOW_UP_S, lambda: asyncio.to_thread(self.follow_up))
        self._loops = {where: Periodic(f"alarms: {where}", *each) for where, each in loops.items()}
        async with background.running(self.loops):
            yield

    async def tend(self, parts_away: PartsAway) -> None:
        """Evaluates the present faults and escalates alarms that are due."""
        parts = await parts_away()  # first: after a standstill, what cameras said meanwhile is heard by then
        faults = faults_of(self._devices.cameras(), self._devices.agents(), parts)
        await asyncio.to_thread(self._tend, self._watch.look(faults, self._now_ms()))

    def forget(self) -> None:
        """Deletes alarms and matches that are older than they are kept, now. Blocks."""
        self._desk.forget(self._retention, keep_ms=keep_ms(self._settings))

    def hand_over(self) -> None:
        """Hands over due notices, now; see `NoticeHandover`. Blocks."""
        while self._handover is not None and self._handover.run_once():
            pass

    def follow_up(self) -> None:
        """Delivers notices that got stuck by other channels, now; see `FallbackDelivery`. Blocks."""
        if self.notices is not None:
            self.notices.delivery.follow_up()

    def _tend(self, faults: Sequence[Fault]) -> None:
        self._desk.faults(faults)
        for onlooker in self._fault_onlookers:
            onlooker([(fault, self._desk.rules_naming(fault)) for fault in faults])
        self.care.escalate_due()
        self.care.sent(self.pushes.first_sent())
