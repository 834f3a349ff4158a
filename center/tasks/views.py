"""Lists parse tasks (解析中心): what is parsed where, live or from recordings, its progress and its priority. Pure.

A task is a camera of an agent: its agent redacts and sends, the cluster parses. No queue of its own is kept here; all
comes from heartbeats, camera states and the intake.
"""

from collections.abc import Mapping
from enum import StrEnum

from center.access.permissions import Scope
from center.fleet.devices import CameraView, CauseKind, DeviceState
from center.pipeline.sample import Sample, SampleSpan, grown
from center.pipeline.verdict import ChainViewBase
from provisioning.contracts.fleet.commands import Priority, TaskReport, Verb
from provisioning.contracts.wire.messages import CameraStatus, CodedCause, Ledger, Recording, SourceKind

_OWN = frozenset({CauseKind.NONE, CauseKind.AGENT})
_STREAMS = frozenset({SourceKind.RTSP, SourceKind.GB28181})
OVER = "over"
"""An agent's code for a recording that was played to its end."""


class TaskKind(StrEnum):
    """Kind of source that a task's pictures come from."""

    LIVE = "live"
    RECORDING = "recording"
    """Fetched from a device's recordings, or played by the agent."""
    OFFLINE = "offline"
    """Files that users bring to a desk agent."""
    UNKNOWN = "unknown"
    """The agent is of an older version and does not report it."""


class TaskState(StrEnum):
    """State of a task."""

    RUNNING = "running"
    IDLE = "idle"
    """A desk that waits for a user to bring a file."""
    HELD = "held"
    """A recording that waits for room in the agent's spool."""
    PAUSED = "paused"
    DONE = "done"
    BROKEN = "broken"
    UNKNOWN = "unknown"


class Lane(StrEnum):
    """Lane of the intake in which a task's pictures wait."""

    LIVE = "live"
    BACKLOG = "backlog"
    """Backlog: after live pictures, but at least one in eight is let through."""


class RecordingProgress(ChainViewBase):
    """Progress of the recording that was brought last. Only the user who brings it knows its length."""

    started_at_ms: int
    position_ms: int | None
    """Position of the last analysed picture, from the recording's start; None before the first."""
    pictures: int
    end: str
    """Reason of its end (docs/desk.md); empty while it is under way."""


class OrderState(StrEnum):
    """State of an order."""

    ASKED = "asked"
    """Sent; the agent has not answered yet."""
    TAKEN = "taken"
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    """It has lapsed, and the agent never answered."""


class TaskOrderView(ChainViewBase):
    """The newest order to a task."""

    verb: Verb
    priority: Priority | None
    by: str
    at_ms: int
    state: OrderState
    cause: str
    """The agent's cause, where it refused."""
    reason: CodedCause | None = None
    """The same for the reader's language."""


class TaskView(ChainViewBase):
    """A parse task, its state and its figures."""

    agent_id: str
    camera_id: str
    name: str
    kind: TaskKind
    state: TaskState
    cause: str
    """Cause of the state, as the agent reports it."""
    lane: Lane | None
    selected_per_s: float | None
    archived_per_s: float | None
    waiting: int | None
    """Pictures selected and not archived yet: with the redactor, in the spool, or under way."""
    archived: int | None
    dropped: int | None
    progress: RecordingProgress | None
    priority: Priority | None
    """Priority among the tasks of its agent, as the agent reports it; None where it takes no orders."""
    asked: TaskOrderView | None
    code: str = ""
    """The cause in one word."""
    reason: CodedCause | None = None
    """The cause for the reader's language."""


class LaneView(ChainViewBase):
    """Count of pictures that wait in one lane of the intake."""

    lane: Lane
    waiting: int


class TaskList(ChainViewBase):
    """The tasks in sight. `lanes` and `at_work` (pictures by deployment) are None where the intake does not answer."""

    at_ms: int
    tasks: tuple[TaskView, ...]
    lanes: tuple[LaneView, ...] | None
    at_work: dict[str, int] | None
    parsers: int | None


def tasks(
    now: Sample,
    before: Sample | None,
    sight: Scope,
    reports: Mapping[str, TaskReport] | None = None,
    asked: Mapping[tuple[str, str], TaskOrderView] | None = None,
) -> TaskList:
    """Lists tasks: live ones first, then by agent and camera. `reports`: of agents by id; `asked`: newest orders."""
    span = SampleSpan(now, before)
    seen = [
        _ordered(_task(span, each), reports or {}, asked or {})
        for each in now.cameras
        if sight.holds(each.agent_id, each.camera_id)
    ]
    order = list(TaskKind)
    intake = now.intake
    parsers = None if now.answers is None else now.answers.parsers.value
    return TaskList(
        at_ms=now.at_ms,
        tasks=tuple(sorted(seen, key=lambda each: (order.index(each.kind), each.agent_id, each.camera_id))),
        lanes=None
        if intake is None
        else tuple(LaneView(lane=lane, waiting=intake.waiting.get(lane.value, 0)) for lane in Lane),
        at_work=None if intake is None else intake.at_work,
        parsers=None if parsers is None else len(parsers.parsers),
    )


def _ordered(
    task: TaskView, reports: Mapping[str, TaskReport], asked: Mapping[tuple[str, str], TaskOrderView]
) -> TaskView:
    """Adds the newest order and the agent's priority to a task that takes orders."""
    report = reports.get(task.agent_id)
    state = None if report is None else report.tasks.get(task.camera_id)
    if state is None:
        return task
    waits = state.paused and task.state in {TaskState.RUNNING, TaskState.IDLE, TaskState.HELD}
    return task.model_copy(
        update={
            "state": TaskState.PAUSED if waits else task.state,
            "priority": state.priority,
            "asked": asked.get((task.agent_id, task.camera_id)),
        }
    )


def _task(span: SampleSpan, camera: CameraView) -> TaskView:
    status = span.now.statuses.get((camera.agent_id, camera.camera_id))
    beat, before = span.heard().get(camera.agent_id, (None, None))
    ledger = None if beat is None else beat.cameras.get(camera.camera_id)
    old = None if before is None else before.cameras.get(camera.camera_id)
    recording = None if beat is None else beat.recordings.get(camera.camera_id)
    kind = task_kind(status)
    return TaskView(
        agent_id=camera.agent_id,
        camera_id=camera.camera_id,
        name=camera.name,
        kind=kind,
        state=_state(camera, kind, recording),
        cause=camera.cause if camera.cause_kind in _OWN else "",
        code=camera.code,
        reason=camera.reason,
        lane={TaskKind.LIVE: Lane.LIVE, TaskKind.UNKNOWN: None}.get(kind, Lane.BACKLOG),
        selected_per_s=_rate(span, ledger, old, "selected"),
        archived_per_s=_rate(span, ledger, old, "archived"),
        waiting=ledger and ledger.in_flight,
        archived=ledger and ledger.archived,
        dropped=None if ledger is None else sum(ledger.dropped.values()),
        progress=None
        if recording is None
        else RecordingProgress(
            started_at_ms=recording.started_at_ms,
            position_ms=None if recording.position_ms < 0 else recording.position_ms,
            pictures=recording.pictures,
            end=recording.end,
        ),
        priority=None,
        asked=None,
    )


def task_kind(status: CameraStatus | None) -> TaskKind:
    """Returns the kind of task by the way a camera's pictures come."""
    if status is None or status.source is None:
        return TaskKind.UNKNOWN
    if status.source is SourceKind.UPLOAD:
        return TaskKind.OFFLINE
    return TaskKind.RECORDING if status.recorded or status.source is SourceKind.REPLAY else TaskKind.LIVE


def has_live_stream(status: CameraStatus | None) -> bool:
    """True if a camera's agent fetches a live stream of it, which it can look at more often."""
    return status is not None and status.source in _STREAMS and not status.recorded


def _state(camera: CameraView, kind: TaskKind, recording: Recording | None) -> TaskState:
    if camera.cause_kind not in _OWN or camera.state in {DeviceState.UNKNOWN, DeviceState.REVOKED}:
        return TaskState.UNKNOWN
    if camera.state is DeviceState.PAUSED:
        return TaskState.PAUSED
    if camera.state is DeviceState.OFFLINE and camera.code == OVER:
        return TaskState.DONE
    if camera.state in {DeviceState.OFFLINE, DeviceState.REDACTION_UNAVAILABLE}:
        return TaskState.BROKEN
    if kind is TaskKind.OFFLINE:
        return _brought(recording)
    return TaskState.RUNNING


def _brought(recording: Recording | None) -> TaskState:
    match recording:
        case None:
            return TaskState.IDLE
        case Recording(end="complete"):
            return TaskState.DONE
        case Recording(end="paused"):
            return TaskState.PAUSED
        case Recording(end=""):
            return TaskState.HELD if recording.held else TaskState.RUNNING
        case _:
            return TaskState.BROKEN


def _rate(span: SampleSpan, now: Ledger | None, before: Ledger | None, count: str) -> float | None:
    if now is None or before is None:
        return None
    return span.rate(grown(getattr(now, count), getattr(before, count)))
