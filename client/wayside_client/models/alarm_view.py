from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.alarm_state import AlarmState
from ..models.severity import Severity

if TYPE_CHECKING:
    from ..models.rule_finding_view import RuleFindingView
    from ..models.times_view import TimesView


T = TypeVar("T", bound="AlarmView")


@_attrs_define
class AlarmView:
    """One alarm as it stands.

    Attributes:
        agent_id (str):
        camera_id (str): Both empty where no camera is concerned.
        escalates_at_ms (int | None):
        finding (RuleFindingView): Reason for a match: a machine (box in pixels) and a line, zone or lane; or a fault
            and its cause.
        id (int):
        kind (str):
        last_at_ms (int):
        level (int): 0, and one more for each escalation.
        quiet (bool): Raised in quiet hours.
        repeats (int): Further matches in its window.
        row_key (None | str):
        rule_id (int):
        rule_name (str):
        rule_version (int):
        severity (Severity): Severity of a rule's alarms.
        state (AlarmState):
        times (TimesView): Times at which the alarm's first match passed each hop; docs/alarms.md names the clock of
            each.

            None: not passed, or not known.
    """

    agent_id: str
    camera_id: str
    escalates_at_ms: int | None
    finding: RuleFindingView
    id: int
    kind: str
    last_at_ms: int
    level: int
    quiet: bool
    repeats: int
    row_key: None | str
    rule_id: int
    rule_name: str
    rule_version: int
    severity: Severity
    state: AlarmState
    times: TimesView
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        agent_id = self.agent_id

        camera_id = self.camera_id

        escalates_at_ms: int | None
        escalates_at_ms = self.escalates_at_ms

        finding = self.finding.to_dict()

        id = self.id

        kind = self.kind

        last_at_ms = self.last_at_ms

        level = self.level

        quiet = self.quiet

        repeats = self.repeats

        row_key: None | str
        row_key = self.row_key

        rule_id = self.rule_id

        rule_name = self.rule_name

        rule_version = self.rule_version

        severity = self.severity.value

        state = self.state.value

        times = self.times.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "agent_id": agent_id,
                "camera_id": camera_id,
                "escalates_at_ms": escalates_at_ms,
                "finding": finding,
                "id": id,
                "kind": kind,
                "last_at_ms": last_at_ms,
                "level": level,
                "quiet": quiet,
                "repeats": repeats,
                "row_key": row_key,
                "rule_id": rule_id,
                "rule_name": rule_name,
                "rule_version": rule_version,
                "severity": severity,
                "state": state,
                "times": times,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.rule_finding_view import RuleFindingView
        from ..models.times_view import TimesView

        d = dict(src_dict)
        agent_id = d.pop("agent_id")

        camera_id = d.pop("camera_id")

        def _parse_escalates_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        escalates_at_ms = _parse_escalates_at_ms(d.pop("escalates_at_ms"))

        finding = RuleFindingView.from_dict(d.pop("finding"))

        id = d.pop("id")

        kind = d.pop("kind")

        last_at_ms = d.pop("last_at_ms")

        level = d.pop("level")

        quiet = d.pop("quiet")

        repeats = d.pop("repeats")

        def _parse_row_key(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        row_key = _parse_row_key(d.pop("row_key"))

        rule_id = d.pop("rule_id")

        rule_name = d.pop("rule_name")

        rule_version = d.pop("rule_version")

        severity = Severity(d.pop("severity"))

        state = AlarmState(d.pop("state"))

        times = TimesView.from_dict(d.pop("times"))

        _made = class_(
            agent_id=agent_id,
            camera_id=camera_id,
            escalates_at_ms=escalates_at_ms,
            finding=finding,
            id=id,
            kind=kind,
            last_at_ms=last_at_ms,
            level=level,
            quiet=quiet,
            repeats=repeats,
            row_key=row_key,
            rule_id=rule_id,
            rule_name=rule_name,
            rule_version=rule_version,
            severity=severity,
            state=state,
            times=times,
        )

        _made.additional_properties = d
        return _made

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
