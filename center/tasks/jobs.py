"""Orders jobs of agents (a span of a recorder, a live stream more often) and follows each to its end.

A job and every order about it is in the database and the audit before anything is sent. What its agent does not answer
is sent again, under a new number, until the agent answers, the job lapses, or a user cancels it: an agent may be away
for hours, and a command lives for two minutes. One order at a time is under way to an agent: each gets its answer.
"""

import asyncio
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from center.access.permissions import Access, CameraKey, Identity, Permission, Scope
from center.audit.log import Audit, locked
from center.background import Periodic
from center.clock import NowMs
from center.database.store import Store
from center.errors import UnknownCameraError
from center.fleet.devices import Devices, DeviceState
from center.tasks.errors import (
    JobStateError,
    LiveTooLongError,
    NoLiveStreamError,
    NoRecorderError,
    SpanAheadError,
    SpanTooLongError,
    TooManyJobsError,
    UnknownJobError,
)
from center.tasks.job_views import ENDED, PHASES, JobHold, JobList, JobOrderView, JobView, TaskJobPhase
from center.tasks.sender import CommandSender
from center.tasks.tables import JobRecord
from center.tasks.views import OrderState, has_live_stream
from provisioning.contracts.causes.catalogue import english
from provisioning.contracts.fleet.commands import (
    LIFE_MS,
    MAX_LIVE_MS,
    MAX_OPEN_JOBS,
    MAX_SPAN_MS,
    CommandWord,
    JobState,
    LiveWork,
    Priority,
    SpanWork,
    TaskCommand,
    TaskReport,
    Verb,
    Work,
)
from provisioning.contracts.fleet.documents import Power
from provisioning.contracts.wire.messages import CameraStatus

FOLLOW_S: Final = 1.0
HOUR_MS: Final = 3_600_000
LAPSES_MS: Final = 7 * 86_400_000
"""Milliseconds for which a span that no agent took is sent again."""
LISTED: Final = 200
"""Ended jobs of one list."""
MOST_KEPT: Final = 10_000
"""Ended jobs that stay in the database, the newest ones."""
ITSELF: Final = "(tasks)"
"""Actor of what the centre does by itself: no account can have this name."""
_WORK: Final[TypeAdapter[Work]] = TypeAdapter(Work)
_ACTS: Final = {
    Verb.PAUSE: frozenset({TaskJobPhase.WAITING, TaskJobPhase.RUNNING}),
    Verb.RESUME: frozenset({TaskJobPhase.PAUSED}),
    Verb.PRIORITY: frozenset({TaskJobPhase.WAITING, TaskJobPhase.RUNNING, TaskJobPhase.PAUSED}),
    Verb.CANCEL: frozenset(TaskJobPhase) - ENDED,
}
"""Phases in which a job may get each order."""
CaseCheck = Callable[[Session, str], bool]
"""Returns true while a case, by its number, is approved."""


@dataclass(frozen=True, slots=True)
class JobRequest:
    """Work at one or several cameras, with its purpose and perhaps its case."""

    cameras: tuple[CameraKey, ...]
    work: Work
    purpose: str
    case: str | None = None


class TaskJobs:
    """Orders jobs and follows them. Blocks: call it from a worker thread.

    Raises (all methods):
        StoreUnavailableError: the database does not work.
    """

    def __init__(self, store: Store, audit: Audit, devices: Devices, sender: CommandSender, now_ms: NowMs) -> None:
        self._store = store
        self._audit = audit
        self._devices = devices
        self.sender = sender
        self._now_ms = now_ms
        self._in_force: CaseCheck = lambda _session, _number: False
        self._following = threading.Lock()
        self.loop = Periodic("the sending of tasks", FOLLOW_S, self._turn)

    def bound_by(self, in_force: CaseCheck) -> None:
        """Sets the check of cases. Jobs of a case that is not approved any more are cancelled."""
        self._in_force = in_force

    def begin(self, request: JobRequest, *, asker: Identity, sight: Scope, session: Session) -> tuple[str, ...]:
        """Stores one job a camera and its audit entry in the caller's transaction; `follow` sends them after it.

        Returns the ids. None is begun if one cannot be.

        Raises:
            UnknownCameraError: no such camera in sight.
            TasksOffError, StartNotAuthorisedError: the order cannot be signed.
            NoRecorderError, SpanAheadError, SpanTooLongError: the span cannot be fetched.
            NoLiveStreamError, LiveTooLongError: the live stream cannot be analysed more often.
            TooManyJobsError: an agent has as many jobs as it takes.
        """
        now_ms = self._now_ms()
        statuses = self._devices.statuses()
        self.sender.check(Power.START)
        for camera in request.cameras:
            status = statuses.get(camera)
            if status is None or not sight.holds(*camera):
                raise UnknownCameraError(agent_id=camera.agent_id, camera_id=camera.camera_id)
            _check_work(camera, status, request.work, now_ms)
        _check_room(session, request.cameras)
        lapses_at_ms = request.work.until_ms if isinstance(request.work, LiveWork) else now_ms + LAPSES_MS
        records = [
            JobRecord(
                id=secrets.token_hex(8),
                agent_id=camera.agent_id,
                camera_id=camera.camera_id,
                case_number=request.case,
                purpose=request.purpose,
                work=request.work.model_dump_json(),
                asker=asker.actor[:64],
                asked_at_ms=now_ms,
                lapses_at_ms=lapses_at_ms,
                phase=TaskJobPhase.ORDERED,
                reported="",
                ended_at_ms=None,
                verb=Verb.START,
                priority=None,
                actor=asker.actor[:64],
                ordered_at_ms=now_ms,
                sent_at_ms=None,
                number=0,
                answer="",
            )
            for camera in request.cameras
        ]
        session.add_all(records)
        for record in records:
            self._note(session, record, purpose=record.purpose, work=request.work.model_dump(mode="json"))
        _forget_oldest(session)
        return tuple(record.id for record in records)

    def begin_now(self, request: JobRequest, *, asker: Identity) -> JobList:
        """Stores jobs of no case, and sends the first order to each agent. A role in one case alone does not count.

        Raises:
            CenterError: see `begin`.
        """
        sight = asker.access.scope(Permission.TASK_START)
        with self._store.transaction() as session:
            locked(session)
            ids = self.begin(request, asker=asker, sight=sight, session=session)
        self.follow()
        return self._views(ids, asker.access)

    def order(self, job_id: str, verb: Verb, *, asker: Identity, priority: Priority | None = None) -> JobView:
        """Pauses, resumes, cancels or ranks a job. It is in the audit before it is sent.

        Raises:
            UnknownJobError: no such job that the user may steer, in the case that the job is of.
            JobStateError: its phase does not allow this.
            TasksOffError: the order cannot be signed.
        """
        with self._store.transaction() as session:
            locked(session)
            record = session.get(JobRecord, job_id)
            if record is None or not _may_steer(record, asker.access):
                raise UnknownJobError(job_id=job_id)
            self.sender.check(Power.CONTROL)
            if TaskJobPhase(record.phase) not in _ACTS.get(verb, ()):
                raise JobStateError
            self._order(session, record, verb, asker.actor, priority)
        self.follow()
        return self._views((job_id,), asker.access).items[0]

    def jobs(self, asker: Identity, sight: Scope) -> JobList:
        """Lists the jobs of cameras in sight: those that have not ended, and the newest of the others."""
        with self._store.transaction() as session:
            open_ = session.scalars(select(JobRecord).where(JobRecord.ended_at_ms.is_(None))).all()
            over = select(JobRecord).where(JobRecord.ended_at_ms.is_not(None)).order_by(JobRecord.asked_at_ms.desc())
            return self._list((*open_, *session.scalars(over.limit(LISTED))), asker.access, sight)

    def of_case(self, number: str, *, asker: Identity, sight: Scope) -> JobList:
        """Lists the jobs of one case, of cameras in sight."""
        with self._store.transaction() as session:
            found = session.scalars(select(JobRecord).where(JobRecord.case_number == number)).all()
            return self._list(found, asker.access, sight)

    def follow(self) -> None:
        """Stores what agents reported, ends what is over, and sends what waits."""
        with self._following:
            for command in self._follow():
                self.sender.send(command)

    async def _turn(self) -> None:
        await asyncio.to_thread(self.follow)

    def _follow(self) -> list[TaskCommand]:
        reports, now_ms = self._devices.tasks(), self._now_ms()
        with self._store.transaction() as session:
            if session.scalar(select(JobRecord.id).where(JobRecord.ended_at_ms.is_(None)).limit(1)) is None:
                return []
            locked(session)
            wanted = select(JobRecord).where(JobRecord.ended_at_ms.is_(None))
            records = session.scalars(wanted.order_by(JobRecord.ordered_at_ms, JobRecord.id)).all()
            for record in records:
                _take_report(record, reports.get(record.agent_id), now_ms)
                if record.ended_at_ms is None and record.verb != Verb.CANCEL and not self._is_allowed(session, record):
                    self._order(session, record, Verb.CANCEL, ITSELF, None)
            return self._due(session, [record for record in records if record.ended_at_ms is None], now_ms)

    def _is_allowed(self, session: Session, record: JobRecord) -> bool:
        return record.case_number is None or self._in_force(session, record.case_number)

    def _due(self, session: Session, records: Sequence[JobRecord], now_ms: int) -> list[TaskCommand]:
        """Makes the commands that are to be sent now, at most one to each agent."""
        if not self.sender.is_on:
            return []
        online = {agent.agent_id for agent in self._devices.agents() if agent.state is DeviceState.ONLINE}
        busy = {record.agent_id for record in records if _is_under_way(record, now_ms)}
        commands = []
        for record in records:
            if _is_settled(record) or record.agent_id in busy or record.agent_id not in online:
                continue
            busy.add(record.agent_id)
            record.number = self.sender.next_number(session, record.agent_id, now_ms)
            record.sent_at_ms = now_ms
            commands.append(_command(record, now_ms))
        return commands

    def _order(self, session: Session, record: JobRecord, verb: Verb, actor: str, priority: Priority | None) -> None:
        """Sets the newest order to a job. One that was never sent to its agent is cancelled at once."""
        was_sent = record.verb != Verb.START or record.sent_at_ms is not None
        record.verb, record.priority, record.actor = verb, priority, actor[:64]
        record.ordered_at_ms, record.sent_at_ms, record.answer = self._now_ms(), None, ""
        if verb is Verb.CANCEL and not was_sent:
            _end(record, TaskJobPhase.CANCELLED, self._now_ms())
        self._note(session, record)

    def _note(self, session: Session, record: JobRecord, **facts: object) -> None:
        """Writes the newest order to the audit: in a case as an act of that case."""
        about: dict[str, object] = {"job": record.id, "agent_id": record.agent_id, "camera_id": record.camera_id}
        if record.priority is not None:
            about["priority"] = record.priority
        if record.case_number is None:
            self._audit.add(session, record.actor, f"task.{record.verb}", about | facts)
            return
        about |= {"case": record.case_number, "purpose": record.purpose}
        self._audit.add(session, record.actor, f"case.task_{record.verb}", about | facts)

    def _views(self, ids: Sequence[str], access: Access) -> JobList:
        with self._store.transaction() as session:
            records = session.scalars(select(JobRecord).where(JobRecord.id.in_(ids))).all()
            return self._list(records, access, None)

    def _list(self, records: Sequence[JobRecord], access: Access, sight: Scope | None) -> JobList:
        """Shows records of cameras in sight; all of them if `sight` is None."""
        now_ms = self._now_ms()
        agents = {agent.agent_id: agent.state for agent in self._devices.agents()}
        names = {(each.agent_id, each.camera_id): each.name for each in self._devices.cameras()}
        seen = [each for each in records if sight is None or sight.holds(each.agent_id, each.camera_id)]
        views = [
            _view(
                record,
                access,
                name=names.get((record.agent_id, record.camera_id), ""),
                is_away=agents.get(record.agent_id) is not DeviceState.ONLINE,
                now_ms=now_ms,
            )
            for record in seen
        ]
        views.sort(key=lambda each: (each.phase.has_ended, -each.asked_at_ms, each.id))
        return JobList(items=tuple(views))


def _may_steer(record: JobRecord, access: Access) -> bool:
    sight = access.scope(Permission.TASK_STEER, case_id=record.case_number)
    return sight.holds(record.agent_id, record.camera_id)


def _check_work(camera: CameraKey, status: CameraStatus, work: Work, now_ms: int) -> None:
    about = {"agent_id": camera.agent_id, "camera_id": camera.camera_id}
    match work:
        case SpanWork(span=span):
            if not status.has_recorder:
                raise NoRecorderError(**about)
            if span.ended_at_ms > now_ms:
                raise SpanAheadError
            if span.ended_at_ms - span.started_at_ms > MAX_SPAN_MS:
                raise SpanTooLongError(hours=MAX_SPAN_MS // HOUR_MS)
        case LiveWork(until_ms=until_ms):
            if not has_live_stream(status):
                raise NoLiveStreamError(**about)
            if not now_ms < until_ms <= now_ms + MAX_LIVE_MS:
                raise LiveTooLongError(hours=MAX_LIVE_MS // HOUR_MS)


def _check_room(session: Session, cameras: Sequence[CameraKey]) -> None:
    for agent_id in sorted({camera.agent_id for camera in cameras}):
        open_ = select(func.count()).where(JobRecord.agent_id == agent_id, JobRecord.ended_at_ms.is_(None))
        count = (session.scalar(open_) or 0) + sum(camera.agent_id == agent_id for camera in cameras)
        if count > MAX_OPEN_JOBS:
            raise TooManyJobsError(agent_id=agent_id, count=count, limit=MAX_OPEN_JOBS)


def _forget_oldest(session: Session) -> None:
    ended = JobRecord.ended_at_ms.is_not(None)
    oldest = select(JobRecord.id).where(ended).order_by(JobRecord.asked_at_ms.desc()).offset(MOST_KEPT)
    session.execute(delete(JobRecord).where(JobRecord.id.in_(oldest)))


def _take_report(record: JobRecord, report: TaskReport | None, now_ms: int) -> None:
    """Takes what the agent reported of a job: its state, and the answer to its newest order."""
    word = None if report is None else report.word
    if word is not None and word.number == record.number and not _is_settled(record) and record.sent_at_ms is not None:
        record.answer = word.model_dump_json()
    state = None if report is None else report.jobs.get(record.id)
    if state is not None:
        record.reported, record.phase = state.model_dump_json(), PHASES[state.phase]
        if state.phase.has_ended:
            record.ended_at_ms = state.ended_at_ms or now_ms
    elif report is not None and record.reported:
        _end(record, TaskJobPhase.LOST, now_ms)
    elif record.answer or (not record.reported and now_ms >= record.lapses_at_ms):
        over = TaskJobPhase.REFUSED if record.answer else TaskJobPhase.LAPSED
        _end(record, TaskJobPhase.CANCELLED if record.verb == Verb.CANCEL else over, now_ms)


def _end(record: JobRecord, phase: TaskJobPhase, now_ms: int) -> None:
    record.phase, record.ended_at_ms = phase, now_ms


def _is_settled(record: JobRecord) -> bool:
    """True if the agent has answered the newest order, or reports the job that it was to begin."""
    return record.answer != "" or (record.verb == Verb.START and record.reported != "")


def _is_under_way(record: JobRecord, now_ms: int) -> bool:
    """True while the newest order was sent, is not answered, and may still arrive."""
    return not _is_settled(record) and record.sent_at_ms is not None and now_ms < record.sent_at_ms + LIFE_MS


def _command(record: JobRecord, now_ms: int) -> TaskCommand:
    verb = Verb(record.verb)
    return TaskCommand(
        agent_id=record.agent_id,
        camera_id=record.camera_id,
        number=record.number,
        issued_at_ms=now_ms,
        expires_at_ms=now_ms + LIFE_MS,
        verb=verb,
        priority=_priority(record),
        job=record.id,
        work=_WORK.validate_json(record.work) if verb is Verb.START else None,
    )


def _priority(record: JobRecord) -> Priority | None:
    return None if record.priority is None else Priority(record.priority)


def _view(record: JobRecord, access: Access, *, name: str, is_away: bool, now_ms: int) -> JobView:
    state = JobState.model_validate_json(record.reported) if record.reported else None
    order = _order_view(record, is_away=is_away, now_ms=now_ms)
    number = record.case_number
    is_open = number is None or access.scope(Permission.CASE_VIEW, case_id=number).holds(
        record.agent_id, record.camera_id
    )
    reason = order.reason if state is None else state.reason
    return JobView(
        id=record.id,
        agent_id=record.agent_id,
        camera_id=record.camera_id,
        name=name,
        work=_WORK.validate_json(record.work),
        phase=TaskJobPhase(record.phase),
        share=None if state is None else state.share_done(now_ms),
        reached_ms=state and state.reached_ms,
        pictures=0 if state is None else state.selected,
        spooled=0 if state is None else state.spooled,
        dropped=0 if state is None else sum(state.dropped.values()),
        speed=state and state.speed,
        priority=Priority.NORMAL if state is None else state.priority,
        cause="" if reason is None else english(reason),
        reason=reason,
        order=order,
        in_case=number is not None,
        case=number if is_open else None,
        purpose=record.purpose if is_open else None,
        asked_by=record.asker,
        asked_at_ms=record.asked_at_ms,
        begun_at_ms=state and state.begun_at_ms,
        ended_at_ms=record.ended_at_ms,
    )


def _order_view(record: JobRecord, *, is_away: bool, now_ms: int) -> JobOrderView:
    word = CommandWord.model_validate_json(record.answer) if record.answer else None
    state, hold = OrderState.ASKED, None
    if word is not None:
        state = OrderState.TAKEN if word.taken else OrderState.REFUSED
    elif _is_settled(record):
        state = OrderState.TAKEN
    elif record.ended_at_ms is None and is_away:
        hold = JobHold.AGENT_AWAY
    elif record.sent_at_ms is not None and not _is_under_way(record, now_ms):
        state, hold = OrderState.UNANSWERED, JobHold.NO_ANSWER
    return JobOrderView(
        verb=Verb(record.verb),
        priority=_priority(record),
        by=record.actor,
        at_ms=record.ordered_at_ms,
        state=state,
        cause="" if word is None else word.cause,
        reason=word and word.reason,
        hold=hold,
    )
