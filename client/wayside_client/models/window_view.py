from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="WindowView")


@_attrs_define
class WindowView:
    """A camera and the time of footage to ask it for.

    Attributes:
        agent_id (str):
        because (list[str]): Row keys of the sightings next to it; an empty one is the theft.
        camera_id (str):
        distance_m (int):
        from_ms (int):
        latitude (float):
        longitude (float):
        to_ms (int):
    """

    agent_id: str
    because: list[str]
    camera_id: str
    distance_m: int
    from_ms: int
    latitude: float
    longitude: float
    to_ms: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        agent_id = self.agent_id

        because = self.because

        camera_id = self.camera_id

        distance_m = self.distance_m

        from_ms = self.from_ms

        latitude = self.latitude

        longitude = self.longitude

        to_ms = self.to_ms

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "agent_id": agent_id,
                "because": because,
                "camera_id": camera_id,
                "distance_m": distance_m,
                "from_ms": from_ms,
                "latitude": latitude,
                "longitude": longitude,
                "to_ms": to_ms,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        agent_id = d.pop("agent_id")

        because = cast(list[str], d.pop("because"))

        camera_id = d.pop("camera_id")

        distance_m = d.pop("distance_m")

        from_ms = d.pop("from_ms")

        latitude = d.pop("latitude")

        longitude = d.pop("longitude")

        to_ms = d.pop("to_ms")

        _made = class_(
            agent_id=agent_id,
            because=because,
            camera_id=camera_id,
            distance_m=distance_m,
            from_ms=from_ms,
            latitude=latitude,
            longitude=longitude,
            to_ms=to_ms,
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
