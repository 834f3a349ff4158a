"""Advances roll-outs within `wayside-provision serve`: observes agents, takes one step, and carries it out.

An agent's target follows from the stored state, and is corrected in every round: after a crash between two rounds, the
next process continues.
"""

import logging
from functools import partial
from typing import Final

from provisioning.contracts.causes import rollouts
from provisioning.contracts.errors import ConfigError, ContractError
from provisioning.contracts.fleet.documents import CENTER, Configured, Document, Installed, Verdict
from provisioning.contracts.fleet.rollout import MAX_TOLD, FailedAgent, RolloutKind, RolloutPhase, RolloutReport
from provisioning.contracts.wire import codec
from provisioning.home import documents, fleet_settings
from provisioning.home.home import Home
from provisioning.home.rollout_state import (
    AgentObservation,
    RolloutFault,
    RolloutState,
    Standing,
    Target,
    step,
    target_of,
)
from provisioning.home.rollouts import NEWCOMERS, EarlierState, RolloutRecord, RolloutTransaction
from provisioning.rollout import health
from provisioning.rollout.health import Baseline, HealthVerdict
from provisioning.rollout.reports import AgentReports
from provisioning.rollout.software import SoftwareOffer

_log = logging.getLogger(__name__)
WARM_UP_MS: Final = 3000
"""Pause after the connection is up: cameras' retained states arrive, with which health is compared."""
_STANDINGS: Final = {
    Verdict.TRYING: Standing.OPEN,
    Verdict.APPLIED: Standing.DONE,
    Verdict.ROLLED_BACK: Standing.BAD,
    Verdict.REFUSED: Standing.BAD,
}


class RolloutController:
    """Not thread-safe: the thread of the publisher of documents calls it. Every method may raise RegisterError."""

    def __init__(self, home: Home, ear: AgentReports) -> None:
        self._home = home
        self._ear = ear

    def round(self) -> None:
        """Takes one step, if a roll-out is under way and the broker is connected."""
        self._keep_words()
        listening_since_ms = self._ear.listening_since_ms
        record = self._home.rollouts.newest()
        if record is None or record.state.has_ended or listening_since_ms is None:
            return
        if self._home.now_ms() - listening_since_ms < WARM_UP_MS:
            return
        with self._home.register.one_snapshot():
            seen = {each: self._seen(record, each) for each in record.state.agents}
        now_ms = self._home.now_ms()
        after = self._home.rollouts.advance(
            record.id,
            lambda state: step(state, seen, now_ms, listening_since_ms=listening_since_ms),
            partial(self._carry_out, record),
        )
        if after is not None and (after.phase, after.stage) != (record.state.phase, record.state.stage):
            _log.info(
                "rollout id=%d phase=%s stage=%d failed=%d cause=%r",
                *(record.id, after.phase.value, after.stage, after.failures, after.cause),
            )

    def _keep_words(self) -> None:
        installed, self._ear.installed = self._ear.installed, {}
        known = {agent.id for agent in self._home.register.agents()} if installed else set()
        for agent_id, report in installed.items():
            text = codec.encode(report).decode()
            if agent_id in known and self._home.rollouts.installed(agent_id) != text:
                self._home.rollouts.put_installed(agent_id, text)
                _log.info(
                    "installed agent=%s number=%s verdict=%s running=%s cause=%r",
                    *(agent_id, report.number, report.verdict.value, report.running, report.cause),
                )

    # --- what is known

    def _seen(self, record: RolloutRecord, agent_id: str) -> AgentObservation:
        target = target_of(record.state, agent_id)
        heard_ms = self._ear.heard_ms(agent_id)
        if target is None:
            return AgentObservation(Target.OLD, Standing.OPEN, heard_ms=heard_ms)
        standing_of = self._configured if record.kind is RolloutKind.CONFIGURATION else self._installed
        standing, refusal = standing_of(agent_id)
        found = self._health(record, agent_id)
        return AgentObservation(target, standing, refusal, heard_ms, found.trouble, found.own_failure)

    def _configured(self, agent_id: str) -> tuple[Standing, RolloutFault | None]:
        """Returns the outcome of an agent's newest configuration, if that matches the register."""
        newest, stored = self._home.plans.newest_document(agent_id), self._home.plans.configured(agent_id)
        if newest is None or stored is None or documents.is_due(self._home, agent_id):
            return Standing.OPEN, None
        try:
            report = codec.decode(Configured, stored.encode())
        except ContractError:
            return Standing.OPEN, None  # of a newer version; it says it again at its next start
        if report.number != newest.number:
            return Standing.OPEN, None
        return _STANDINGS[report.verdict], RolloutFault(report.cause, report.reason) if report.cause else None

    def _installed(self, agent_id: str) -> tuple[Standing, RolloutFault | None]:
        stored = self._home.rollouts.installed(agent_id)
        with self._home.rollouts.reading() as page:
            order = page.order(agent_id)
        if order is None or stored is None:
            return Standing.OPEN, None
        try:
            report = codec.decode(Installed, stored.encode())
        except ContractError:
            return Standing.OPEN, None  # see above
        if report.number != order.number:
            return Standing.OPEN, None
        coded = report.reason or rollouts.SOFTWARE_NOT_TAKEN(detail=report.cause)
        return _STANDINGS[report.verdict], RolloutFault(report.cause, coded) if report.cause else None

    def _health(self, record: RolloutRecord, agent_id: str) -> HealthVerdict:
        with self._home.rollouts.reading() as page:
            before = page.before(record.id, agent_id)
        if before is None:
            return HealthVerdict()
        return health.compare(
            Baseline.model_validate_json(before.baseline),
            self._ear.heartbeat(agent_id),
            self._ear.cameras(agent_id),
            self._untouched(record, before.had, agent_id),
            now_ms=self._home.now_ms(),
            patience_ms=record.state.plan.silence_ms,
        )

    def _untouched(self, record: RolloutRecord, had: str | None, agent_id: str) -> frozenset[str]:
        """Returns the cameras whose settings the roll-out leaves as they were; none for new software."""
        if record.kind is not RolloutKind.CONFIGURATION:
            return frozenset()
        try:
            before, after = fleet_settings.parse(had), fleet_settings.parse(record.payload)
        except ConfigError:
            return frozenset()  # of another version: nothing can be compared, so the roll-out answers for every camera
        cameras = self._ear.cameras(agent_id).items()
        return frozenset(name for name, each in cameras if after.leaves_alone(before, each.status.source))

    # --- what follows

    def _carry_out(self, record: RolloutRecord, page: RolloutTransaction, state: RolloutState) -> None:
        for agent_id in state.agents:
            target = target_of(state, agent_id)
            if target is None:
                continue
            before = page.before(record.id, agent_id)
            if before is None:
                before = self._before(record, page, agent_id)
                page.put_before(record.id, agent_id, before)
                if record.kind is RolloutKind.CONFIGURATION:
                    page.put_setting(agent_id, before.had)  # its own from now on, whatever newcomers get
            if record.kind is RolloutKind.SOFTWARE:
                self._order(record, page, agent_id, target, before.had)
                continue
            wanted = record.payload if target is Target.NEW else before.had
            if page.setting(agent_id) != wanted:
                page.put_setting(agent_id, wanted)
        is_done = state.phase is RolloutPhase.DONE and state.plan.everybody
        if is_done and record.kind is RolloutKind.CONFIGURATION:
            page.put_setting(NEWCOMERS, record.payload)

    def _before(self, record: RolloutRecord, page: RolloutTransaction, agent_id: str) -> EarlierState:
        now = health.baseline(self._ear.heartbeat(agent_id), self._ear.cameras(agent_id))
        had = page.setting(agent_id) if record.kind is RolloutKind.CONFIGURATION else self._running(agent_id)
        return EarlierState(had, now.model_dump_json())

    def _running(self, agent_id: str) -> str | None:
        """Returns its version: by its last report on it, or by its heartbeat's `wayside-edge 0.1.0`."""
        heartbeat = self._ear.heartbeat(agent_id)
        if heartbeat is not None and " " in heartbeat.software:
            return heartbeat.software.rsplit(" ", 1)[1]
        stored = self._home.rollouts.installed(agent_id)
        return None if stored is None else codec.decode(Installed, stored.encode()).running

    def _order(
        self, record: RolloutRecord, page: RolloutTransaction, agent_id: str, target: Target, had: str | None
    ) -> None:
        offer = SoftwareOffer.model_validate_json(record.payload)
        goes_back = target is Target.OLD and had != offer.version  # who ran it before has nothing to go back to
        body = offer.order_back() if goes_back else offer.order()
        page.put_order(
            agent_id,
            f"{record.id} {body.act.value}",
            None if body.file is None else body.file.sha256,
            lambda number: documents.seal_for(self._home, agent_id, number, body),
        )


def report(record: RolloutRecord) -> RolloutReport:
    """Makes the report for the centre."""
    state = record.state
    failed = [
        FailedAgent(agent_id=agent_id, progress=each.state, cause=each.cause, reason=each.reason)
        for agent_id, each in state.agents.items()
        if each.failed or each.cause
    ]
    return RolloutReport(
        rollout=record.id,
        what=record.kind,
        name=record.name,
        phase=state.phase,
        stage=state.stage,
        stage_size=len(state.in_stage),
        total=len(state.agents),
        counts=state.counts(),
        stopped=state.stopped,
        cause=state.cause,
        reason=state.reason,
        failed=tuple(failed[:MAX_TOLD]),
        started_at_ms=record.started_at_ms,
        changed_at_ms=record.changed_at_ms,
    )


def sealed_report(home: Home) -> str | None:
    """Returns the newest roll-out's report, for the centre; None before the first. Unchanged, it is the same text."""
    record = home.rollouts.newest()
    if record is None:
        return None
    at_ms = record.changed_at_ms
    document = Document(addressee=CENTER, number=max(1, at_ms), issued_at_ms=at_ms, body=report(record))
    return home.seal_key.sign(document).model_dump_json()
