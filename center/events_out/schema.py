"""Every event that may leave the centre, as types: a field that is not here cannot be sent.

Events are CloudEvents 1.0 in JSON (structured mode). No type has a place for a person, a picture, a vector, a plate or
free text (docs/boundary.md §18): names that users typed are `Label`, which refuses plates and numbers of people; people
are `PeopleData` alone, the bins that the API serves; the kinds of alarms leave out the one that belongs to a case.
`tests/…/test_schema.py` walks these types, and the published JSON Schema is made from them.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from center.alarms.lifecycle import AlarmState
from center.alarms.rules.rule import Severity
from center.assessment.indicators import Indicator, IndicatorVerdict
from center.fleet.devices import DeviceState
from center.notify.message import Label
from provisioning.contracts.ids import AGENT_PATTERN, AgentId, CameraId
from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.query.zone_counts import GRID_MS, MIN_PICTURES, GridMs
from provisioning.contracts.wire.messages import MAX_BOXES, Box, ClockQuality, Count, MachineClass, Share, TimeMs

CONTENT_TYPE: Final = "application/cloudevents+json; charset=utf-8"
"""Media type of every event, by which both protocol bindings tell structured mode."""
SCHEMA_ID: Final = "urn:wayside:events:1"
REMOVED: Final = "removed"
"""State of a camera of which a receiver is told nothing more."""
AlarmChange = Literal["raised", "acknowledged", "escalated", "closed"]
"""Changes of an alarm. A comment is words of a user: none leaves."""
AlarmKind = Literal[
    "zone_entry",
    "two_wheeler_on_motorway",
    "standing",
    "line_crossing",
    "wrong_way",
    "crowding",
    "camera_fault",
    "platform_fault",
    "composed",
]
"""Kinds of rules without `standing_lookalike`, whose alarms belong to a case."""
RowKey = Annotated[str, Field(pattern=rf"{AGENT_PATTERN[:-1]}:[0-9a-f]{{32}}$")]
Code = Annotated[str, Field(pattern=r"^([a-z][a-z0-9_+:]{0,63})?$")]
"""A word of the manuals, or empty."""
Named = Literal[""] | Label


class EventPart(BaseModel):
    """Base of everything in an event."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class EventMachine(EventPart):
    """A vehicle or two-wheeler; `box` is in pixels of its picture, which does not leave."""

    cls: MachineClass
    score: Share
    box: Box
    colour: MachineColour | None = None
    heading_deg: float | None = Field(default=None, ge=0, lt=360, allow_inf_nan=False)
    zones: tuple[Label, ...] = Field(default=(), max_length=16)


class ObservationData(EventPart):
    """An archived snapshot with its machines."""

    row_key: RowKey
    agent_id: AgentId
    camera_id: CameraId
    district: Named
    captured_at_ms: TimeMs
    committed_at_ms: TimeMs
    clock: ClockQuality
    time_trusted: bool
    width: Count
    height: Count
    machines: tuple[EventMachine, ...] = Field(max_length=MAX_BOXES)
    counts: dict[MachineClass, Count]
    """Machines by class; a class without one is left out."""


class PeopleData(EventPart):
    """Mean and maximum of the people in single pictures of one camera and five minutes, as the API serves them."""

    agent_id: AgentId
    camera_id: CameraId
    district: Named
    from_ms: GridMs
    length_ms: Literal[300_000] = GRID_MS
    pictures: int = Field(ge=MIN_PICTURES)
    mean: float = Field(ge=0, le=10_000, allow_inf_nan=False)
    most: int = Field(ge=0, le=10_000)


class AlarmData(EventPart):
    """A change of an alarm, and the alarm as it stood when the event was queued."""

    alarm_id: Count
    change: AlarmChange
    changed_at_ms: TimeMs
    rule_id: Count
    rule_version: Count
    rule: Label
    kind: AlarmKind
    severity: Severity
    state: AlarmState
    level: Count
    quiet: bool
    agent_id: Literal[""] | AgentId
    camera_id: Literal[""] | CameraId
    """Both empty: an alarm of the centre; the camera alone: of an agent."""
    district: Named
    row_key: RowKey | None
    where: Named
    """Line, zone or lane."""
    machine: EventMachine | None
    fault: Code
    """Code of a fault, as in the manuals of health and pipeline."""
    captured_at_ms: TimeMs | None
    raised_at_ms: TimeMs
    repeats: Count
    last_at_ms: TimeMs


class CameraStateData(EventPart):
    """State of a camera."""

    agent_id: AgentId
    camera_id: CameraId
    name: Named
    district: Named
    state: DeviceState | Literal["removed"]
    code: Code
    since_ms: TimeMs


class IndicatorData(EventPart):
    """Verdict on one indicator. `rate`: good of good and bad in per cent; null if neither is known."""

    indicator: Indicator
    verdict: IndicatorVerdict
    rate: float | None = Field(allow_inf_nan=False)
    good: Count
    bad: Count
    unknown: Count
    excused: Count
    cause: Code


class AssessmentData(EventPart):
    """The card of the fleet, a district or a camera in one version of a closed month."""

    month: str = Field(pattern=r"^\d{4}-\d{2}$")
    version: int = Field(ge=1)
    scope: Literal["fleet", "district", "camera"]
    district: Named
    agent_id: Literal[""] | AgentId
    camera_id: Literal[""] | CameraId
    cameras: Count
    score: float | None = Field(allow_inf_nan=False)
    indicators: tuple[IndicatorData, ...]


class Envelope(EventPart):
    """Attributes of CloudEvents 1.0. `source` and `id` together name an event: one that comes again has both again."""

    specversion: Literal["1.0"] = "1.0"
    id: str = Field(pattern=r"^[\x21-\x7e]{1,200}$")
    source: str = Field(pattern=r"^[A-Za-z0-9/:._~-]{1,200}$")
    subject: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}(/[A-Za-z0-9._-]{1,64})?$")
    """`AGENT/CAMERA`, `AGENT`, `centre`, `fleet` or `district/HASH`."""
    time: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$")
    datacontenttype: Literal["application/json"] = "application/json"
    partitionkey: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}(/[A-Za-z0-9._-]{1,64})?$")
    """The subject: events of one subject and type keep their order."""


class ObservationEvent(Envelope):
    type: Literal["wayside.observation.1"] = "wayside.observation.1"
    data: ObservationData


class PeopleEvent(Envelope):
    type: Literal["wayside.people.1"] = "wayside.people.1"
    data: PeopleData


class AlarmChangedEvent(Envelope):
    type: Literal["wayside.alarm.1"] = "wayside.alarm.1"
    data: AlarmData


class CameraStateEvent(Envelope):
    type: Literal["wayside.camera_state.1"] = "wayside.camera_state.1"
    data: CameraStateData


class AssessmentEvent(Envelope):
    type: Literal["wayside.assessment.1"] = "wayside.assessment.1"
    data: AssessmentData


Event = ObservationEvent | PeopleEvent | AlarmChangedEvent | CameraStateEvent | AssessmentEvent
EVENT: Final[TypeAdapter[Event]] = TypeAdapter(Annotated[Event, Field(discriminator="type")])


def json_schema() -> dict[str, Any]:
    """Makes the JSON Schema of an event, which docs/events.md links."""
    schema = EVENT.json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID, **schema}
