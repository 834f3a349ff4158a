from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.cause_kind import CauseKind
from ..models.device_state import DeviceState
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.coded_cause import CodedCause


T = TypeVar("T", bound="PlacedCameraView")


@_attrs_define
class PlacedCameraView:
    """A camera with its position (`CameraPositions`).

    Attributes:
        agent_id (str):
        camera_id (str):
        cause (str):
        cause_kind (CauseKind): Origin of a cause's text.
        code (str): The agent's cause in one word (docs/health.md); empty where the cause is not the agent's.
        heard_at_ms (int):
        latitude (float | None):
        longitude (float | None):
        name (str):
        since_ms (int): Time at which this state began.
        state (DeviceState): State of a camera: as its agent reported it, or the reason that the report does not hold.
        bearing_deg (float | None | Unset): Compass direction in which the camera looks, degrees clockwise from north;
            None: not entered.
        has_recorder (bool | Unset): True if its agent can fetch spans of its recordings. Default: False.
        reason (CodedCause | None | Unset): The agent's cause for the reader's language; None where it is not the
            agent's, or from an older agent.
    """

    agent_id: str
    camera_id: str
    cause: str
    cause_kind: CauseKind
    code: str
    heard_at_ms: int
    latitude: float | None
    longitude: float | None
    name: str
    since_ms: int
    state: DeviceState
    bearing_deg: float | None | Unset = UNSET
    has_recorder: bool | Unset = False
    reason: CodedCause | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.coded_cause import CodedCause

        agent_id = self.agent_id

        camera_id = self.camera_id

        cause = self.cause

        cause_kind = self.cause_kind.value

        code = self.code

        heard_at_ms = self.heard_at_ms

        latitude: float | None
        latitude = self.latitude

        longitude: float | None
        longitude = self.longitude

        name = self.name

        since_ms = self.since_ms

        state = self.state.value

        bearing_deg: float | None | Unset
        if isinstance(self.bearing_deg, Unset):
            bearing_deg = UNSET
        else:
            bearing_deg = self.bearing_deg

        has_recorder = self.has_recorder

        reason: dict[str, Any] | None | Unset
        if isinstance(self.reason, Unset):
            reason = UNSET
        elif isinstance(self.reason, CodedCause):
            reason = self.reason.to_dict()
        else:
            reason = self.reason

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "agent_id": agent_id,
                "camera_id": camera_id,
                "cause": cause,
                "cause_kind": cause_kind,
                "code": code,
                "heard_at_ms": heard_at_ms,
                "latitude": latitude,
                "longitude": longitude,
                "name": name,
                "since_ms": since_ms,
                "state": state,
            }
        )
        if bearing_deg is not UNSET:
            field_dict["bearing_deg"] = bearing_deg
        if has_recorder is not UNSET:
            field_dict["has_recorder"] = has_recorder
        if reason is not UNSET:
            field_dict["reason"] = reason

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.coded_cause import CodedCause

        d = dict(src_dict)
        agent_id = d.pop("agent_id")

        camera_id = d.pop("camera_id")

        cause = d.pop("cause")

        cause_kind = CauseKind(d.pop("cause_kind"))

        code = d.pop("code")

        heard_at_ms = d.pop("heard_at_ms")

        def _parse_latitude(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        latitude = _parse_latitude(d.pop("latitude"))

        def _parse_longitude(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        longitude = _parse_longitude(d.pop("longitude"))

        name = d.pop("name")

        since_ms = d.pop("since_ms")

        state = DeviceState(d.pop("state"))

        def _parse_bearing_deg(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        bearing_deg = _parse_bearing_deg(d.pop("bearing_deg", UNSET))

        has_recorder = d.pop("has_recorder", UNSET)

        def _parse_reason(data: object) -> CodedCause | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                reason_type_0 = CodedCause.from_dict(data)

                return reason_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(CodedCause | None | Unset, data)

        reason = _parse_reason(d.pop("reason", UNSET))

        _made = class_(
            agent_id=agent_id,
            camera_id=camera_id,
            cause=cause,
            cause_kind=cause_kind,
            code=code,
            heard_at_ms=heard_at_ms,
            latitude=latitude,
            longitude=longitude,
            name=name,
            since_ms=since_ms,
            state=state,
            bearing_deg=bearing_deg,
            has_recorder=has_recorder,
            reason=reason,
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
