"""The life of an alarm against a plain model, and the table of its states."""

import itertools
import tempfile
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from center.alarms.errors import AlarmStateError, UnknownAlarmError
from center.alarms.evaluator import AlarmEvaluator
from center.alarms.events import AlarmFan
from center.alarms.handling import AlarmHandling
from center.alarms.latency import HopHistograms
from center.alarms.lifecycle import TABLE, AlarmEvent, AlarmState, after
from center.alarms.rules.rule import MAX_LEVELS, Rule
from center.alarms.tables import RuleRecord, VersionRecord
from center.alarms.writer import AlarmWriter
from center.audit.log import Audit
from center.console.language import LANGUAGES
from center.database.store import AuditEntry
from tests.center.alarms.making import CAMERA, LEFT_HALF, machine, seen, text
from tests.center.street import AGENT, NOW_MS
from tests.support.fresh_store import fresh_store

WINDOW_S: Final = 120
STEPS_MIN: Final = (1, 3)
LATE_MS: Final = 60_000
TEXT = text(
    {"kind": "zone_entry", "polygon": LEFT_HALF},
    cameras=[f"{AGENT}/{CAMERA}", f"{AGENT}/cam-2"],
    window_s=WINDOW_S,
    escalate_after_min=list(STEPS_MIN),
)


@pytest.mark.parametrize(("state", "event"), list(itertools.product(AlarmState, AlarmEvent)))
def test_what_the_table_does_not_name_is_refused(state: AlarmState, event: AlarmEvent) -> None:
    if (state, event) in TABLE:
        assert after(state, event) is TABLE[state, event]
    else:
        with pytest.raises(AlarmStateError) as refused:
            after(state, event)
        assert LANGUAGES["zh"].error(refused.value)[0] == "告警的当前状态不允许该操作。"


def test_every_alarm_can_be_ended_and_nothing_but_a_comment_comes_after() -> None:
    open_states = set(AlarmState) - {AlarmState.CLOSED}
    assert all(TABLE[state, AlarmEvent.CLOSED] is AlarmState.CLOSED for state in open_states)
    assert {event for state, event in TABLE if state is AlarmState.CLOSED} == {AlarmEvent.COMMENTED}


class Modelled:
    """What an alarm should be."""

    def __init__(self, raised_at_ms: int) -> None:
        self.state = AlarmState.OPEN
        self.level = 0
        self.repeats = 0
        self.raised_at_ms = raised_at_ms
        self.due_ms: int | None = raised_at_ms + STEPS_MIN[0] * 60_000
        self.events = ["raised"]

    def escalate(self, now_ms: int) -> None:
        self.state, self.level = AlarmState.ESCALATED, min(self.level + 1, MAX_LEVELS)
        self.due_ms = now_ms + STEPS_MIN[self.level] * 60_000 if self.level < len(STEPS_MIN) else None
        self.events.append("escalated")


class Life(RuleBasedStateMachine):
    """Rows come once or again, late or in time; people act; time passes; the centre restarts."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.now_ms = NOW_MS
        self.store = fresh_store(Path(self.folder.name) / "center.sqlite3")
        self.alarms: list[Modelled] = []
        self.last: dict[str, Modelled] = {}
        self.rows: set[tuple[str, int]] = set()
        self.acts = 0

    @initialize()
    def begin(self) -> None:
        with self.store.transaction() as session:
            session.add(RuleRecord(id=1, newest=1, on_version=1))
            session.flush()
            session.add(VersionRecord(rule_id=1, version=1, text=TEXT.model_dump_json(), at_ms=0, actor="operator"))
        self.start()

    def start(self) -> None:
        pushes = AlarmFan(HopHistograms(), self.clock)
        register = AlarmWriter(self.store, pushes, self.clock, notifies=False)
        self.desk = AlarmEvaluator(self.store, register, HopHistograms(), self.clock, late_after_ms=LATE_MS)
        self.desk.load()
        self.desk.watch([Rule(1, 1, TEXT)])
        self.care = AlarmHandling(self.store, Audit(self.store, self.clock), register, self.desk.closed)

    def clock(self) -> int:
        return self.now_ms

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    @rule(camera=st.sampled_from([CAMERA, "cam-2"]), age_s=st.sampled_from([0, 1, 59, 61, 4000]))
    def a_row_comes(self, camera: str, age_s: int) -> None:
        captured_at_ms = self.now_ms - age_s * 1000
        self.desk.observed([seen(machine(), camera=camera, at_ms=captured_at_ms)])
        if (camera, captured_at_ms) in self.rows:
            return
        self.rows.add((camera, captured_at_ms))
        if age_s * 1000 > LATE_MS:
            return
        last = self.last.get(camera)
        if last is not None and self.now_ms - last.raised_at_ms < WINDOW_S * 1000:
            last.repeats += 1
            return
        self.last[camera] = Modelled(self.now_ms)
        self.alarms.append(self.last[camera])

    @rule(seconds=st.sampled_from([1, 30, 61, 121, 181]))
    def time_passes(self, seconds: int) -> None:
        self.now_ms += seconds * 1000

    @rule()
    def nobody_acts(self) -> None:
        self.care.escalate_due()
        for alarm in self.alarms:
            waiting = alarm.state in {AlarmState.OPEN, AlarmState.ESCALATED}
            if waiting and alarm.due_ms is not None and alarm.due_ms <= self.now_ms:
                alarm.escalate(self.now_ms)
                self.acts += 1

    @precondition(lambda self: self.alarms)
    @rule(
        data=st.data(),
        event=st.sampled_from([AlarmEvent.ACKNOWLEDGED, AlarmEvent.COMMENTED, AlarmEvent.ESCALATED, AlarmEvent.CLOSED]),
    )
    def somebody_acts(self, data: st.DataObject, event: AlarmEvent) -> None:
        index = data.draw(st.integers(0, len(self.alarms) - 1))
        alarm = self.alarms[index]
        if alarm.state is AlarmState.CLOSED and event is not AlarmEvent.COMMENTED:
            allowed = False
        else:
            allowed = not (alarm.state is AlarmState.ACKNOWLEDGED and event is AlarmEvent.ACKNOWLEDGED)
        if not allowed:
            with pytest.raises(AlarmStateError):
                self.care.act(index + 1, event, actor="operator")
            return
        view = self.care.act(index + 1, event, actor="operator", comment="seen")
        self.acts += 1
        match event:
            case AlarmEvent.ESCALATED:
                alarm.escalate(self.now_ms)
            case AlarmEvent.ACKNOWLEDGED | AlarmEvent.CLOSED:
                alarm.state = AlarmState.ACKNOWLEDGED if event is AlarmEvent.ACKNOWLEDGED else AlarmState.CLOSED
                alarm.due_ms = None
                alarm.events.append(event.value)
            case _:
                alarm.events.append(event.value)
        assert view.state is alarm.state

    @rule()
    def the_centre_restarts(self) -> None:
        self.start()

    @rule()
    def an_alarm_that_is_none_is_unknown(self) -> None:
        with pytest.raises(UnknownAlarmError):
            self.care.act(len(self.alarms) + 1, AlarmEvent.COMMENTED, actor="operator")

    @invariant()
    def the_register_is_as_the_model(self) -> None:
        found = [self.care.alarm(number) for number in range(1, len(self.alarms) + 1)]
        assert [
            (each.alarm.state, each.alarm.level, each.alarm.repeats, each.alarm.escalates_at_ms) for each in found
        ] == [(alarm.state, alarm.level, alarm.repeats, alarm.due_ms) for alarm in self.alarms]
        assert [[event.event for event in each.events] for each in found] == [alarm.events for alarm in self.alarms]

    @invariant()
    def every_act_is_in_the_audit(self) -> None:
        if not self.alarms:
            return
        with self.store.transaction() as session:
            actions = session.scalars(select(AuditEntry.action)).all()
        assert len(actions) == self.acts
        assert all(action.startswith("alarm.") for action in actions)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=25, stateful_step_count=25)
