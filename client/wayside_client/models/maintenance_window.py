from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.maintenance_window_scope import MaintenanceWindowScope

T = TypeVar("T", bound="MaintenanceWindow")


@_attrs_define
class MaintenanceWindow:
    """Maintenance as it is stored.

    Attributes:
        agent_id (str):
        camera_id (str):
        district (str):
        ended_by (str): User who gave it an end, or an earlier one.
        entered_at_ms (int):
        entered_by (str):
        from_ms (int):
        id (int):
        reason (str):
        retroactive (bool): True if it was entered later after its begin than `Settings.retroactive_h`.
        scope (MaintenanceWindowScope):
        to_ms (int | None):
        withdrawn_at_ms (int | None):
        withdrawn_by (str):
    """

    agent_id: str
    camera_id: str
    district: str
    ended_by: str
    entered_at_ms: int
    entered_by: str
    from_ms: int
    id: int
    reason: str
    retroactive: bool
    scope: MaintenanceWindowScope
    to_ms: int | None
    withdrawn_at_ms: int | None
    withdrawn_by: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        agent_id = self.agent_id

        camera_id = self.camera_id

        district = self.district

        ended_by = self.ended_by

        entered_at_ms = self.entered_at_ms

        entered_by = self.entered_by

        from_ms = self.from_ms

        id = self.id

        reason = self.reason

        retroactive = self.retroactive

        scope = self.scope.value

        to_ms: int | None
        to_ms = self.to_ms

        withdrawn_at_ms: int | None
        withdrawn_at_ms = self.withdrawn_at_ms

        withdrawn_by = self.withdrawn_by

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "agent_id": agent_id,
                "camera_id": camera_id,
                "district": district,
                "ended_by": ended_by,
                "entered_at_ms": entered_at_ms,
                "entered_by": entered_by,
                "from_ms": from_ms,
                "id": id,
                "reason": reason,
                "retroactive": retroactive,
                "scope": scope,
                "to_ms": to_ms,
                "withdrawn_at_ms": withdrawn_at_ms,
                "withdrawn_by": withdrawn_by,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        agent_id = d.pop("agent_id")

        camera_id = d.pop("camera_id")

        district = d.pop("district")

        ended_by = d.pop("ended_by")

        entered_at_ms = d.pop("entered_at_ms")

        entered_by = d.pop("entered_by")

        from_ms = d.pop("from_ms")

        id = d.pop("id")

        reason = d.pop("reason")

        retroactive = d.pop("retroactive")

        scope = MaintenanceWindowScope(d.pop("scope"))

        def _parse_to_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        to_ms = _parse_to_ms(d.pop("to_ms"))

        def _parse_withdrawn_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        withdrawn_at_ms = _parse_withdrawn_at_ms(d.pop("withdrawn_at_ms"))

        withdrawn_by = d.pop("withdrawn_by")

        _made = class_(
            agent_id=agent_id,
            camera_id=camera_id,
            district=district,
            ended_by=ended_by,
            entered_at_ms=entered_at_ms,
            entered_by=entered_by,
            from_ms=from_ms,
            id=id,
            reason=reason,
            retroactive=retroactive,
            scope=scope,
            to_ms=to_ms,
            withdrawn_at_ms=withdrawn_at_ms,
            withdrawn_by=withdrawn_by,
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
