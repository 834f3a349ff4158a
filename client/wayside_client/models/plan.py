from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..models.plan_scope import PlanScope
from ..types import UNSET, Unset

T = TypeVar("T", bound="Plan")


@_attrs_define
class Plan:
    """Maintenance as a user enters it.

    Attributes:
        from_ms (int):
        reason (str):
        scope (PlanScope):
        agent_id (str | Unset):  Default: ''.
        camera_id (str | Unset):  Default: ''.
        district (str | Unset):  Default: ''.
        to_ms (int | None | Unset): None: open; `end` closes it.
    """

    from_ms: int
    reason: str
    scope: PlanScope
    agent_id: str | Unset = ""
    camera_id: str | Unset = ""
    district: str | Unset = ""
    to_ms: int | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from_ms = self.from_ms

        reason = self.reason

        scope = self.scope.value

        agent_id = self.agent_id

        camera_id = self.camera_id

        district = self.district

        to_ms: int | None | Unset
        if isinstance(self.to_ms, Unset):
            to_ms = UNSET
        else:
            to_ms = self.to_ms

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "from_ms": from_ms,
                "reason": reason,
                "scope": scope,
            }
        )
        if agent_id is not UNSET:
            field_dict["agent_id"] = agent_id
        if camera_id is not UNSET:
            field_dict["camera_id"] = camera_id
        if district is not UNSET:
            field_dict["district"] = district
        if to_ms is not UNSET:
            field_dict["to_ms"] = to_ms

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        from_ms = d.pop("from_ms")

        reason = d.pop("reason")

        scope = PlanScope(d.pop("scope"))

        agent_id = d.pop("agent_id", UNSET)

        camera_id = d.pop("camera_id", UNSET)

        district = d.pop("district", UNSET)

        def _parse_to_ms(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        to_ms = _parse_to_ms(d.pop("to_ms", UNSET))

        _made = class_(
            from_ms=from_ms,
            reason=reason,
            scope=scope,
            agent_id=agent_id,
            camera_id=camera_id,
            district=district,
            to_ms=to_ms,
        )

        return _made
