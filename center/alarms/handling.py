"""Handles alarms: users acknowledge, comment, escalate and close them; those not acknowledged in time escalate."""

from collections.abc import Callable, Mapping

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from center.access.permissions import EVERYWHERE, Scope
from center.alarms.errors import UnknownAlarmError
from center.alarms.events import Sent
from center.alarms.lifecycle import WAITING, AlarmEvent, AlarmState, after
from center.alarms.rules.rule import MAX_LEVELS, RuleText, Severity
from center.alarms.tables import AlarmRecord, EventRecord, VersionRecord
from center.alarms.views import AlarmEventView, AlarmHistory, AlarmList, AlarmView
from center.alarms.visibility import in_sight, sees
from center.alarms.writer import ITSELF, AlarmWriter, Writing
from center.audit.log import Audit
from center.database.store import Store

AT_ONCE = 200
"""Alarms that escalate in one transaction."""
QUIET_RETRY_MS = 60_000


class AlarmHandling:
    """Handles the alarms of one centre. Blocks.

    Raises (all methods):
        StoreUnavailableError: nothing was done.
    """

    def __init__(
        self, store: Store, audit: Audit, register: AlarmWriter, closed: Callable[[AlarmRecord], None]
    ) -> None:
        """`closed` is called with each alarm that was closed."""
        self._store = store
        self._audit = audit
        self._register = register
        self._closed = closed

    def act(
        self, alarm_id: int, event: AlarmEvent, *, actor: str, comment: str = "", sight: Scope = EVERYWHERE
    ) -> AlarmView:
        """Acknowledges, comments, escalates or closes an alarm, as the table of states allows.

        Raises:
            UnknownAlarmError: no alarm of that number is in sight.
            AlarmStateError: the alarm's state does not allow `event`.
        """
        with self._register.writing() as writing:
            alarm = _alarm(writing.session, alarm_id, sight)
            self._step(writing, alarm, event, actor=actor, comment=comment)
            writing.session.flush()
            return AlarmView.of(alarm)

    def escalate_due(self) -> None:
        """Escalates alarms that were not acknowledged in time. In quiet hours they wait for the end of these."""
        with self._register.writing() as writing:
            due = writing.session.scalars(
                select(AlarmRecord)
                .where(AlarmRecord.state.in_(sorted(WAITING)), AlarmRecord.escalates_at_ms <= writing.now_ms)
                .order_by(AlarmRecord.escalates_at_ms)
                .limit(AT_ONCE)
            ).all()
            for alarm in due:
                if _text(writing, alarm).quiet.cover(writing.now_ms):
                    alarm.escalates_at_ms = writing.now_ms + QUIET_RETRY_MS
                else:
                    self._step(writing, alarm, AlarmEvent.ESCALATED, actor=ITSELF)

    def alarm(self, alarm_id: int, sight: Scope = EVERYWHERE) -> AlarmHistory:
        """Returns one alarm with its history.

        Raises:
            UnknownAlarmError: no alarm of that number is in sight.
        """
        with self._store.transaction() as session:
            alarm = _alarm(session, alarm_id, sight)
            events = session.scalars(
                select(EventRecord).where(EventRecord.alarm_id == alarm_id).order_by(EventRecord.id)
            )
            return AlarmHistory(
                alarm=AlarmView.of(alarm), events=tuple(AlarmEventView.model_validate(event) for event in events)
            )

    def alarms(
        self,
        *,
        states: tuple[AlarmState, ...] = (),
        rule_id: int | None = None,
        camera_id: str | None = None,
        before: int | None = None,
        limit: int = 50,
        sight: Scope = EVERYWHERE,
    ) -> AlarmList:
        """Returns a page of alarms, newest first; `before` is where the last page ended."""
        query = select(AlarmRecord).where(in_sight(sight)).order_by(AlarmRecord.id.desc()).limit(limit + 1)
        if states:
            query = query.where(AlarmRecord.state.in_(states))
        if rule_id is not None:
            query = query.where(AlarmRecord.rule_id == rule_id)
        if camera_id is not None:
            query = query.where(AlarmRecord.camera_id == camera_id)
        if before is not None:
            query = query.where(AlarmRecord.id < before)
        with self._store.transaction() as session:
            found = [AlarmView.of(alarm) for alarm in session.scalars(query)]
        page = tuple(found[:limit])
        return AlarmList(items=page, next_cursor=str(page[-1].id) if len(found) > limit else None)

    def waiting(self, sight: Scope = EVERYWHERE) -> dict[Severity, int]:
        """Counts open and escalated alarms by severity."""
        query = (
            select(AlarmRecord.severity, func.count())
            .where(in_sight(sight), AlarmRecord.state.in_(sorted(WAITING)))
            .group_by(AlarmRecord.severity)
        )
        with self._store.transaction() as session:
            found = {row.severity: int(row[1]) for row in session.execute(query)}
        return {severity: found.get(severity, 0) for severity in Severity}

    def sent(self, first_sent: Mapping[int, Sent]) -> None:
        """Writes down when alarms were stored and first sent to a page."""
        if not first_sent:
            return
        with self._store.transaction() as session:
            for alarm_id, times in first_sent.items():
                session.execute(
                    update(AlarmRecord)
                    .where(AlarmRecord.id == alarm_id, AlarmRecord.sent_at_ms.is_(None))
                    .values(times._asdict())
                )

    def _step(self, writing: Writing, alarm: AlarmRecord, event: AlarmEvent, *, actor: str, comment: str = "") -> None:
        alarm.state = after(AlarmState(alarm.state), event)
        match event:
            case AlarmEvent.ESCALATED:
                alarm.level = min(alarm.level + 1, MAX_LEVELS)
                steps = _text(writing, alarm).escalate_after_min
                left = steps[alarm.level : alarm.level + 1]
                alarm.escalates_at_ms = writing.now_ms + left[0] * 60_000 if left else None
                writing.notify(alarm)
            case AlarmEvent.ACKNOWLEDGED:
                alarm.escalates_at_ms = None
            case AlarmEvent.CLOSED:
                alarm.escalates_at_ms = None
                writing.afterwards.append(lambda: self._closed(alarm))
        writing.note(alarm, event, actor, comment)
        detail = {"alarm": alarm.id, "rule": alarm.rule_id, "version": alarm.rule_version, "level": alarm.level}
        self._audit.add(writing.session, actor, f"alarm.{event}", detail)


def _alarm(session: Session, alarm_id: int, sight: Scope) -> AlarmRecord:
    alarm = session.get(AlarmRecord, alarm_id)
    if alarm is None or not sees(sight, alarm.agent_id, alarm.camera_id):
        raise UnknownAlarmError(alarm_id=alarm_id)
    return alarm


def _text(writing: Writing, alarm: AlarmRecord) -> RuleText:
    record = writing.session.get_one(VersionRecord, (alarm.rule_id, alarm.rule_version))
    return RuleText.model_validate_json(record.text)
