from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.maintenance_state import MaintenanceState

T = TypeVar("T", bound="OrderView")


@_attrs_define
class OrderView:
    """One order as it stands.

    Attributes:
        agent_id (str):
        assignee (str):
        camera_id (str): Both empty where no camera or agent is concerned.
        camera_name (str):
        cause (str):
        district (str):
        due_at_ms (int | None): Earliest end of a clock that runs; null: none does.
        ended_at_ms (int | None):
        fault (str): State of the camera or name of the part that the fault is of; `hand`: entered by a user.
        id (int):
        is_key (bool):
        maintainer (str):
        needs_confirmation (bool):
        opened_at_ms (int):
        overdue (bool): True if a clock that runs is past its end.
        rule_id (int | None): Rule that named the fault; null: entered by a user.
        state (MaintenanceState):
        waiting (bool): True while the clocks stop for the owner.
    """

    agent_id: str
    assignee: str
    camera_id: str
    camera_name: str
    cause: str
    district: str
    due_at_ms: int | None
    ended_at_ms: int | None
    fault: str
    id: int
    is_key: bool
    maintainer: str
    needs_confirmation: bool
    opened_at_ms: int
    overdue: bool
    rule_id: int | None
    state: MaintenanceState
    waiting: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        agent_id = self.agent_id

        assignee = self.assignee

        camera_id = self.camera_id

        camera_name = self.camera_name

        cause = self.cause

        district = self.district

        due_at_ms: int | None
        due_at_ms = self.due_at_ms

        ended_at_ms: int | None
        ended_at_ms = self.ended_at_ms

        fault = self.fault

        id = self.id

        is_key = self.is_key

        maintainer = self.maintainer

        needs_confirmation = self.needs_confirmation

        opened_at_ms = self.opened_at_ms

        overdue = self.overdue

        rule_id: int | None
        rule_id = self.rule_id

        state = self.state.value

        waiting = self.waiting

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "agent_id": agent_id,
                "assignee": assignee,
                "camera_id": camera_id,
                "camera_name": camera_name,
                "cause": cause,
                "district": district,
                "due_at_ms": due_at_ms,
                "ended_at_ms": ended_at_ms,
                "fault": fault,
                "id": id,
                "is_key": is_key,
                "maintainer": maintainer,
                "needs_confirmation": needs_confirmation,
                "opened_at_ms": opened_at_ms,
                "overdue": overdue,
                "rule_id": rule_id,
                "state": state,
                "waiting": waiting,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        agent_id = d.pop("agent_id")

        assignee = d.pop("assignee")

        camera_id = d.pop("camera_id")

        camera_name = d.pop("camera_name")

        cause = d.pop("cause")

        district = d.pop("district")

        def _parse_due_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        due_at_ms = _parse_due_at_ms(d.pop("due_at_ms"))

        def _parse_ended_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        ended_at_ms = _parse_ended_at_ms(d.pop("ended_at_ms"))

        fault = d.pop("fault")

        id = d.pop("id")

        is_key = d.pop("is_key")

        maintainer = d.pop("maintainer")

        needs_confirmation = d.pop("needs_confirmation")

        opened_at_ms = d.pop("opened_at_ms")

        overdue = d.pop("overdue")

        def _parse_rule_id(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        rule_id = _parse_rule_id(d.pop("rule_id"))

        state = MaintenanceState(d.pop("state"))

        waiting = d.pop("waiting")

        _made = class_(
            agent_id=agent_id,
            assignee=assignee,
            camera_id=camera_id,
            camera_name=camera_name,
            cause=cause,
            district=district,
            due_at_ms=due_at_ms,
            ended_at_ms=ended_at_ms,
            fault=fault,
            id=id,
            is_key=is_key,
            maintainer=maintainer,
            needs_confirmation=needs_confirmation,
            opened_at_ms=opened_at_ms,
            overdue=overdue,
            rule_id=rule_id,
            state=state,
            waiting=waiting,
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
