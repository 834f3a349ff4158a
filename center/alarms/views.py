"""Views of rules and alarms that leave the centre. No field holds a count of people, and none links two rows."""

from pydantic import BaseModel, ConfigDict, Field

from center.alarms.lifecycle import AlarmEvent, AlarmState, MatchOutcome
from center.alarms.rules.matching import RuleFinding
from center.alarms.rules.rule import RuleText, Severity
from center.alarms.tables import AlarmRecord
from provisioning.contracts.wire.messages import Box, CodedCause, MachineClass


class AlarmViewBase(BaseModel):
    """Base of the views of alarms, some of which are their records' attributes as they are."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class RuleFindingView(AlarmViewBase):
    """Reason for a match: a machine (box in pixels) and a line, zone or lane; or a fault and its cause."""

    where: str = ""
    cls: MachineClass | None = None
    score: float | None = None
    box: Box | None = None
    code: str = ""
    cause: str = ""
    reason: CodedCause | None = Field(default=None, exclude_if=lambda value: value is None)
    """The cause for the reader's language, where an agent coded it."""

    @classmethod
    def of(cls, finding: RuleFinding) -> "RuleFindingView":
        """Leaves out the machine's motion: its way is not kept."""
        machine = finding.machine
        return cls(
            where=finding.where,
            cls=machine and machine.cls,
            score=machine and machine.score,
            box=machine and machine.box,
            code=finding.code,
            cause=finding.cause,
            reason=finding.reason,
        )


class TimesView(AlarmViewBase):
    """Times at which the alarm's first match passed each hop; docs/alarms.md names the clock of each.

    None: not passed, or not known.
    """

    clock: str
    captured_at_ms: int | None
    selected_at_ms: int | None
    redacted_at_ms: int | None
    spooled_at_ms: int | None
    published_at_ms: int | None
    received_at_ms: int | None
    parsed_at_ms: int | None
    committed_at_ms: int | None
    heard_at_ms: int
    decided_at_ms: int
    stored_at_ms: int | None
    sent_at_ms: int | None


class AlarmView(AlarmViewBase):
    """One alarm as it stands."""

    id: int
    rule_id: int
    rule_version: int
    rule_name: str
    kind: str
    severity: Severity
    state: AlarmState
    level: int
    """0, and one more for each escalation."""
    quiet: bool
    """Raised in quiet hours."""
    agent_id: str
    camera_id: str
    """Both empty where no camera is concerned."""
    row_key: str | None
    finding: RuleFindingView
    repeats: int
    """Further matches in its window."""
    last_at_ms: int
    escalates_at_ms: int | None
    times: TimesView

    @classmethod
    def of(cls, record: AlarmRecord) -> "AlarmView":
        return cls(
            id=record.id,
            rule_id=record.rule_id,
            rule_version=record.rule_version,
            rule_name=record.rule_name,
            kind=record.kind,
            severity=Severity(record.severity),
            state=AlarmState(record.state),
            level=record.level,
            quiet=record.quiet,
            agent_id=record.agent_id,
            camera_id=record.camera_id,
            row_key=record.row_key,
            finding=RuleFindingView.model_validate_json(record.finding),
            repeats=record.repeats,
            last_at_ms=record.last_at_ms,
            escalates_at_ms=record.escalates_at_ms,
            times=TimesView(
                clock=record.clock,
                captured_at_ms=record.captured_at_ms,
                selected_at_ms=record.selected_at_ms,
                redacted_at_ms=record.redacted_at_ms,
                spooled_at_ms=record.spooled_at_ms,
                published_at_ms=record.published_at_ms,
                received_at_ms=record.received_at_ms,
                parsed_at_ms=record.parsed_at_ms,
                committed_at_ms=record.committed_at_ms,
                heard_at_ms=record.heard_at_ms,
                decided_at_ms=record.raised_at_ms,
                stored_at_ms=record.stored_at_ms,
                sent_at_ms=record.sent_at_ms,
            ),
        )


class AlarmEventView(AlarmViewBase):
    """Event in the history of an alarm."""

    id: int
    event: AlarmEvent
    at_ms: int
    actor: str
    level: int
    comment: str


class AlarmHistory(AlarmViewBase):
    """One alarm with all that happened to it, oldest first."""

    alarm: AlarmView
    events: tuple[AlarmEventView, ...]


class AlarmList(AlarmViewBase):
    """A page, newest first. `next_cursor` is opaque; None at the end."""

    items: tuple[AlarmView, ...]
    next_cursor: str | None


class AlarmPush(AlarmViewBase):
    """Message of the stream: an event, and the alarm as it stood when it was sent."""

    event: AlarmEventView
    alarm: AlarmView

    def stored(self, at_ms: int) -> "AlarmPush":
        """Returns a copy; if the event raised the alarm, with the time of its storage, which its row lacks."""
        if self.event.event is not AlarmEvent.RAISED:
            return self
        times = self.alarm.times.model_copy(update={"stored_at_ms": at_ms})
        return self.model_copy(update={"alarm": self.alarm.model_copy(update={"times": times})})


class LateView(AlarmViewBase):
    """A match that came too late to raise an alarm, or at a time that cannot be believed."""

    rule_id: int
    version: int
    outcome: MatchOutcome
    place: str
    captured_at_ms: int
    at_ms: int


class LateList(AlarmViewBase):
    """A page, newest first. `next_cursor` is opaque; None at the end."""

    items: tuple[LateView, ...]
    next_cursor: str | None


class NamedPlace(AlarmViewBase):
    """A zone or line of an agent's configuration that a rule names, at a camera."""

    camera: str
    """As `agent/camera`; empty: at any camera."""
    name: str


class PreviewView(AlarmViewBase):
    """Preview of a version: its matches in the 24 hours before."""

    rule_id: int
    version: int
    at_ms: int
    from_ms: int
    to_ms: int
    rows: int
    """Archived pictures of the rule's cameras that were read; 0 for a rule about faults, which are the present ones."""
    complete: bool
    """False: there were more pictures than a preview may read, and these are the newest."""
    matched: int
    alarms: int
    """Alarms that these matches would have raised, by the rule's window."""
    by_camera: dict[str, int]
    """Matches by place, of the places that have most."""
    examples: tuple[str, ...]
    """Keys of matched rows; none of crowding, which is linked to no picture."""
    too_broad: bool
    """True if it matches more than the share that a rule may: it cannot be switched on."""
    unseen: tuple[NamedPlace, ...] = ()
    """Zones and lines of the agents' configuration that no machine in the read pictures was in or crossed; they may be
    gone. Not known of lanes, which a picture names only where a machine goes against them."""
    silent: tuple[str, ...] = ()
    """Cameras of the rule of which no picture was read, as `agent/camera`; they may be gone. The first 50."""
    blank: bool = Field(default_factory=lambda told: told["rows"] == 0)
    """True if nothing was archived then. A preview stored before this field existed is blank if it has no rows."""


class RuleView(AlarmViewBase):
    """A rule: its newest version, and the version in force."""

    id: int
    version: int
    text: RuleText
    on_version: int | None
    retired: bool
    written_at_ms: int
    written_by: str
    preview: PreviewView | None
    """Preview of the newest version."""
    second_account: bool
    """True if a district of its cameras wants another account than `written_by` to switch the newest version on."""


class RuleList(AlarmViewBase):
    """A page, newest first. `next_cursor` is opaque; None at the end."""

    items: tuple[RuleView, ...]
    next_cursor: str | None


class TacticView(AlarmViewBase):
    """A rule's text that a district shares under a name."""

    id: int
    district_id: str
    name: str
    text: RuleText
    shared_at_ms: int
    shared_by: str


class RuleVersionView(AlarmViewBase):
    """One version of a rule."""

    version: int
    text: RuleText
    written_at_ms: int
    written_by: str
