"""Composes events from what the centre knows. Pure: the same facts always give the same event with the same id."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, get_args

from pydantic import TypeAdapter, ValidationError

from center.access.permissions import CameraKey
from center.alarms.views import AlarmPush, RuleFindingView
from center.assessment.report import Card, IndicatorFinding, Judged
from center.events_out.schema import (
    REMOVED,
    AlarmChange,
    AlarmChangedEvent,
    AlarmData,
    AlarmKind,
    AssessmentData,
    AssessmentEvent,
    CameraStateData,
    CameraStateEvent,
    Code,
    EventMachine,
    EventPart,
    IndicatorData,
    ObservationData,
    ObservationEvent,
    PeopleData,
    PeopleEvent,
)
from center.fleet.devices import CameraView
from center.notify.message import label_or
from provisioning.contracts.query.archive import Observation
from provisioning.contracts.query.zone_counts import ZoneBin

CENTRE: Final = "centre"
FLEET: Final = "fleet"
HIDDEN: Final = "-"
"""Stands for a name that looks like a plate or a number of a person."""


@dataclass(frozen=True, slots=True)
class EventComposer:
    """Composes the events of one centre. `source`: as configured."""

    source: str

    def observation(self, row: Observation, district: str) -> ObservationEvent:
        """Composes the event of an archived snapshot."""
        seen = row.snapshot
        data = ObservationData(
            row_key=seen.row_key,
            agent_id=seen.agent_id,
            camera_id=seen.camera_id,
            district=_named(district),
            captured_at_ms=seen.captured_at_ms,
            committed_at_ms=seen.committed_at_ms,
            clock=seen.clock,
            time_trusted=seen.time_trusted,
            width=seen.width,
            height=seen.height,
            machines=tuple(
                EventMachine(
                    cls=each.cls,
                    score=each.score,
                    box=each.box,
                    colour=each.colour,
                    heading_deg=each.heading_deg,
                    zones=tuple(label_or(zone, HIDDEN) for zone in each.zones),
                )
                for each in row.machines
            ),
            counts=dict(Counter(each.cls for each in row.machines)),
        )
        subject = f"{seen.agent_id}/{seen.camera_id}"
        return ObservationEvent(data=data, **self._attributes(seen.row_key, subject, seen.captured_at_ms))

    def people(self, camera: CameraKey, counted: ZoneBin, district: str) -> PeopleEvent:
        """Composes the event of one bin of five minutes."""
        data = PeopleData(
            agent_id=camera.agent_id,
            camera_id=camera.camera_id,
            district=_named(district),
            from_ms=counted.from_ms,
            pictures=counted.pictures,
            mean=counted.mean,
            most=counted.most,
        )
        subject = f"{camera.agent_id}/{camera.camera_id}"
        return PeopleEvent(
            data=data, **self._attributes(f"{subject}/people/{counted.from_ms}", subject, counted.from_ms)
        )

    def alarm(self, push: AlarmPush, district: str) -> AlarmChangedEvent | None:
        """Composes the event of an alarm's change; None for a comment, and for an alarm of a case."""
        alarm, event = push.alarm, push.event
        if event.event not in get_args(AlarmChange) or alarm.kind not in get_args(AlarmKind):
            return None
        data = AlarmData.model_validate(
            {
                **{name: getattr(alarm, name) for name in _OF_ALARM},
                "alarm_id": alarm.id,
                "change": event.event,
                "changed_at_ms": event.at_ms,
                "rule": label_or(alarm.rule_name, f"rule {alarm.rule_id}"),
                "district": _named(district),
                "where": _named(alarm.finding.where),
                "machine": _machine_of(alarm.finding),
                "fault": _coded(alarm.finding.code),
                "captured_at_ms": alarm.times.captured_at_ms,
                "raised_at_ms": alarm.times.decided_at_ms,
            }
        )
        subject = "/".join(filter(None, (alarm.agent_id, alarm.camera_id))) or CENTRE
        # The time tells apart two events to which a restored database gave one number.
        attributes = self._attributes(f"alarm-{alarm.id}-{event.id}-{event.at_ms}", subject, event.at_ms)
        return AlarmChangedEvent(data=data, **attributes)

    def camera_state(self, view: CameraView, district: str) -> CameraStateEvent:
        """Composes the event of a camera's state."""
        data = CameraStateData(
            agent_id=view.agent_id,
            camera_id=view.camera_id,
            name=label_or(view.title, view.camera_id),
            district=_named(district),
            state=view.state,
            code=_coded(view.code),
            since_ms=view.since_ms,
        )
        return self._state(data)

    def removed(self, camera: CameraKey, at_ms: int) -> CameraStateEvent:
        """Composes the event that a receiver is told nothing more of a camera."""
        data = CameraStateData(
            agent_id=camera.agent_id,
            camera_id=camera.camera_id,
            name="",
            district="",
            state=REMOVED,
            code="",
            since_ms=at_ms,
        )
        return self._state(data)

    def assessment(self, judged: Judged, districts: frozenset[str] | None) -> Iterator[AssessmentEvent]:
        """Composes the events of a closed month, for the cameras of `districts`; None: for all, and the fleet."""
        report, version = judged.report, judged.version
        if version is None:
            return
        found = [(FLEET, _card(report.fleet, "fleet", ""))] if districts is None else []
        for card in report.districts:
            if _is_of(card.name, districts):
                subject = f"district/{hashlib.sha256(card.name.encode()).hexdigest()[:16]}"
                found.append((subject, _card(card, "district", card.name)))
        for card in report.cameras:
            profile = card.profile
            if profile is not None and _is_of(profile.district, districts):
                subject = f"{profile.agent_id}/{profile.camera_id}"
                found.append((subject, _card(card, "camera", profile.district)))
        for subject, values in found:
            data = AssessmentData(month=report.period.text, version=version.number, **values)
            name = f"{data.month}/v{data.version}/{subject}"
            yield AssessmentEvent(data=data, **self._attributes(name, subject, version.at_ms))

    def _state(self, data: CameraStateData) -> CameraStateEvent:
        subject = f"{data.agent_id}/{data.camera_id}"
        return CameraStateEvent(
            data=data, **self._attributes(f"{subject}/state/{data.since_ms}/{_digest(data)}", subject, data.since_ms)
        )

    def _attributes(self, name: str, subject: str, at_ms: int) -> dict[str, Any]:
        time = f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03}Z"
        return {"id": name, "source": self.source, "subject": subject, "partitionkey": subject, "time": time}


_OF_ALARM: Final = (
    "rule_id", "rule_version", "kind", "severity", "state", "level", "quiet", "agent_id", "camera_id", "row_key",
    "repeats", "last_at_ms",
)  # fmt: skip
"""Fields that the alarm itself has."""
_CODE: Final[TypeAdapter[str]] = TypeAdapter(Code)


def _named(text: str) -> str:
    return label_or(text, HIDDEN) if text else ""


def _machine_of(finding: RuleFindingView) -> EventMachine | None:
    if finding.cls is None or finding.score is None or finding.box is None:
        return None
    return EventMachine(cls=finding.cls, score=finding.score, box=finding.box)


def _is_of(district: str, districts: frozenset[str] | None) -> bool:
    return districts is None or district in districts


def _card(card: Card, scope: str, district: str) -> dict[str, Any]:
    profile = card.profile
    return {
        "scope": scope,
        "district": _named(district),
        "agent_id": "" if profile is None else profile.agent_id,
        "camera_id": "" if profile is None else profile.camera_id,
        "cameras": card.cameras,
        "score": None if card.score is None else round(card.score, 2),
        "indicators": tuple(map(_indicator, card.findings.values())),
    }


def _indicator(finding: IndicatorFinding) -> IndicatorData:
    tally = finding.tally
    return IndicatorData(
        indicator=finding.indicator,
        verdict=finding.verdict,
        rate=None if tally.rate is None else round(100 * tally.rate, 2),
        good=tally.good,
        bad=tally.bad,
        unknown=tally.unknown,
        excused=tally.excused,
        cause=_coded(finding.cause),
    )


def _coded(word: str) -> str:
    """Returns a word of the manuals; empty for anything else that a newer agent may send."""
    try:
        return _CODE.validate_python(word)
    except ValidationError:
        return ""


def _digest(data: EventPart) -> str:
    return hashlib.sha256(data.model_dump_json().encode()).hexdigest()[:16]
