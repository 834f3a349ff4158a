from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="RegisterEntry")


@_attrs_define
class RegisterEntry:
    """One line of the register. A wrong code or place is kept as it is, for the assessment to find.

    Attributes:
        agent_id (str):
        camera_id (str):
        district (str | Unset):  Default: ''.
        gb_code (str | Unset):  Default: ''.
        latitude (float | None | Unset):
        longitude (float | None | Unset):
        name (str | Unset):  Default: ''.
    """

    agent_id: str
    camera_id: str
    district: str | Unset = ""
    gb_code: str | Unset = ""
    latitude: float | None | Unset = UNSET
    longitude: float | None | Unset = UNSET
    name: str | Unset = ""
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        agent_id = self.agent_id

        camera_id = self.camera_id

        district = self.district

        gb_code = self.gb_code

        latitude: float | None | Unset
        if isinstance(self.latitude, Unset):
            latitude = UNSET
        else:
            latitude = self.latitude

        longitude: float | None | Unset
        if isinstance(self.longitude, Unset):
            longitude = UNSET
        else:
            longitude = self.longitude

        name = self.name

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "agent_id": agent_id,
                "camera_id": camera_id,
            }
        )
        if district is not UNSET:
            field_dict["district"] = district
        if gb_code is not UNSET:
            field_dict["gb_code"] = gb_code
        if latitude is not UNSET:
            field_dict["latitude"] = latitude
        if longitude is not UNSET:
            field_dict["longitude"] = longitude
        if name is not UNSET:
            field_dict["name"] = name

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        agent_id = d.pop("agent_id")

        camera_id = d.pop("camera_id")

        district = d.pop("district", UNSET)

        gb_code = d.pop("gb_code", UNSET)

        def _parse_latitude(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        latitude = _parse_latitude(d.pop("latitude", UNSET))

        def _parse_longitude(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        longitude = _parse_longitude(d.pop("longitude", UNSET))

        name = d.pop("name", UNSET)

        _made = class_(
            agent_id=agent_id,
            camera_id=camera_id,
            district=district,
            gb_code=gb_code,
            latitude=latitude,
            longitude=longitude,
            name=name,
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
