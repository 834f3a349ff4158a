"""Names states, classes and other values on the console's pages, with their colours."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from center.alarms.lifecycle import AlarmEvent, AlarmState
from center.alarms.rules.kinds import OrderUrgency
from center.alarms.rules.rule import Severity
from center.assessment.cause_words import CAUSES as CAUSE_WORDS
from center.cases.states import Act, CaseState
from center.console import verdicts
from center.console.language import Language
from center.console.widgets import moments
from center.errors import marked
from center.fleet.devices import AgentView, CameraView, CauseKind, DeviceState
from center.notify.fallback import NoticeStatus, Outage
from center.pipeline.causes import Fact, NamedCounts, OwnReason, ReportedCause, StageFinding
from center.pipeline.stages import Stage, StageState
from center.search.low_quality import QualityFault
from center.tasks.job_views import JobHold, TaskJobPhase
from center.tasks.views import Lane, OrderState, TaskKind, TaskState
from provisioning.contracts.causes.catalogue import words
from provisioning.contracts.fleet.commands import Priority, Verb
from provisioning.contracts.fleet.documents import Verdict
from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.wire.messages import Box, ClockQuality, CodedCause, Machine, MachineClass, PictureState

CLASSES: Final = {
    MachineClass.CAR: marked("Car"),
    MachineClass.BUS: marked("Bus"),
    MachineClass.TRUCK: marked("Truck"),
    MachineClass.BICYCLE: marked("Bicycle"),
    MachineClass.MOTORCYCLE: marked("Motorcycle"),
}
COLOURS: Final = {
    MachineColour.WHITE: marked("White"),
    MachineColour.GREY: marked("Grey or silver"),
    MachineColour.BLACK: marked("Black"),
    MachineColour.RED: marked("Red"),
    MachineColour.ORANGE: marked("Orange"),
    MachineColour.YELLOW: marked("Yellow"),
    MachineColour.GREEN: marked("Green"),
    MachineColour.BLUE: marked("Blue"),
    MachineColour.PURPLE: marked("Purple"),
    MachineColour.PINK: marked("Pink"),
    MachineColour.BROWN: marked("Brown"),
}
HEADINGS: Final = {
    0: marked("↑ away"),
    45: marked("↗ away, to the right"),
    90: marked("→ to the right"),
    135: marked("↘ closer, to the right"),
    180: marked("↓ closer"),
    225: marked("↙ closer, to the left"),
    270: marked("← to the left"),
    315: marked("↖ away, to the left"),
}
"""Names of headings, by degrees in the picture, as `Motion` has them."""
QUALITY_FAULTS: Final = {
    QualityFault.BLURRED: marked("Blurred"),
    QualityFault.EXPOSURE: marked("Too dark or too bright"),
    QualityFault.FLAT: marked("Very low contrast"),
}
DEVICE_STATES: Final = {
    DeviceState.STARTING: marked("Starting"),
    DeviceState.ONLINE: marked("Online"),
    DeviceState.OFFLINE: marked("Offline"),
    DeviceState.REDACTION_UNAVAILABLE: marked("Redaction unavailable"),
    DeviceState.PAUSED: marked("Paused"),
    DeviceState.UNKNOWN: marked("Unknown"),
    DeviceState.REVOKED: marked("Revoked"),
}
DEVICE_TONES: Final = {
    DeviceState.STARTING: "warn",
    DeviceState.ONLINE: "ok",
    DeviceState.OFFLINE: "bad",
    DeviceState.REDACTION_UNAVAILABLE: "bad",
    DeviceState.PAUSED: "warn",
    DeviceState.UNKNOWN: "off",
    DeviceState.REVOKED: "bad",
}
CLOCKS: Final = {
    ClockQuality.SYNCED: marked("Synchronised"),
    ClockQuality.ARRIVAL: marked("Arrival time at the agent"),
    ClockQuality.UNKNOWN: marked("Device clock, not verified"),
}
PICTURES: Final = {
    PictureState.KEPT: "",
    PictureState.WITHHELD: marked("Withheld by the agent: no part of this picture could be shown safely."),
    PictureState.LEAK: marked("Removed: the second check found an area that should have been covered."),
}
CAUSES: Final = {
    CauseKind.AGENT_SILENT: marked("Agent {agent_id} is not reporting. Check that its machine and network are up."),
    CauseKind.BROKER_AWAY: marked("The centre has no connection to the broker: state unknown."),
    CauseKind.AGENT_REVOKED: marked(
        "The certificate of agent {agent_id} was revoked at {time}: its messages are ignored. "
        "Take its box out of service, or enrol it again, starting with: wayside-provision agent "
        "new"
    ),
    CauseKind.AGENT_PENDING: marked("Agent {agent_id} has not enrolled yet. On its box run: wayside-edge enrol BUNDLE"),
}

SEVERITIES: Final = {
    Severity.INFO: marked("Information"),
    Severity.WARNING: marked("Warning"),
    Severity.CRITICAL: marked("Critical"),
}
OUTAGES: Final = {
    Outage.SUSPENDED: marked("Channel {channel} is suspended after complaints and sends nothing."),
    Outage.QUOTA_SPENT: marked("Channel {channel} has used its message parts of the month and sends nothing."),
    Outage.FAULT: marked("Channel {channel} has a fault and sends nothing."),
}
NOTICE_STATUSES: Final = {
    NoticeStatus.SENT: marked("Notice sent"),
    NoticeStatus.PENDING: marked("Sending notice"),
    NoticeStatus.UNSENT: marked("Notice not sent"),
}
ORDER_URGENCIES: Final = {
    OrderUrgency.ORDINARY: marked("Ordinary order"),
    OrderUrgency.KEY: marked("Key case"),
}
SEVERITY_TONES: Final = {Severity.INFO: "off", Severity.WARNING: "warn", Severity.CRITICAL: "bad"}
ALARM_STATES: Final = {
    AlarmState.OPEN: marked("Open"),
    AlarmState.ESCALATED: marked("Escalated"),
    AlarmState.ACKNOWLEDGED: marked("Acknowledged"),
    AlarmState.CLOSED: marked("Closed"),
}
ALARM_EVENTS: Final = {
    AlarmEvent.RAISED: marked("Raised"),
    AlarmEvent.COMMENTED: marked("Comment"),
    AlarmEvent.ACKNOWLEDGED: marked("Acknowledged"),
    AlarmEvent.ESCALATED: marked("Escalated"),
    AlarmEvent.CLOSED: marked("Closed"),
}
FAULTY_PARTS: Final = {
    "agent": marked("Agent not reporting"),
    "broker": marked("Broker fault"),
    "query": marked("Query fault"),
    "platforms": marked("Recorder or platform down"),
    "agents": marked("Agent fault"),
    "intake": marked("Intake fault"),
    "parse": marked("Parsing fault"),
    "archive": marked("Archive fault"),
    "storage": marked("Storage fault"),
    "notify": marked("Notification channel down"),
    "retention": marked("Retention waiting for confirmation"),
    "clock": marked("Time server or clock fault"),
    "sign_in": marked("Identity provider unavailable"),
    "mail": marked("Mail relay unavailable"),
    "sms": marked("SMS gateway unavailable"),
    "webhooks": marked("Webhook receiver unavailable"),
    "time_stamps": marked("Time-stamp certificate fault"),
    "superiors": marked("Superior platform fault"),
    "events": marked("Event receiver fault"),
}
CASE_STATES: Final = {
    CaseState.DRAFT: marked("Draft"),
    CaseState.REQUESTED: marked("Awaiting approval"),
    CaseState.APPROVED: marked("Approved"),
    CaseState.CLOSED: marked("Closed case"),
    CaseState.EXPIRED: marked("Expired"),
}
CASE_TONES: Final = {
    CaseState.DRAFT: "off",
    CaseState.REQUESTED: "warn",
    CaseState.APPROVED: "ok",
    CaseState.CLOSED: "off",
    CaseState.EXPIRED: "bad",
}
CASE_ACTS: Final = {
    Act.CREATE: marked("created"),
    Act.CHANGE: marked("changed"),
    Act.REQUEST: marked("approval requested"),
    Act.WITHDRAW: marked("request withdrawn"),
    Act.REFUSE: marked("rejected"),
    Act.APPROVE: marked("approved"),
    Act.REVISE: marked("returned to draft"),
    Act.CLOSE: marked("closed"),
    Act.EXPIRE: marked("expired"),
}
CASE_BUTTONS: Final = {
    Act.REQUEST: marked("Request approval"),
    Act.WITHDRAW: marked("Withdraw request"),
    Act.APPROVE: marked("Approve"),
    Act.REFUSE: marked("Reject"),
    Act.REVISE: marked("Return to draft"),
    Act.CLOSE: marked("Close case"),
}
STAGES: Final = {
    Stage.DEVICES: marked("Devices"),
    Stage.PLATFORMS: marked("Recorders and platforms"),
    Stage.AGENTS: marked("Agents"),
    Stage.BROKER: marked("Broker"),
    Stage.INTAKE: marked("Intake"),
    Stage.PARSE: marked("Parsing"),
    Stage.ARCHIVE: marked("Archive"),
    Stage.STORAGE: marked("Storage"),
    Stage.QUERY: marked("Query"),
    Stage.NOTIFY: marked("Notification"),
    Stage.CLOCK: marked("Time servers"),
    Stage.SIGN_IN: marked("Identity provider"),
    Stage.MAIL: marked("Mail relay"),
    Stage.SMS: marked("SMS gateway"),
    Stage.WEBHOOKS: marked("Webhook receivers"),
    Stage.TIME_STAMPS: marked("Time stamps"),
    Stage.SUPERIORS: marked("Superior platforms"),
    Stage.EVENTS: marked("Event receivers"),
}
STAGE_STATES: Final = {
    StageState.GREEN: marked("OK"),
    StageState.STARTING: marked("Starting"),
    StageState.AMBER: marked("Warning"),
    StageState.RED: marked("Fault"),
    StageState.UNKNOWN: marked("Unknown"),
}
STAGE_TONES: Final = {
    StageState.GREEN: "ok",
    StageState.STARTING: "warn",
    StageState.AMBER: "warn",
    StageState.RED: "bad",
    StageState.UNKNOWN: "off",
}
TASK_KINDS: Final = {
    TaskKind.LIVE: marked("Live"),
    TaskKind.RECORDING: marked("Recording"),
    TaskKind.OFFLINE: marked("Offline file"),
    TaskKind.UNKNOWN: marked("Not reported"),
}
TASK_STATES: Final = {
    TaskState.RUNNING: ("ok", marked("Running")),
    TaskState.IDLE: ("off", marked("Idle")),
    TaskState.HELD: ("warn", marked("Waiting for disk space")),
    TaskState.PAUSED: ("warn", marked("Paused")),
    TaskState.DONE: ("ok", marked("Completed")),
    TaskState.BROKEN: ("bad", marked("Aborted")),
    TaskState.UNKNOWN: ("off", marked("Unknown")),
}
ORDER_VERBS: Final = {
    Verb.PAUSE: marked("Pause"),
    Verb.RESUME: marked("Resume"),
    Verb.PRIORITY: marked("Priority"),
    Verb.START: marked("Start"),
    Verb.CANCEL: marked("Cancel"),
}
PRIORITIES: Final = {
    Priority.FIRST: marked("High"),
    Priority.NORMAL: marked("Normal"),
    Priority.LAST: marked("Low"),
}
ORDER_STATES: Final = {
    OrderState.ASKED: ("warn", marked("Requested")),
    OrderState.TAKEN: ("ok", marked("Confirmed")),
    OrderState.REFUSED: ("bad", marked("Rejected by agent")),
    OrderState.UNANSWERED: ("bad", marked("No response from agent")),
}
JOB_PHASES: Final = {
    TaskJobPhase.ORDERED: ("warn", marked("Waiting for agent")),
    TaskJobPhase.WAITING: ("warn", marked("Queued at agent")),
    TaskJobPhase.RUNNING: ("ok", marked("Running")),
    TaskJobPhase.PAUSED: ("warn", marked("Paused")),
    TaskJobPhase.DONE: ("ok", marked("Completed")),
    TaskJobPhase.FAILED: ("bad", marked("Aborted")),
    TaskJobPhase.CANCELLED: ("off", marked("Cancelled")),
    TaskJobPhase.REFUSED: ("bad", marked("Rejected by agent")),
    TaskJobPhase.LAPSED: ("bad", marked("Expired")),
    TaskJobPhase.LOST: ("bad", marked("No longer reported")),
}
JOB_ENDS: Final = {
    TaskJobPhase.LAPSED: marked("No agent took the task in time. Create it again once the agent is online."),
    TaskJobPhase.LOST: marked(
        "The agent had this task and reports it no more. Look for its pictures, or create the task again."
    ),
}
JOB_HOLDS: Final = {
    JobHold.AGENT_AWAY: marked("Agent {agent_id} is unreachable. The command is sent when it is back."),
    JobHold.NO_ANSWER: marked("Agent {agent_id} does not respond. The command is sent again every two minutes."),
}
LANES: Final = {
    Lane.LIVE: marked("Live lane"),
    Lane.BACKLOG: marked("Backlog lane"),
}
CONFIGURATION_VERDICTS: Final = {
    Verdict.TRYING: ("warn", marked("on trial")),
    Verdict.APPLIED: ("ok", marked("in use")),
    Verdict.ROLLED_BACK: ("bad", marked("rolled back")),
    Verdict.REFUSED: ("bad", marked("rejected")),
}
DROPS: Final = {
    "redaction_unavailable": marked("Redaction unavailable"),
    "redaction_timeout": marked("Redaction timed out"),
    "second_look": marked("Face found after covering"),
    "redactor_busy": marked("Redaction queue full"),
    "spool_full": marked("Spool full"),
    "spool_expired": marked("Too old in spool"),
    "disk_full": marked("Disk full"),
    "interrupted": marked("Agent stopped meanwhile"),
    "duplicate": marked("Duplicate"),
    "paused": marked("Paused"),
    "too_large": marked("Message too large"),
    "unsigned": marked("Could not be signed"),
    "malformed": marked("Malformed"),
    "unknown_version": marked("Unknown version"),
    "foreign_agent": marked("Sender is another agent"),
    "picture_mismatch": marked("Picture does not match"),
    "not_jpeg": marked("Not a JPEG"),
    "unprocessable": marked("Cannot be processed"),
    "drop_newest": marked("Queue full"),
    "acks_drop_newest": marked("Acknowledgement queue full"),
    "no_such_agent": marked("No such agent"),
}
"""Names of drops at agents and the intake, and of rejections (docs/runbook/losses.md)."""


def cause(device: CameraView | AgentView, _: Language) -> str:
    """Writes why a camera or an agent is in its state."""
    template = CAUSES.get(device.cause_kind)
    if template is None:
        return reported(device.code, device.reason, device.cause, _) if isinstance(device, CameraView) else device.cause
    time = "" if device.since_ms is None else moments.local(device.since_ms)
    return _(template).format(agent_id=device.agent_id, time=time)


def state_and_cause(device: CameraView | AgentView, _: Language) -> str:
    """Writes the state of a camera or an agent with its cause, if it has one."""
    why = cause(device, _)
    state = _(DEVICE_STATES[device.state])
    return f"{state} · {why}" if why else state


def reported(code: str, reason: CodedCause | None, text: str, _: Language) -> str:
    """Writes an agent's cause: a known word by its name, then the coded cause, or else the agent's text."""
    said = _said(reason, text, _)
    return f"{verdicts.cause(code, _)} · {said}" if said and code in CAUSE_WORDS else said


def summary(classes: Iterable[MachineClass], _: Language) -> str:
    """Writes counts of classes, `Bicycle ×2 · Car ×1`, the most frequent first."""
    counts = Counter(classes)
    return " · ".join(f"{_(CLASSES[cls])} ×{count}" for cls, count in counts.most_common())


def boxes(machines: Iterable[tuple[int | None, MachineClass, float, Box]], _: Language) -> list[dict[str, object]]:
    """Makes the boxes that `picture.js` draws. A machine with an index is numbered from 1, as its crop is."""
    return [
        {
            "box": [box.x0, box.y0, box.x1, box.y1],
            "tone": "two" if cls.is_two_wheeler else "four",
            "label": (f"{index + 1} " if index is not None else "") + f"{_(CLASSES[cls])} {score:.0%}",
        }
        for index, cls, score, box in machines
    ]


def edge_boxes(machines: Iterable[Machine], _: Language) -> list[dict[str, object]]:
    """Makes the boxes of a fresh *observed* hint."""
    return boxes(((None, machine.cls, machine.score, machine.box) for machine in machines), _)


def picture_alt(camera: str, at_ms: int, classes: Iterable[MachineClass], _: Language) -> str:
    """Describes the picture in words, for users who cannot see it."""
    what = summary(classes, _) or _("no vehicle")
    return _("Redacted picture of {camera} at {time}: {what}").format(
        camera=camera, time=moments.local(at_ms), what=what
    )


def finding_texts(finding: StageFinding, _: Language) -> tuple[str, str]:
    """Writes a finding's cause and remedy."""
    facts = {name: _fact(value, _) for name, value in finding.facts.items()}
    return _(finding.cause.message).format(**facts), _(finding.cause.remedy).format(**facts)


def _said(reason: CodedCause | None, text: str, _: Language) -> str:
    """Words a coded cause; the agent's own text is in English."""
    return text if _.locale is None else words(reason, _.code) or text


def _fact(value: Fact, _: Language) -> str | float:
    if isinstance(value, ReportedCause):
        return _said(value.reason, value.text, _) or ", ".join(_code(each, _) for each in value.codes)
    if isinstance(value, OwnReason):
        return _(value)
    if isinstance(value, NamedCounts):
        return ", ".join(f"{_drop(name, _)} {count}" for name, count in Counter(value.counts).most_common())
    return _(CONFIGURATION_VERDICTS[value][1]) if isinstance(value, Verdict) else value


def _drop(name: str, _: Language) -> str:
    """Writes a drop by its words, with the name under which the run-book has it."""
    return f"{_(DROPS[name])} ({name})" if name in DROPS else name


def _code(word: str, _: Language) -> str:
    """Writes a camera's cause in one word, or its state."""
    return _(DEVICE_STATES[DeviceState(word)]) if word in set(DeviceState) else verdicts.cause(word, _)


def number(value: float | None) -> str:
    """Writes a number with three significant digits, from 100 on without decimals; a dash for None."""
    if value is None:
        return "–"
    if isinstance(value, int) or value == 0 or value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}".rstrip("0").rstrip(".")


def lag(value: float | None) -> str:
    """Writes a delay in the unit that people read."""
    if value is None:
        return "–"
    return f"{value * 1000:.0f} ms" if value < 1 else f"{number(value)} s"
